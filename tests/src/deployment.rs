//! The hosts of a deployment, in process.

use std::net::SocketAddr;

use hosts::{
    compose::Replacements,
    config::{GatewaySettings, Settings},
    gateway::Gateway,
    host::Host,
    roles::{Api, Role, Roles},
};

use crate::binary::Environment;

/// How the product is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// One host, on files in a temporary folder.
    Sqlite,
    /// One host, on a database of its own.
    Postgres,
    /// A host for commands, one for queries and one for what goes on behind, on one database, with
    /// a gateway before them.
    Split,
    /// The same with a broker, and two hosts that share what goes on behind.
    Brokered,
}

/// Running hosts.
pub(crate) struct Hosts {
    /// Where the API is.
    pub url: String,
    /// The host that appends.
    pub first: Host,
    others: Vec<Host>,
    gateway: Option<Gateway>,
}

impl Hosts {
    /// Starts what the deployment has.
    pub async fn start(
        deployment: Deployment,
        environment: &Environment,
        replaced: Replacements,
    ) -> Self {
        match deployment {
            Deployment::Sqlite | Deployment::Postgres => {
                Self::together(environment, replaced).await
            }
            Deployment::Split => Box::pin(Self::apart(environment, replaced, false)).await,
            Deployment::Brokered => Box::pin(Self::apart(environment, replaced, true)).await,
        }
    }

    /// One host that does everything.
    async fn together(environment: &Environment, replaced: Replacements) -> Self {
        let first = start(environment, &Roles::all(), replaced).await;
        Self { url: url(&first.addresses), first, others: vec![], gateway: None }
    }

    /// One host of each kind; there may be a second one for the work behind.
    async fn apart(environment: &Environment, replaced: Replacements, shared: bool) -> Self {
        let each = environment.clone().with("GROUNDWORK_HTTP_WORKERS", "1");
        let behind = each.clone().with("GROUNDWORK_HTTP_TRUST_PROXY", "true");
        let roles = [
            Roles::serving(Api::Commands),
            Roles::serving(Api::Queries),
            Roles::working(Role::ALL),
            Roles::working(Role::ALL),
        ];
        let [commands, queries, worker, second] =
            roles.map(|roles| (roles, behind.clone(), replaced.clone()));
        let begin = async |(roles, settings, replaced): (Roles, Environment, Replacements)| {
            start(&settings, &roles, replaced).await
        };
        let second = async { if shared { Some(begin(second).await) } else { None } };
        let (commands, queries, worker, second) =
            tokio::join!(begin(commands), begin(queries), begin(worker), second);
        let before = each
            .with("GROUNDWORK_GATEWAY_COMMANDS", &url(&commands.addresses))
            .with("GROUNDWORK_GATEWAY_QUERIES", &url(&queries.addresses));
        let settings = GatewaySettings::read(before.variables()).expect("the settings are valid");
        let gateway = Gateway::start(&settings, None).expect("the gateway starts");
        let url = url(&gateway.addresses);
        let others = [queries, worker].into_iter().chain(second).collect();
        Self { url, first: commands, others, gateway: Some(gateway) }
    }

    /// Stops them, from the outside to the inside.
    pub async fn stop(self) {
        if let Some(gateway) = self.gateway {
            gateway.stop().await;
        }
        self.first.stop().await;
        for host in self.others {
            host.stop().await;
        }
    }
}

async fn start(environment: &Environment, roles: &Roles, replaced: Replacements) -> Host {
    let settings = Settings::read(environment.variables()).expect("the settings are valid");
    Host::start(&settings, roles, replaced, None).await.expect("the host starts")
}

fn url(addresses: &[SocketAddr]) -> String {
    format!("http://{}", addresses.first().expect("it listens"))
}
