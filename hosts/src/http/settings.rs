//! Bounds and switches of the HTTP server.

use std::{net::SocketAddr, time::Duration};

/// Everything about HTTP that an operator may set.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// Where to listen; port 0 takes a free one.
    pub addresses: Vec<SocketAddr>,
    /// Threads that serve requests.
    pub workers: usize,
    /// Bytes of a request body at most.
    pub max_body: usize,
    /// How long a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// How long a client may take to send the body.
    pub body_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long a use case may run.
    pub request_timeout: Duration,
    /// How long a stopping server waits for the requests that it has begun.
    pub shutdown_timeout: Duration,
    /// Connections per worker at most.
    pub max_connections: usize,
    /// Requests at work at most, of all workers; more are answered 503.
    pub max_in_flight: usize,
    /// Refuses requests that did not come by HTTPS, as told by `X-Forwarded-Proto`.
    pub require_https: bool,
    /// Takes the client's address from `X-Forwarded-For`: only behind a proxy that sets it.
    pub trust_proxy: bool,
    /// Shows message and trace of unexpected failures: for development and tests alone.
    pub reveal_failures: bool,
    /// Requests of one caller, or of one address while the caller is unknown; `None` for no limit.
    pub rate: Option<Rate>,
    /// Requests of one address that prove something by a password or a token; `None` for no limit.
    pub sign_in_rate: Option<Rate>,
    /// How long a command waits for the read models of its own changes.
    pub write_wait: Duration,
    /// How long a query waits for the position that its caller has seen.
    pub read_wait: Duration,
}

/// A bound on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            addresses: vec![SocketAddr::from(([127, 0, 0, 1], 5001))],
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            max_body: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_secs(75),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            max_in_flight: 4096,
            require_https: false,
            trust_proxy: false,
            reveal_failures: false,
            rate: Some(Rate { per_second: 20_000, burst: 40_000 }),
            sign_in_rate: None,
            write_wait: Duration::from_secs(2),
            read_wait: Duration::from_secs(5),
        }
    }
}
