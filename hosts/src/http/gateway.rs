//! A gateway's answers: what it says of itself, and what it passes on to the hosts behind it.

mod headers;
mod passing;
mod upload;
mod upstreams;

use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    http::{Method, StatusCode},
};
use application::{health::HealthCheckResponse, ports::Ids};

use super::{
    correlation::correlation,
    health::{Part, Probe},
    negotiation::Format,
    observer::{Finished, Observer},
    page::Page,
    payload,
    problem::Problem,
    reply,
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
        let (route, answered) = match self.table.find(request.method(), request.uri().path()) {
            Matched::Page(page) => (None, Err((page.serve)(request.clone()).await)),
            Matched::Endpoint(endpoint, _) if endpoint.route.side == Side::Every => {
                (Some(endpoint.route), Err(health()))
            }
            Matched::Endpoint(endpoint, _) => {
                let upstreams = self.upstreams(endpoint.route.side);
                let passed = self.pass(client, upstreams, &request, &mut payload, &correlation);
                (Some(endpoint.route), passed.await)
            }
            // Every host knows all routes, so each can tell what is wrong with the request.
            Matched::WrongMethod(_) | Matched::Unknown => {
                let passed = self.pass(client, &self.queries, &request, &mut payload, &correlation);
                (None, passed.await)
            }
        };
        let response = answered.unwrap_or_else(|own| {
            reply::finish(&request, own, &correlation, self.settings.require_https)
        });
        let (method, status) = (request.method().as_str(), response.status().as_u16());
        self.observer.finished(&Finished { route, method, status, took: began.elapsed() });
        payload::hold(&request, payload, response)
    }

    fn upstreams(&self, side: Side) -> &Upstreams {
        match side {
            Side::Commands => &self.commands,
            Side::Queries | Side::Every => &self.queries,
        }
    }

    /// What a host behind answers, or else what is to be said instead.
    async fn pass(
        &self,
        client: &Client,
        upstreams: &Upstreams,
        request: &HttpRequest,
        payload: &mut Payload,
        correlation: &str,
    ) -> Result<HttpResponse, HttpResponse> {
        if request.method() == Method::CONNECT {
            let detail = "This is no proxy to other places";
            return Err(own(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail));
        }
        pass(client, upstreams, &self.settings, request, payload, correlation).await
    }
}

/// Whether hosts of each side are ready; one of each is enough.
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

fn health() -> HttpResponse {
    HttpResponse::Ok().json(HealthCheckResponse::ok())
}

fn own(status: StatusCode, code: &'static str, detail: &str) -> HttpResponse {
    reply::problem(&Problem::new(status, code, detail), Format::Json)
}
