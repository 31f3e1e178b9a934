//! The right to be the relay.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use application::ports::Clock;
use domain::kernel::Timestamp;
use tokio::sync::watch;

use super::{BEAT, Relay, RelayError, meters, told};
use crate::db::{Db, DbError};

const NAME: &str = "domain_events";
/// How long a beat may stand still until somebody else takes over.
const LAPSE: Duration = Duration::from_secs(3);
/// How long a statement may take.
const PATIENCE: Duration = Duration::from_secs(2);

const READ: &str = "SELECT position, epoch, beat, held, updated_at FROM relays WHERE name = $1";
/// The first one begins with what happens from now on: consumers find what was before in the log.
const ADD: &str = "INSERT INTO relays (name, position, epoch, beat, held, updated_at) \
     VALUES ($1, $2, 0, 0, $3, $4) ON CONFLICT (name) DO NOTHING";
const TAKE: &str = "UPDATE relays SET epoch = epoch + 1, held = $4, updated_at = $5 \
     WHERE name = $1 AND epoch = $2 AND beat = $3";
const SHOW: &str = "UPDATE relays SET beat = beat + 1, updated_at = $3 \
     WHERE name = $1 AND epoch = $2";
const MOVE: &str = "UPDATE relays SET position = $3, updated_at = $4 \
     WHERE name = $1 AND epoch = $2";
const GIVE: &str = "UPDATE relays SET held = $3, updated_at = $4 WHERE name = $1 AND epoch = $2";

/// Every statement of this file.
pub(super) const STATEMENTS: &[&str] = &[READ, ADD, TAKE, SHOW, MOVE, GIVE];

/// The relay of a deployment, as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Every event up to here was published and confirmed.
    pub position: u64,
    /// How often the relay was taken over.
    pub epoch: u64,
    /// Whether some process claims to be it.
    pub held: bool,
    /// When it last showed that it lives, UTC.
    pub updated_at: Timestamp,
    beat: u64,
}

impl Standing {
    /// Whether whoever holds it has not shown a sign of life for too long, as far as the clocks of
    /// two machines agree: somebody else takes over as soon as anybody runs.
    #[must_use]
    pub fn is_lapsed(&self, now: Timestamp) -> bool {
        self.held && now.since(self.updated_at) > LAPSE
    }
}

/// What somebody who stands by saw last, and since when.
#[derive(Default)]
pub(super) struct Watched(Option<(u64, u64, Instant)>);

impl Watched {
    /// Whether the holder has not shown a sign of life for too long.
    fn is_lapsed(&mut self, seen: &Standing) -> bool {
        let now = (seen.epoch, seen.beat);
        match self.0 {
            Some((epoch, beat, since)) if (epoch, beat) == now => since.elapsed() >= LAPSE,
            _ => {
                self.0 = Some((now.0, now.1, Instant::now()));
                false
            }
        }
    }
}

/// Held by this process, as far as it knows.
pub(super) struct Lease {
    db: Db,
    clock: Arc<dyn Clock>,
    epoch: u64,
    /// Every event up to here was published and confirmed.
    pub position: u64,
    head: watch::Receiver<u64>,
    shown: Instant,
}

pub(super) async fn standing(db: &Db) -> Result<Option<Standing>, DbError> {
    let Some(row) = in_time(db.fetch_one(READ, &[NAME.into()])).await? else { return Ok(None) };
    Ok(Some(Standing {
        position: row.count("position")?,
        epoch: row.count("epoch")?,
        held: row.bool("held")?,
        updated_at: row.time("updated_at")?,
        beat: row.count("beat")?,
    }))
}

impl Lease {
    /// Takes the lease if nobody holds it, or its holder gives no sign of life.
    pub async fn take(relay: &Relay, watched: &mut Watched) -> Result<Option<Self>, RelayError> {
        let db = &relay.db;
        let Some(seen) = standing(db).await? else {
            let head = relay.log.head().await?;
            let values = [NAME.into(), head.into(), false.into(), relay.clock.now().into()];
            in_time(db.execute(ADD, &values)).await?;
            return Ok(None);
        };
        if seen.held && !watched.is_lapsed(&seen) {
            return Ok(None);
        }
        let now = relay.clock.now();
        let values = [NAME.into(), seen.epoch.into(), seen.beat.into(), true.into(), now.into()];
        if in_time(db.execute(TAKE, &values)).await? != 1 {
            return Ok(None);
        }
        Ok(Some(Self {
            db: db.clone(),
            clock: relay.clock.clone(),
            epoch: seen.epoch + 1,
            position: seen.position,
            head: relay.log.watch(),
            shown: Instant::now(),
        }))
    }

    /// When the next sign of life is due.
    pub fn due(&self) -> Instant {
        self.shown + BEAT
    }

    /// Shows that this process lives, and how far it is: also while the bus takes nothing.
    pub async fn show(&mut self) -> Result<(), RelayError> {
        let values = [NAME.into(), self.epoch.into(), self.clock.now().into()];
        own(in_time(self.db.execute(SHOW, &values)).await?)?;
        self.shown = Instant::now();
        self.measure();
        Ok(())
    }

    /// Notes that everything up to a position was confirmed.
    pub async fn advance(&mut self, position: u64) -> Result<(), RelayError> {
        let now = self.clock.now();
        let values = [NAME.into(), self.epoch.into(), position.into(), now.into()];
        own(in_time(self.db.execute(MOVE, &values)).await?)?;
        self.position = position;
        self.measure();
        Ok(())
    }

    fn measure(&self) {
        meters::standing(self.position, *self.head.borrow());
    }

    /// Waits, and shows that this process lives meanwhile.
    pub async fn rest(
        &mut self,
        wait: Duration,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), RelayError> {
        let until = Instant::now() + wait;
        while Instant::now() < until && !*stop.borrow() {
            self.show().await?;
            let pause = until.saturating_duration_since(Instant::now()).min(BEAT);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = told(stop) => {}
            }
        }
        Ok(())
    }

    /// Lets another process take over at once.
    pub async fn give_up(self) -> Result<(), RelayError> {
        let values = [NAME.into(), self.epoch.into(), false.into(), self.clock.now().into()];
        in_time(self.db.execute(GIVE, &values)).await?;
        Ok(())
    }
}

/// Whether the row that was written is still this process's.
fn own(rows: u64) -> Result<(), RelayError> {
    if rows == 1 { Ok(()) } else { Err(RelayError::Deposed) }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(DbError::Unavailable(sqlx::Error::PoolTimedOut)),
    }
}
