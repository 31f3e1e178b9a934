//! The log and our aggregates, as the cqrs-es crate sees them.
//!
//! Commands go through `application::Repository`, which commits several streams and claims at once
//! and answers with positions. This lets everything written for cqrs-es work on the same data: its
//! framework, upcasters, replays and given-when-then tests, and the stock repositories of
//! postgres-es and sqlite-es as readers of our table.

mod aggregate;
mod repository;

pub use aggregate::{Decide, Fact, Refused, Root, upcasters};
pub use repository::LogRepository;
