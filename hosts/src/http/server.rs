//! Listening.

use std::{io, net::SocketAddr, sync::Arc};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServiceRequest, ServiceResponse, fn_service},
};

use super::{dispatch::dispatch, site::Site};

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

/// Listens on the addresses of the site's settings.
///
/// # Errors
/// If an address can't be had.
pub fn server(site: Arc<Site>) -> io::Result<Bound> {
    let settings = site.settings.clone();
    let mut server = HttpServer::new(move || {
        let site = site.clone();
        App::new().default_service(fn_service(move |request: ServiceRequest| {
            let site = site.clone();
            async move {
                let (request, payload) = request.into_parts();
                let response = dispatch(&site, &request, payload).await;
                Ok(ServiceResponse::new(request, response))
            }
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
