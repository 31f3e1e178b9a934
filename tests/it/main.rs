//! Acceptance tests: black-box suites against started hosts, and the rules of the source tree.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod architecture;
mod audits;
mod authorization;
mod backup;
mod bad_input;
mod broker;
mod cars;
mod chargebee;
mod conventions;
mod cross_tenant;
mod database_gone;
mod deliveries;
mod emails;
mod erasing;
mod eventing;
mod events;
mod following;
mod gateway;
mod health;
mod identities;
mod integration_events;
mod invitations;
mod keys;
mod lifecycle;
mod mail;
mod memberships;
mod openapi;
mod operations;
mod organizations;
mod people;
mod shared_clock;
mod shipped;
mod split;
mod standing;
mod subscriptions;
mod tenant_story;
mod testing_builds;
mod testing_endpoints;
mod usages;

use serde_json::{Value, json};

/// A car that can be registered.
fn honda() -> Value {
    json!({
        "make": "Honda",
        "model": "Civic",
        "year": 2020,
        "jurisdiction": "New Zealand",
        "numberPlate": "ABC 123",
    })
}
