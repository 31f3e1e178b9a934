//! Cars: all use cases with their errors, on both engines.

mod change;
mod find;
mod register;
mod retries;
mod tenants;
