//! E-mail in testing builds: nothing leaves the machine, and the address decides what happens.

use std::sync::Arc;

use application::{
    Error, Result,
    ports::{EmailProvider, OutgoingEmail},
};
use async_trait::async_trait;

use super::receipt_of;

/// Sends as the recipient's address says; keeps what it sends where it is told to.
pub struct Pretended {
    kept: Arc<dyn EmailProvider>,
}

impl Pretended {
    /// What is sent is also given to `kept`.
    #[must_use]
    pub fn new(kept: Arc<dyn EmailProvider>) -> Self {
        Self { kept }
    }
}

#[async_trait]
impl EmailProvider for Pretended {
    async fn send(&self, email: &OutgoingEmail) -> Result<String> {
        let to = &email.to.address;
        let fails =
            to.starts_with("undeliverable") || to.starts_with("flaky") && email.attempt == 1;
        if fails {
            return Err(Error::unexpected("the provider refuses this address"));
        }
        self.kept.send(email).await?;
        Ok(receipt_of(email))
    }
}
