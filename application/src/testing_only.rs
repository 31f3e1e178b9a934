//! Use cases of testing builds: they exercise what every endpoint shares, without business rules.

pub mod access;
pub mod errors;
pub mod formats;
pub mod general;
pub mod migration;
pub mod notifications;
pub mod openapi;
pub mod platform;
pub mod redirects;
pub mod simple;
pub mod statuses;
pub mod usages;
pub mod validations;

use serde::Serialize;

/// The answer of most use cases of testing builds.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StringMessageTestingOnlyResponse {
    /// Usually `amessage`.
    pub message: String,
}

impl StringMessageTestingOnlyResponse {
    /// `amessage` and what follows it.
    fn followed_by(text: &str) -> Self {
        Self { message: format!("amessage{text}") }
    }
}
