//! The use cases of Groundwork, and the ports through which they reach the outside.
//!
//! No HTTP and no SQL: a use case reads its input, decides through the domain and appends events.

pub mod app;
pub mod audits;
pub mod call;
pub mod caller;
pub mod cars;
pub mod emails;
pub mod end_users;
pub mod error;
pub mod eventing;
pub mod health;
pub mod identities;
pub mod input;
pub mod organizations;
pub mod policy;
pub mod ports;
pub mod reaction;
pub mod recording;
pub mod repository;
pub mod search;
pub mod subscriptions;
pub mod testing;
#[cfg(feature = "testing-only")]
pub mod testing_only;
pub mod usages;
pub mod use_case;
pub mod user_profiles;
pub mod webhooks;
pub mod wire_time;
pub mod work;

pub use app::App;
pub use call::Call;
pub use caller::Caller;
pub use error::{Error, Result};
pub use policy::{Access, Policy, Tenancy};
pub use repository::{Committed, Decision, Loaded, Repository, Staged};
pub use use_case::UseCase;
