//! Loading the owner of a value together with whom it belongs to.

use domain::kernel::Aggregate;

use super::{Loaded, Repository};
use crate::{
    Error, Result,
    ports::{ClaimRef, Lead, Trail},
};

impl<D: Aggregate> Repository<D> {
    /// The owner of a value, and the `O` whose id is `member` of the owner's first event: in one
    /// read. What is personal or secret may be missing from both. `None` if nobody owns the value;
    /// no `O` if there is none.
    ///
    /// # Errors
    /// Unavailable.
    pub(crate) async fn owner_with<O: Aggregate>(
        &self,
        claim: &ClaimRef,
        member: &str,
        others: &Repository<O>,
    ) -> Result<Option<(Loaded<D>, Option<Loaded<O>>)>> {
        let (state_version, kind_version) = (D::STATE_VERSION, O::STATE_VERSION);
        let lead = Lead { claim, state_version, kind: O::TYPE, member, kind_version };
        let mut trails = self.log.follow(&lead).await?.into_iter();
        let Some(owner) = trails.next() else { return Ok(None) };
        let owner = self.along(owner).await?;
        Ok(Some(match trails.next() {
            Some(other) => (owner, Some(others.along(other).await?)),
            None => (owner, None),
        }))
    }

    /// Replays what was found; the whole stream where that does not suffice.
    async fn along(&self, trail: Trail) -> Result<Loaded<D>> {
        let Trail { stream, snapshot, events } = trail;
        let begins = events.first().is_some_and(|first| first.sequence == 1);
        let kept = snapshot.and_then(|kept| {
            serde_json::from_str(&kept.state).ok().map(|state| (state, kept.sequence))
        });
        let start = kept.or_else(|| begins.then(|| (D::default(), 0)));
        let Some((mut state, mut version)) = start else {
            return self.replay(&stream.id).await;
        };
        for recorded in &events {
            state.evolve(&recorded.decode().map_err(Error::unexpected)?);
            version = recorded.sequence;
        }
        Ok(Loaded { id: stream.id, version, state })
    }
}
