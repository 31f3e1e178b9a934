//! Settings: read once, at start, from the environment and an optional TOML file.

pub mod billing;
pub mod identities;
mod mail;
mod settings;
mod source;
pub mod specs;
mod tenants;
mod usages;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use adapters::{master_key::MasterKey, secret::Secret};
use application::{organizations::settings::TenantSetting, ports::Partition};
use domain::kernel::EmailAddress;

use crate::http::settings::{HttpSettings, Rate};
use billing::BillingSettings;
use identities::IdentitySettings;
pub use mail::{MailSettings, MailWay};
use source::Values;
pub use usages::UsageWay;

/// What the deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Well-known secrets, migrations at start, tokens can be minted.
    Development,
    /// Own secrets, and a schema that an operator has brought up to date.
    Production,
}

/// Where events, read models and keys are kept.
#[derive(Clone)]
pub enum Storage {
    /// SQLite files in a folder; everything in one process.
    Embedded {
        /// Holds `log.db`, `read.db`, `keys.db` and `lock`.
        folder: PathBuf,
    },
    /// PostgreSQL.
    Postgres {
        /// The main database.
        url: Secret,
        /// Another database for keys.
        keys_url: Option<Secret>,
        /// Connections of this process at most.
        connections: u32,
        /// How long to wait for one before the answer is 503.
        wait: Duration,
    },
}

/// The message broker.
#[derive(Clone)]
pub struct Broker {
    /// Where RabbitMQ is.
    pub url: Secret,
    /// Begins the name of every exchange and queue.
    pub prefix: String,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What a process tells of itself, and how.
#[derive(Clone)]
pub struct TelemetrySettings {
    /// Which log lines are written, as `tracing` filters have it.
    pub log: String,
    /// How they are written.
    pub format: LogFormat,
    /// Where traces go.
    pub otlp_endpoint: Option<String>,
}

/// The settings of a gateway, valid. It keeps nothing, so it needs no secrets.
#[derive(Clone)]
pub struct GatewaySettings {
    /// The HTTP server, whose bounds also hold for what is passed on.
    pub http: HttpSettings,
    /// Base URLs of the command hosts.
    pub commands: Vec<String>,
    /// Base URLs of the query hosts.
    pub queries: Vec<String>,
    /// Log lines and traces.
    pub telemetry: TelemetrySettings,
}

/// All settings, valid.
#[derive(Clone)]
pub struct Settings {
    /// What the deployment is for.
    pub mode: Mode,
    /// Where everything is kept.
    pub storage: Storage,
    /// Carries events and work between processes; without it the log itself feeds consumers.
    pub broker: Option<Broker>,
    /// Into how many parts consumers divide the log.
    pub partition: Partition,
    /// Encrypts keys and what is sealed.
    pub master_key: MasterKey,
    /// Signs calls of queues and bus.
    pub hmac_secret: Secret,
    /// Signs calls between hosts.
    pub inter_host_secret: Secret,
    /// Public URL of the API: issuer and audience of access tokens.
    pub base_url: String,
    /// Where queued work is delivered to; without it, to this very process.
    pub api_url: Option<String>,
    /// Code of the region that this process runs in.
    pub region: String,
    /// Who becomes an operator by registering.
    pub operators: Vec<EmailAddress>,
    /// What every new organization is set to.
    pub tenant_settings: Vec<TenantSetting>,
    /// Passwords, and the tokens of sign-ins.
    pub identities: IdentitySettings,
    /// How long access tokens are good for.
    pub access_token: time::Duration,
    /// How far the clocks of two hosts may differ.
    pub leeway: time::Duration,
    /// E-mails.
    pub mail: MailSettings,
    /// Who is told what customers use.
    pub usages: UsageWay,
    /// Subscriptions, and how they are paid for.
    pub billing: BillingSettings,
    /// The HTTP server.
    pub http: HttpSettings,
    /// Log lines and traces.
    pub telemetry: TelemetrySettings,
}

/// Why the settings can't be used: one sentence per line, each naming its setting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

impl Settings {
    /// Reads the environment of this process, and `groundwork.toml` or the file that
    /// `GROUNDWORK_CONFIG` names.
    ///
    /// # Errors
    /// [`InvalidSettings`] with everything that is wrong.
    pub fn load() -> Result<Self, InvalidSettings> {
        Self::read(environment())
    }

    /// Reads an environment and the file that it names.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(environment: BTreeMap<String, String>) -> Result<Self, InvalidSettings> {
        settings::build(&Values::read(environment)?)
    }

    /// Whether this is development.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.mode == Mode::Development
    }
}

impl GatewaySettings {
    /// As [`Settings::load`], for a gateway.
    ///
    /// # Errors
    /// [`InvalidSettings`] with everything that is wrong.
    pub fn load() -> Result<Self, InvalidSettings> {
        Self::read(environment())
    }

    /// As [`Settings::read`], for a gateway.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(environment: BTreeMap<String, String>) -> Result<Self, InvalidSettings> {
        settings::build_gateway(&Values::read(environment)?)
    }
}

fn environment() -> BTreeMap<String, String> {
    let text = |text: std::ffi::OsString| text.into_string().ok();
    std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// The HTTP part.
fn http(values: &Values, addresses: Vec<SocketAddr>, mode: Mode) -> HttpSettings {
    let seconds = |name| Duration::from_secs(values.number(name));
    let milliseconds = |name| Duration::from_millis(values.number(name));
    let count = |name| usize::try_from(values.number(name)).unwrap_or(usize::MAX);
    let small = |name| u32::try_from(values.number(name)).unwrap_or(u32::MAX);
    let per_second = small("GROUNDWORK_HTTP_RATE_PER_SECOND");
    HttpSettings {
        addresses,
        workers: count("GROUNDWORK_HTTP_WORKERS"),
        max_body: count("GROUNDWORK_HTTP_MAX_BODY_KIB") * 1024,
        head_timeout: seconds("GROUNDWORK_HTTP_HEAD_SECONDS"),
        body_timeout: seconds("GROUNDWORK_HTTP_BODY_SECONDS"),
        keep_alive: seconds("GROUNDWORK_HTTP_KEEP_ALIVE_SECONDS"),
        request_timeout: seconds("GROUNDWORK_HTTP_REQUEST_SECONDS"),
        shutdown_timeout: seconds("GROUNDWORK_HTTP_SHUTDOWN_SECONDS"),
        max_connections: count("GROUNDWORK_HTTP_MAX_CONNECTIONS"),
        max_in_flight: count("GROUNDWORK_HTTP_MAX_IN_FLIGHT"),
        require_https: values.flag("GROUNDWORK_HTTP_REQUIRE_HTTPS"),
        trust_proxy: values.flag("GROUNDWORK_HTTP_TRUST_PROXY"),
        reveal_failures: mode == Mode::Development,
        rate: (per_second > 0)
            .then(|| Rate { per_second, burst: small("GROUNDWORK_HTTP_RATE_BURST") }),
        sign_in_rate: identities::rate(values),
        write_wait: milliseconds("GROUNDWORK_HTTP_WRITE_WAIT_MILLISECONDS"),
        read_wait: milliseconds("GROUNDWORK_HTTP_READ_WAIT_MILLISECONDS"),
    }
}

#[cfg(test)]
mod tests;
