//! Every test on both engines.

use crate::{Engine, TestApp};

/// Starts a host, runs the test, and stops the host.
pub fn run(engine: Engine, test: impl AsyncFnOnce(&TestApp)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let app = TestApp::start(engine).await;
        test(&app).await;
        app.finish().await;
    });
}

/// Makes a test on SQLite and one on PostgreSQL of every `async fn(&TestApp)` that is named.
#[macro_export]
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::run($crate::Engine::Sqlite, super::$test); })+
        }
        mod postgres {
            $(#[test] fn $test() { $crate::run($crate::Engine::Postgres, super::$test); })+
        }
    };
}
