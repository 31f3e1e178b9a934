//! A gateway's answers: what it says of itself, and what it passes on to the hosts behind it.

mod headers;
mod passing;
mod upload;
mod upstreams;

use std::{sync::Arc, time::Instant};

use actix_web::{HttpRequest, HttpResponse, dev::Payload};
use application::{health::HealthCheckResponse, ports::Ids};

use super::{
    correlation::correlation,
    health::{Part, Probe},
    negotiation::Format,
    observer::{Finished, Observer},
    page::Page,
    payload, reply,
    route::{Route, Side},
    settings::HttpSettings,
    table::{Ambiguous, Matched, Table},
};
use passing::pass;
pub use passing::{Client, Clients, client};
use upstreams::Upstreams;

/// Where requests of each side go.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Base URLs of the command hosts.
    pub commands: Vec<String>,
    /// Base URLs of the query hosts.
    pub queries: Vec<String>,
}

/// Everything that passing requests on needs.
pub struct Passage {
    table: Table,
    commands: Upstreams,
    queries: Upstreams,
    settings: HttpSettings,
    ids: Arc<dyn Ids>,
    observer: Arc<dyn Observer>,
}

impl Passage {
    /// Answers these pages itself, and divides everything else as the routes say.
    ///
    /// # Errors
    /// `Ambiguous`, if two routes or pages answer the same method and path.
    pub fn new(
        behind: Behind,
        settings: HttpSettings,
        routes: impl IntoIterator<Item = &'static Route>,
        pages: Vec<Page>,
        ids: Arc<dyn Ids>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Ambiguous> {
        Ok(Self {
            table: Table::new(routes, pages)?,
            commands: Upstreams::new(Side::Commands, behind.commands),
            queries: Upstreams::new(Side::Queries, behind.queries),
            settings,
            ids,
            observer,
        })
    }

    /// Answers a request, whatever happens behind.
    pub(crate) async fn answer(
        &self,
        client: &Client,
        request: HttpRequest,
        mut payload: Payload,
    ) -> HttpResponse {
        let began = Instant::now();
        let correlation = correlation(request.headers(), self.ids.as_ref());
        let own = |own| reply::finish(&request, own, &correlation, self.settings.require_https);
        let (route, upstreams) = match self.table.find(request.method(), request.uri().path()) {
            Matched::Page(page) => (None, Err((page.serve)(request.clone()).await)),
            Matched::Endpoint(endpoint, _) => (
                Some(endpoint.route),
                match endpoint.route.side {
                    Side::Commands => Ok(&self.commands),
                    Side::Queries => Ok(&self.queries),
                    Side::Every => Err(HttpResponse::Ok().json(HealthCheckResponse::ok())),
                },
            ),
            // Every host knows all routes, so each can tell what is wrong with the request.
            Matched::WrongMethod(_) | Matched::Unknown => (None, Ok(&self.queries)),
        };
        let response = match upstreams {
            Err(answer) => own(answer),
            Ok(upstreams) => {
                let settings = &self.settings;
                pass(client, upstreams, settings, &request, &mut payload, &correlation)
                    .await
                    .unwrap_or_else(|problem| own(reply::problem(&problem, Format::Json)))
            }
        };
        let (method, status) = (request.method().as_str(), response.status().as_u16());
        self.observer.finished(&Finished { route, method, status, took: began.elapsed() });
        payload::hold(&request, payload, response)
    }
}

/// Whether hosts of each side are ready; one of each is enough.
#[must_use]
pub fn probes(client: &Client, behind: &Behind) -> Vec<Probe> {
    [("commands", &behind.commands), ("queries", &behind.queries)]
        .map(|(name, urls)| {
            let (client, urls) = (client.clone(), urls.clone());
            Probe::new(name, move || {
                let (client, urls) = (client.clone(), urls.clone());
                async move {
                    let ready = passing::any_ready(&client, &urls).await;
                    let detail = "none of its hosts is ready";
                    vec![if ready { Part::ready(name) } else { Part::failing(name, detail) }]
                }
            })
        })
        .into()
}
