//! HTTP: routes are declared as lists, everything else follows from them.

pub mod route;
