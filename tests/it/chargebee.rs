//! Subscriptions at Chargebee, which testing builds pretend to be.

mod notifications;
mod selling;
mod unrouted;

use acceptance::{Deployment, TestApp, run_with};

/// Runs a test with Chargebee installed.
pub fn with_chargebee(deployment: Deployment, test: impl AsyncFnOnce(&TestApp)) {
    run_with(deployment, |settings| settings.with("GROUNDWORK_BILLING", "chargebee"), test);
}

/// As `on_every_deployment!`, with Chargebee installed.
macro_rules! with_chargebee_everywhere {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            use acceptance::Deployment::Sqlite;
            $(#[test] fn $test() { crate::chargebee::with_chargebee(Sqlite, super::$test); })+
        }
        mod postgres {
            use acceptance::Deployment::Postgres;
            $(#[test] fn $test() { crate::chargebee::with_chargebee(Postgres, super::$test); })+
        }
        mod split {
            use acceptance::Deployment::Split;
            $(#[test] fn $test() { crate::chargebee::with_chargebee(Split, super::$test); })+
        }
    };
}
use with_chargebee_everywhere;
