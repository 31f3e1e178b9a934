//! What was taken from users lately, so that a token that was made before does not give it any
//! more; and which organizations they belong to now, whatever their tokens say.
//!
//! A token tells how many events its user had when it was made. Every host that serves the API
//! follows the log and keeps, for each user for whom this changed since, how many events it has
//! now. Who has a token that is older may do no more than the token says and the user still has,
//! where the user belongs now, which is read once. A token that was made before this host listened
//! is looked up once.

use std::{sync::Arc, time::Duration};

use application::{
    Call, Caller, Repository, Result,
    end_users::caller,
    ports::{Clock, EventLog, LogError, Touched},
};
use domain::{
    end_users::{Access, EndUser},
    kernel::UserId,
};
use moka::{Entry, ops::compute::Op, sync::Cache};
use tokio::{
    sync::{OnceCell, watch},
    time::{sleep, timeout},
};

use crate::tokens::Verified;

/// After which events a user may do less.
const TAKEN: [(&str, &str); 6] = [
    ("end_user", "membership_removed"),
    ("end_user", "membership_role_unassigned"),
    ("end_user", "membership_features_reset"),
    ("end_user", "platform_role_unassigned"),
    ("end_user", "platform_features_reset"),
    ("end_user", "erased"),
];
/// After which events a user belongs to other organizations, or to another one first.
const MOVED: [(&str, &str); 2] =
    [("end_user", "membership_added"), ("end_user", "default_membership_changed")];
/// How often the log is looked at while it grows.
const PACE: Duration = Duration::from_millis(100);
/// How long the log may rest before it is looked at all the same, and the pause after a failure.
const IDLE: Duration = Duration::from_secs(1);
/// So much of the log is looked at at once.
const STRETCH: u64 = 10_000;
/// How long it is known: longer than any token lives.
const KEPT: Duration = Duration::from_hours(25);
/// By how much the clocks of hosts may differ, besides what is configured, in seconds.
const MARGIN: i64 = 60;

/// Knows what tokens do not give any more.
pub struct Standing {
    log: Arc<dyn EventLog>,
    users: Repository<EndUser>,
    /// Where this host began to listen.
    start: u64,
    /// Tokens that were made later are known to be newer than that; UNIX seconds.
    since: i64,
    marks: Cache<UserId, Arc<Mark>>,
}

/// What a user may do, and where, may be something else than its tokens say.
#[derive(Clone)]
struct Mark {
    /// Whether something was taken since this host listens: that counts for tokens that tell no
    /// version, too.
    taken: bool,
    /// So many events the user had when that was so.
    version: u64,
    /// What it can do since, `None` for nothing; read when it is needed.
    held: OnceCell<Option<Caller>>,
}

impl Standing {
    /// Begins to listen at the head of the log.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    pub async fn new(
        log: Arc<dyn EventLog>,
        users: Repository<EndUser>,
        clock: &dyn Clock,
    ) -> Result<Self, LogError> {
        let start = log.head().await?;
        let leeway = crate::tokens::MAX_LEEWAY.whole_seconds();
        let since = clock.now().get().unix_timestamp().saturating_add(leeway + MARGIN);
        Ok(Self {
            log,
            users,
            start,
            since,
            // Bounded by what happens meanwhile: what is forgotten earlier would give access again.
            marks: Cache::builder().time_to_live(KEPT).build(),
        })
    }

    /// The caller that a token speaks for, with what is left of what it grants; `None` if nothing
    /// is.
    ///
    /// # Errors
    /// Unavailable, if that has to be read and can't be.
    pub async fn of(&self, token: &Verified) -> Result<Option<Caller>> {
        let user = &token.caller.id;
        let mark = match self.marks.get(user) {
            None if token.version.is_some() && token.issued <= self.since => {
                self.look_up(user).await?
            }
            mark => mark,
        };
        let older = mark.filter(|mark| match token.version {
            Some(version) => version < mark.version,
            None => mark.taken,
        });
        let Some(mark) = older else { return Ok(Some(token.caller.clone())) };
        let held = mark.held.get_or_try_init(|| self.held(user)).await?;
        Ok(held.as_ref().map(|held| restricted(&token.caller, held)))
    }

    /// What happened to a user before this host listened.
    async fn look_up(&self, user: &UserId) -> Result<Option<Arc<Mark>>> {
        let Some(found) = self.users.find(&call(), user.as_str()).await? else {
            return Ok(None);
        };
        let held = OnceCell::new_with(Some(held(user, &found.state)));
        self.mark(user, Mark { taken: false, version: found.version, held });
        Ok(self.marks.get(user))
    }

    async fn held(&self, user: &UserId) -> Result<Option<Caller>> {
        let found = self.users.find(&call(), user.as_str()).await?;
        Ok(found.and_then(|found| held(user, &found.state)))
    }

    /// What is known of the later version stays, and that something was taken.
    fn mark(&self, user: &UserId, mark: Mark) {
        let later = |known: Option<Entry<UserId, Arc<Mark>>>| match known.map(Entry::into_value) {
            None => Op::Put(Arc::new(mark)),
            Some(known) if known.version < mark.version => {
                let taken = known.taken || mark.taken;
                Op::Put(Arc::new(Mark { taken, ..mark }))
            }
            Some(known) if known.taken || !mark.taken => Op::Nop,
            Some(known) => Op::Put(Arc::new(Mark { taken: true, ..(*known).clone() })),
        };
        self.marks.entry_by_ref(user).and_compute_with(later);
    }

    /// Listens until `stop` is true.
    pub async fn follow(&self, mut stop: watch::Receiver<bool>) {
        let mut after = self.start;
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = async { loop { self.listen(&mut after).await } } => {}
        }
    }

    async fn listen(&self, after: &mut u64) {
        let mut head = self.log.watch();
        let known = timeout(IDLE, head.wait_for(|head| head > after)).await;
        let Ok(Ok(known)) = known.map(|known| known.map(|head| *head)) else {
            // A log that is closed does not wait.
            sleep(PACE).await;
            return;
        };
        let through = known.min(after.saturating_add(STRETCH));
        let names: Vec<&str> = TAKEN.iter().chain(&MOVED).map(|(_, name)| *name).collect();
        match self.log.touched(*after, through, &names).await {
            Ok(touched) => {
                for event in touched {
                    self.hear(&event);
                }
                *after = through;
                sleep(PACE).await;
            }
            Err(error) => {
                tracing::warn!(%error, "what changed for users can't be learnt; it is tried again");
                sleep(IDLE).await;
            }
        }
    }

    fn hear(&self, event: &Touched) {
        let what = (&*event.stream.kind, event.name.as_str());
        let taken = TAKEN.contains(&what);
        if (taken || MOVED.contains(&what))
            && let Ok(user) = UserId::parse(&event.stream.id)
        {
            self.mark(&user, Mark { taken, version: event.sequence, held: OnceCell::new() });
        }
    }
}

fn call() -> Call {
    Call::new(Caller::maintenance(), "standing".to_owned())
}

/// What a user can do; `None` if that is nothing.
fn held(id: &UserId, user: &EndUser) -> Option<Caller> {
    let held = (user.access() != Access::Suspended).then(|| caller(id, user));
    held.filter(|held| !held.roles.is_empty())
}

/// What a token grants and the user still has, in the organizations that it belongs to.
fn restricted(token: &Caller, held: &Caller) -> Caller {
    let mut caller = token.clone();
    caller.roles.retain(|grant| held.roles.contains(grant));
    caller.features.retain(|grant| held.features.contains(grant));
    caller.organizations.clone_from(&held.organizations);
    caller
}
