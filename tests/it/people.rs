//! People: what follows from a registration, and what they and operators change.

mod flow;
mod profiles;
mod reactions;
mod roles;
mod users;
