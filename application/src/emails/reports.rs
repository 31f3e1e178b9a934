//! What the provider reports later of an e-mail that it took.

use domain::{
    emails::EmailDeliveryError,
    kernel::{DomainError as _, Timestamp},
};

use crate::{
    App, Call, Error, Result,
    ports::{ClaimRef, StreamId},
};

/// What became of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It arrived.
    Delivered,
    /// It never will, for a reason.
    Failed(String),
}

/// The claim by which a report finds its delivery.
#[must_use]
pub fn receipt(receipt_id: &str) -> ClaimRef {
    ClaimRef::platform("email_receipt", receipt_id)
}

impl App {
    /// Notes a report. `false` if nobody knows the receipt, or the e-mail arrived before.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn email_reported(
        &self,
        call: &Call,
        receipt_id: &str,
        at: Timestamp,
        report: &Report,
    ) -> Result<bool> {
        let Some(StreamId { id, .. }) = self.log.owner(&receipt(receipt_id)).await? else {
            return Ok(false);
        };
        let noted = self.emails.change(call, &id, |delivery| match report {
            Report::Delivered => delivery.confirm_delivery(at),
            Report::Failed(reason) => delivery.confirm_failure(reason.clone(), at),
        });
        match noted.await {
            Ok(_) => Ok(true),
            Err(Error::Refused { code, .. })
                if code == EmailDeliveryError::NotSent.code()
                    || code == EmailDeliveryError::AlreadyDelivered.code() =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
