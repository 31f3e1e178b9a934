//! Messages that hold what is personal or secret, while they wait.

use serde::{Deserialize, Serialize};

use super::{Envelope, envelope};
use crate::{
    Error, Result,
    ports::{SealedText, Vault, WorkMessage},
};

/// What takes the place of a body.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SealedBody {
    #[serde(flatten)]
    envelope: Envelope,
    subject: String,
    sealed: String,
}

/// Encrypts the body for the message's subject, if it has one; the members that every message has
/// stay readable.
///
/// # Errors
/// Unavailable, if the vault can't be reached.
pub async fn seal(vault: &dyn Vault, message: &mut WorkMessage) -> Result<()> {
    let Some(subject) = message.subject.take() else { return Ok(()) };
    let sealed = vault.seal(&subject, &message.id, message.body.as_bytes()).await?;
    let body = SealedBody { envelope: envelope(&message.body), subject, sealed };
    message.body = serde_json::to_string(&body).map_err(Error::unexpected)?;
    Ok(())
}

/// Makes a body readable again that was sealed; `false` if the key of its subject was destroyed.
///
/// # Errors
/// As [`seal`].
pub async fn open(vault: &dyn Vault, message: &mut WorkMessage) -> Result<bool> {
    let Ok(body) = serde_json::from_str::<SealedBody>(&message.body) else { return Ok(true) };
    let sealed = SealedText { subject: &body.subject, context: &message.id, text: &body.sealed };
    let plain = vault.open(&[sealed]).await?.pop().flatten();
    let Some(plain) = plain.and_then(|plain| String::from_utf8(plain).ok()) else {
        return Ok(false);
    };
    message.body = plain;
    Ok(true)
}
