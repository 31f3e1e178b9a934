//! Hosts: configuration, composition, HTTP and the command line.

pub mod billing;
pub mod broker;
pub mod cli;
pub mod compose;
pub mod config;
mod data_folder;
pub mod gateway;
pub mod host;
pub mod http;
pub mod log;
pub mod mail;
pub mod mail_page;
pub mod ops;
pub mod roles;
pub mod routes;
mod running;
pub mod serve;
pub mod stores;
pub mod telemetry;
#[cfg(feature = "testing-only")]
pub mod testing;
pub mod threads;
pub mod worker;
