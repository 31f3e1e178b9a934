//! Hosts: configuration, composition, HTTP and the command line.

pub mod config;
pub mod http;
pub mod routes;
pub mod telemetry;
