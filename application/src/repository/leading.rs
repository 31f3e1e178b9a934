//! Loading the owner of a value together with whom it belongs to, in one read.

use domain::kernel::Aggregate;

use super::{Loaded, Repository, loading::Reading};
use crate::{
    Call, Result,
    ports::{ClaimRef, Lead, Trail},
};

/// The owner of a value and whom it belongs to, if there is somebody.
type Both<D, O> = (Loaded<D>, Option<Loaded<O>>);

impl<D: Aggregate> Repository<D> {
    /// The owner of a value, and the `O` whose id is `member` of the owner's first event, as
    /// [`Self::find`] finds each of them. `None` if nobody owns the value; no `O` if there is none.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) async fn find_owner_with<O: Aggregate>(
        &self,
        call: &Call,
        claim: &ClaimRef,
        member: &str,
        others: &Repository<O>,
    ) -> Result<Option<Both<D, O>>> {
        let found = self.follow(claim, member, others, true).await?;
        let Some((owner, other)) = found else { return Ok(None) };
        let Some(owner) = Self::found(Self::seen(call, owner))? else { return Ok(None) };
        let other = other.map(|other| Repository::seen(call, other)).map(Repository::found);
        Ok(Some((owner, other.transpose()?.flatten())))
    }

    /// As [`Self::find_owner_with`], whoever asks and without what is personal or secret: that may be
    /// missing from both.
    ///
    /// # Errors
    /// Unavailable.
    pub(crate) async fn owner_with<O: Aggregate>(
        &self,
        claim: &ClaimRef,
        member: &str,
        others: &Repository<O>,
    ) -> Result<Option<Both<D, O>>> {
        self.follow(claim, member, others, false).await
    }

    async fn follow<O: Aggregate>(
        &self,
        claim: &ClaimRef,
        member: &str,
        others: &Repository<O>,
        opened: bool,
    ) -> Result<Option<Both<D, O>>> {
        let (state_version, kind_version) = (D::STATE_VERSION, O::STATE_VERSION);
        let lead = Lead { claim, state_version, kind: O::TYPE, member, kind_version, opened };
        let mut trails = self.log.follow(&lead).await?.into_iter();
        let Some(owner) = trails.next() else { return Ok(None) };
        let owner = self.along(owner, opened).await?;
        Ok(Some(match trails.next() {
            Some(other) => (owner, Some(others.along(other, opened).await?)),
            None => (owner, None),
        }))
    }

    /// Replays what was found; the whole stream where that does not suffice.
    async fn along(&self, trail: Trail, opened: bool) -> Result<Loaded<D>> {
        let Trail { stream, snapshot, events } = trail;
        let begins = events.first().is_some_and(|first| first.sequence == 1);
        let kept = snapshot.and_then(Reading::kept);
        let Some(mut reading) = kept.or_else(|| begins.then(Reading::default)) else {
            return self.replay(&stream.id).await;
        };
        events.iter().try_for_each(|event| reading.apply(event))?;
        // Without what was sealed it would be no good to others.
        if opened && reading.is_worth_a_snapshot() {
            self.keep_snapshot(&stream, &mut reading).await?;
        }
        Ok(reading.into_loaded(stream.id))
    }
}
