//! HTTP: routes are declared as lists, everything else follows from them.

pub mod docs;
pub mod observer;
pub mod openapi;
pub mod page;
pub mod route;
pub mod settings;
