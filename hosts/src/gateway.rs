//! A running gateway: one address for the hosts of a deployment.

use std::{net::SocketAddr, sync::Arc};

use adapters::{clock::SystemClock, ids::RandomIds};

use crate::{
    cli::Stop,
    config::GatewaySettings,
    http::{
        gateway::{self, Behind, Clients, Passage},
        health,
        observer::{Observer, Unobserved},
        server,
    },
    routes,
    running::Running,
    telemetry::Telemetry,
};

/// A running gateway. Dropping it aborts everything; [`Self::stop`] finishes what was begun.
pub struct Gateway {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    running: Running,
}

impl Gateway {
    /// Starts it. The hosts behind need not be there yet.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub fn start(settings: &GatewaySettings, telemetry: Option<Telemetry>) -> Result<Self, Stop> {
        let behind =
            Behind { commands: settings.commands.clone(), queries: settings.queries.clone() };
        let unclient = |error| Stop::because("The hosts behind can't be called", error);
        let clients = Clients::new(&settings.http).map_err(unclient)?;
        let own = gateway::client(&settings.http).map_err(unclient)?;
        let mut pages = health::pages(gateway::probes(&own, &behind));
        pages.extend(telemetry.as_ref().map(Telemetry::pages).unwrap_or_default());
        let observer: Arc<dyn Observer> = match &telemetry {
            Some(telemetry) => telemetry.observer(),
            None => Arc::new(Unobserved),
        };
        let ids = Arc::new(RandomIds::new(Arc::new(SystemClock)));
        let routes = routes::ALL.iter().flat_map(|(_, list)| list.iter());
        let passage = Passage::new(behind, settings.http.clone(), routes, pages, ids, observer)
            .map_err(|error| Stop::because("The routes contradict each other", error))?;
        let passage = Arc::new(passage);
        let bound = server::listen(&settings.http, move || {
            let (passage, client) = (passage.clone(), clients.next());
            move |request, payload| {
                let (passage, client) = (passage.clone(), client.clone());
                async move { passage.answer(&client, request, payload).await }
            }
        })
        .map_err(|error| Stop::because("The gateway can't listen", error))?;
        let addresses = bound.addresses.clone();
        let mut running = Running::start(bound);
        if let Some(telemetry) = telemetry {
            running.spawn("telemetry", |stop| telemetry.run(stop));
        }
        Ok(Self { addresses, running })
    }

    /// Waits until a task ends that should not, which means that the gateway must stop.
    pub async fn failed(&mut self) -> Stop {
        self.running.failed().await.into()
    }

    /// Stops accepting, and finishes the requests that were begun.
    pub async fn stop(self) {
        self.running.stop_serving().await;
        for broken in self.running.stop_tasks().await {
            tracing::error!(?broken, "a task failed while stopping");
        }
    }
}
