//! Delivering everything that waits, for builds whose queues wait for it.

use domain::kernel::OrganizationId;
use serde_json::json;

use super::{DeliverMessageResponse, envelope};
use crate::{
    App, Call, Caller, Result, UseCase,
    ports::{Appended, Taken, WorkQueue},
};

/// Delivers the messages of a queue, oldest first, until none is left: each once, as its worker
/// would. One that fails has been tried, and does not keep those behind it.
///
/// # Errors
/// Unavailable, if the queue can't be reached.
pub async fn drain<D>(app: &App, call: &Call, queue: WorkQueue) -> Result<()>
where
    D: UseCase<Output = DeliverMessageResponse>,
{
    let mut failed = vec![];
    while let Some(taken) = app.work.take(queue, 1).await?.pop() {
        match deliver::<D>(app, call, &taken).await {
            Ok(()) => app.work.handled(&[taken]).await?,
            // Given back at the end: else it would be taken again at once.
            Err(error) => failed.push((taken, error.to_string())),
        }
    }
    for (taken, why) in failed {
        tracing::warn!(id = taken.message.id, tries = taken.tries, "a message was not delivered");
        app.work.failed(&taken, &why).await?;
    }
    Ok(())
}

async fn deliver<D: UseCase>(app: &App, drain: &Call, taken: &Taken) -> Result<()> {
    let envelope = envelope(&taken.message.body);
    let correlation = envelope.call_id.unwrap_or_else(|| drain.correlation.clone());
    let mut call = Call::new(Caller::maintenance(), correlation);
    call.tenant = envelope.tenant_id.and_then(|tenant| OrganizationId::parse(&tenant).ok());
    call.causation = Some(taken.message.id.clone());
    let input = serde_json::from_value(json!({ "message": taken.message.body }));
    let delivery: D = input.map_err(crate::Error::unexpected)?;
    delivery.run(app, &call).await?;
    app.flush(&call).await?;
    // So that whoever drains reads what it led to.
    let receipt = call.receipt();
    if let Some(position) = receipt.position {
        drain.committed(&Appended { position }, None, &receipt.events);
    }
    Ok(())
}
