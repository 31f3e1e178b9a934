//! The one shape of everything that can be asked of Groundwork.

use std::future::{Future, ready};

use serde::{Serialize, de::DeserializeOwned};

use crate::{App, Call, Policy, Result};

/// A command or query. Its fields are its input, all optional: validation reports every failing
/// one at once.
pub trait UseCase: DeserializeOwned + Send + 'static {
    /// Permanent and unique: names the span, the usage and the operation.
    const NAME: &'static str;
    /// Who may call it.
    const POLICY: Policy;
    /// Projections that a query reads, so that it can wait for a position; empty for commands.
    const READS: &'static [&'static str] = &[];
    /// What it answers.
    type Output: Send + 'static;
    /// Judges a proof of its own that came beside the input, for what anybody may call. Nobody has
    /// looked at the input by then.
    fn admit(_app: &App, _call: &Call) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
    /// Runs it. The caller was authenticated, its tenant resolved and the policy checked.
    fn run(self, app: &App, call: &Call) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The answer of a use case that has nothing to say.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Empty {}

/// Raw bytes with their media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// For example `image/png`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Either sends the caller elsewhere or answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirected<T> {
    /// Go there.
    To(String),
    /// An answer as any other.
    Not(T),
}
