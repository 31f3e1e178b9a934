//! Every test on every deployment.

use crate::{Deployment, TestApp, binary::Environment};

/// Starts the hosts, runs the test, and stops the hosts.
pub fn run(deployment: Deployment, test: impl AsyncFnOnce(&TestApp)) {
    run_with(deployment, |environment| environment, test);
}

/// As [`run`], with other settings than the usual ones.
pub fn run_with(
    deployment: Deployment,
    adjust: impl FnOnce(Environment) -> Environment,
    test: impl AsyncFnOnce(&TestApp),
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let app = TestApp::start_with(deployment, adjust).await;
        test(&app).await;
        app.finish().await;
    });
}

/// Makes a test on SQLite, one on PostgreSQL and one on separate hosts of every
/// `async fn(&TestApp)` that is named.
#[macro_export]
macro_rules! on_every_deployment {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::run($crate::Deployment::Sqlite, super::$test); })+
        }
        mod postgres {
            $(#[test] fn $test() { $crate::run($crate::Deployment::Postgres, super::$test); })+
        }
        mod split {
            $(#[test] fn $test() { $crate::run($crate::Deployment::Split, super::$test); })+
        }
    };
}

/// As `on_every_deployment!`, and once more on separate hosts with a broker: for what a broker could
/// change. Declaring and deleting all its queues takes seconds, so it is not for everything.
#[macro_export]
macro_rules! on_every_deployment_and_a_broker {
    ($($test:ident),+ $(,)?) => {
        $crate::on_every_deployment!($($test),+);
        mod brokered {
            $(#[test] fn $test() { $crate::run($crate::Deployment::Brokered, super::$test); })+
        }
    };
}
