//! A call that comes again although what it needs was spent by the first time.

use crate::{App, Call, Error, Result, ports::StoredAnswer};

impl App {
    /// What a call that was refused is answered if this very call was committed before: `first`,
    /// which is what every such call answers. For use cases that spend what they need, such as a
    /// token that was mailed: the repetition finds it gone.
    ///
    /// # Errors
    /// The refusal, if it was another call that spent it; unavailable.
    pub async fn or_first<T>(&self, call: &Call, answered: Result<T>, first: T) -> Result<T> {
        let Err(refusal) = answered else { return answered };
        let Some(stored) = self.committed_before(call).await? else { return Err(refusal) };
        // What it wanted to have done besides was done with the first.
        call.withdraw();
        let appended = crate::ports::Appended { position: stored.position };
        call.committed(&appended, None, &[]);
        Ok(first)
    }

    async fn committed_before(&self, call: &Call) -> Result<Option<StoredAnswer>> {
        let Some(key) = &call.idempotency else { return Ok(None) };
        let stored = self.log.answered(&key.scope, &key.key).await.map_err(Error::from)?;
        Ok(stored.filter(|stored| stored.fingerprint == key.fingerprint))
    }
}
