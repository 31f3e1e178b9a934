//! Cars: all use cases with their errors, on every deployment.

mod change;
mod find;
mod register;
mod retries;
mod tenants;
