//! A PostgreSQL database per test: made empty, dropped at the end.

use sqlx::{Connection, Executor, PgConnection};
use xtask::postgres::host_of;

/// Where a test server is unless `DATABASE_URL` says otherwise.
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// A database that is dropped with this value, whoever is connected to it.
#[derive(Debug)]
pub struct Database {
    administrator: String,
    name: String,
    /// Where it is.
    pub url: String,
}

impl Database {
    /// Makes one on the server that `DATABASE_URL` names.
    ///
    /// # Panics
    /// If there is none: tests on PostgreSQL are never left out.
    pub async fn create() -> Self {
        Self::create_on(&xtask::variable("DATABASE_URL").unwrap_or_else(|| DEFAULT.to_owned()))
            .await
    }

    /// Makes one on a server; the URL is its administrator's.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn create_on(administrator: &str) -> Self {
        let name = format!("groundwork_test_{}", crate::unique());
        run(administrator, &format!("CREATE DATABASE {name}")).await;
        let (base, options) = match administrator.split_once('?') {
            Some((base, options)) => (base, format!("?{options}")),
            None => (administrator, String::new()),
        };
        let server = base.rsplit_once('/').map_or(base, |(server, _)| server);
        let url = format!("{server}/{name}{options}");
        Self { administrator: administrator.to_owned(), name, url }
    }

    /// The server's host and port, as they stand in the URL.
    #[must_use]
    pub fn host(&self) -> String {
        host_of(&self.url).unwrap_or_default()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let administrator = self.administrator.clone();
        // Dropping is not async: a thread with a runtime of its own does it, also while panicking.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(run(&administrator, &statement));
        });
        if dropped.join().is_err() {
            eprintln!("the database {} is left over", self.name);
        }
    }
}

async fn run(administrator: &str, statement: &str) {
    let host = host_of(administrator).unwrap_or_default();
    let mut connection = PgConnection::connect(administrator).await.unwrap_or_else(|error| {
        panic!(
            "Tests need PostgreSQL, and none lets them in at {host}: run `cargo xtask test`, \
             which starts one, or set DATABASE_URL. ({error})"
        )
    });
    connection.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
