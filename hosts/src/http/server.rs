//! Listening.

use std::{io, net::SocketAddr, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::{Payload, Server, ServiceRequest, ServiceResponse, fn_service},
};

use super::{dispatch::dispatch, settings::HttpSettings, site::Site};
use crate::threads;

/// How long a client may take to close its side.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(2);

/// A server that listens. It serves while `server` is awaited, and stops gracefully by
/// `server.handle().stop(true)`: what it has begun is finished within the shutdown timeout.
pub struct Bound {
    /// The server itself.
    pub server: Server,
    /// Where it listens, with the ports that were taken.
    pub addresses: Vec<SocketAddr>,
}

/// Serves a site on the addresses of its settings.
///
/// # Errors
/// If an address can't be had.
pub fn server(site: Arc<Site>) -> io::Result<Bound> {
    let settings = site.settings.clone();
    listen(&settings, move || {
        let site = site.clone();
        move |request: HttpRequest, payload: Payload| {
            let site = site.clone();
            async move { dispatch(&site, &request, payload).await }
        }
    })
}

/// Listens with these settings; `worker` makes what answers the requests of one thread.
///
/// # Errors
/// If an address can't be had.
pub fn listen<H, F>(
    settings: &HttpSettings,
    worker: impl Fn() -> H + Clone + Send + 'static,
) -> io::Result<Bound>
where
    H: Fn(HttpRequest, Payload) -> F + Clone + 'static,
    F: Future<Output = HttpResponse> + 'static,
{
    let mut server = HttpServer::new(move || {
        threads::serves_requests();
        let answer = worker();
        App::new().default_service(fn_service(move |request: ServiceRequest| {
            let (request, payload) = request.into_parts();
            let answered = answer(request.clone(), payload);
            async move { Ok(ServiceResponse::new(request, answered.await)) }
        }))
    })
    .workers(settings.workers.max(1))
    .max_connections(settings.max_connections)
    .keep_alive(settings.keep_alive)
    .client_request_timeout(settings.head_timeout)
    .client_disconnect_timeout(CLOSING)
    .shutdown_timeout(settings.shutdown_timeout.as_secs().max(1))
    .disable_signals();
    for address in &settings.addresses {
        server = server.bind(address)?;
    }
    let addresses = server.addrs();
    Ok(Bound { server: server.run(), addresses })
}
