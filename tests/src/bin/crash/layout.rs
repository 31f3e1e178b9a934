//! Of which processes the product consists, and what it keeps its data in.

use acceptance::binary::Environment;

/// A way to run the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One process on SQLite files.
    Sqlite,
    /// One process on a PostgreSQL cluster of our own, with `fsync` on.
    Postgres,
    /// One process on such a cluster and a RabbitMQ node of our own.
    Rabbit,
    /// The same, but with processes for commands and queries, two workers, and a gateway.
    Split,
}

/// A process of the product.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is in reports.
    pub name: &'static str,
    /// Its command.
    pub arguments: &'static [&'static str],
    /// Its settings.
    pub settings: Environment,
}

impl Layout {
    /// For reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Rabbit => "RabbitMQ",
            Self::Split => "split",
        }
    }

    /// Whether it needs PostgreSQL.
    pub fn has_cluster(self) -> bool {
        self != Self::Sqlite
    }

    /// Whether it needs RabbitMQ.
    pub fn has_broker(self) -> bool {
        matches!(self, Self::Rabbit | Self::Split)
    }

    /// Its processes, the last one of which is asked by clients.
    pub fn parts(self, settings: &Environment) -> Vec<Part> {
        let part = |name, arguments, settings: &Environment| {
            let settings = settings.clone().on_another_port();
            Part { name, arguments, settings }
        };
        if self != Self::Split {
            return vec![part("product", &["serve"], settings)];
        }
        let each = settings.clone().with("GROUNDWORK_HTTP_WORKERS", "1");
        let gateway = part("gateway", &["gateway"], &each);
        let each = each.with("GROUNDWORK_HTTP_TRUST_PROXY", "true").with("GROUNDWORK_PARTS", "2");
        let commands = part("commands", &["commands"], &each);
        let queries = part("queries", &["queries"], &each);
        let worker = each.with("GROUNDWORK_API_URL", &url(&gateway));
        let settings = gateway.settings.with("GROUNDWORK_GATEWAY_COMMANDS", &url(&commands));
        let settings = settings.with("GROUNDWORK_GATEWAY_QUERIES", &url(&queries));
        vec![
            commands,
            queries,
            part("worker", &["worker"], &worker),
            part("another worker", &["worker"], &worker),
            Part { settings, ..gateway },
        ]
    }
}

/// Where a process answers.
fn url(part: &Part) -> String {
    format!("http://{}", part.settings.get("GROUNDWORK_HTTP_ADDRESSES"))
}
