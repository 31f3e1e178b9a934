//! Adapters of ports that need no database: clock, ids, keys, tokens, signatures, records, the bus.

pub mod aead;
pub mod api_keys;
pub mod authenticator;
pub mod billing;
pub mod claims;
pub mod clock;
pub mod first_uses;
mod flood;
pub mod ids;
pub mod key_ring;
pub mod mail;
pub mod master_key;
pub mod passwords;
pub mod rabbit;
pub mod recorder;
pub mod sealer;
pub mod secret;
pub mod secrets;
pub mod signatures;
pub mod signing_keys;
pub mod standing;
#[cfg(feature = "testing-only")]
pub mod testing;
pub mod tokens;
pub mod usages;
pub mod vault;
