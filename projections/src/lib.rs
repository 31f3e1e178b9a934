//! The read models: what events make of them, and the queries that they serve.

pub mod api_keys;
pub mod audits;
pub mod cars;
pub mod emails;
pub mod end_users;
pub mod organizations;
mod search;
pub mod subscriptions;
pub mod user_profiles;

use store::projections::Projection;

/// Every read model of the product.
pub const ALL: &[Projection] = &[
    api_keys::API_KEYS,
    audits::AUDITS,
    cars::CARS,
    emails::EMAILS,
    end_users::END_USERS,
    organizations::ORGANIZATIONS,
    subscriptions::SUBSCRIPTIONS,
    user_profiles::USER_PROFILES,
];
