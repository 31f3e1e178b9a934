//! From texts that fit one by one to settings that fit together.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use adapters::{master_key::MasterKey, secret::Secret};
use application::ports::Partition;
use domain::kernel::EmailAddress;

use super::{
    Broker, GatewaySettings, InvalidSettings, LogFormat, Mode, Settings, Storage,
    TelemetrySettings, billing, http, identities, mail,
    source::Values,
    specs::{self, Kind},
    tenants, usages,
};

/// A production secret must not be guessable.
const SECRET_LENGTH: usize = 16;
/// Who is an operator in development.
const DEVELOPMENT_OPERATOR: &str = "operator@company.com";

pub(super) fn build(values: &Values) -> Result<Settings, InvalidSettings> {
    let mut wrong = vec![];
    let mode = mode(values);
    let hmac_secret = secret(values, "GROUNDWORK_HMAC_SECRET", mode, &mut wrong);
    let inter_host_secret = secret(values, "GROUNDWORK_INTER_HOST_SECRET", mode, &mut wrong);
    let master_key = master_key(values, mode, &mut wrong);
    let storage = storage(values, &mut wrong);
    let broker = broker(values, &storage, &mut wrong);
    let addresses = addresses(values, &mut wrong);
    let base_url = public_url(values, "GROUNDWORK_BASE_URL", mode, &mut wrong);
    let telemetry = telemetry(values, mode, &mut wrong);
    let api_url = api_url(values, &mut wrong);
    let region = region(values, &mut wrong);
    let operators = operators(values, mode, &mut wrong);
    let tenant_settings = tenants::build(values, &mut wrong);
    let identities = identities::build(values, mode, &mut wrong);
    let mail = mail::build(values, mode, &mut wrong);
    let usages = usages::build(values, &mut wrong);
    let billing = billing::build(values, &mut wrong);
    let (Some(master_key), Some(identities), true) = (master_key, identities, wrong.is_empty())
    else {
        return Err(InvalidSettings(wrong));
    };
    let seconds = |name, unit: u64| {
        time::Duration::seconds(i64::try_from(values.number(name) * unit).unwrap_or(i64::MAX))
    };
    Ok(Settings {
        mode,
        storage,
        broker,
        partition: partition(values),
        master_key,
        hmac_secret,
        inter_host_secret,
        base_url,
        api_url,
        region,
        operators,
        tenant_settings,
        identities,
        access_token: seconds("GROUNDWORK_ACCESS_TOKEN_MINUTES", 60),
        leeway: seconds("GROUNDWORK_TOKEN_LEEWAY_SECONDS", 1),
        mail,
        usages,
        billing,
        http: http(values, addresses, mode),
        telemetry,
    })
}

pub(super) fn build_gateway(values: &Values) -> Result<GatewaySettings, InvalidSettings> {
    let mut wrong = vec![];
    let mode = mode(values);
    let addresses = addresses(values, &mut wrong);
    let settings = GatewaySettings {
        http: http(values, addresses, mode),
        commands: upstreams(values, "GROUNDWORK_GATEWAY_COMMANDS", &mut wrong),
        queries: upstreams(values, "GROUNDWORK_GATEWAY_QUERIES", &mut wrong),
        telemetry: telemetry(values, mode, &mut wrong),
    };
    if wrong.is_empty() { Ok(settings) } else { Err(InvalidSettings(wrong)) }
}

fn mode(values: &Values) -> Mode {
    match values.text("GROUNDWORK_MODE") {
        Some("production") => Mode::Production,
        _ => Mode::Development,
    }
}

fn telemetry(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> TelemetrySettings {
    let otlp_endpoint = values.text("OTEL_EXPORTER_OTLP_ENDPOINT").map(str::to_owned);
    if otlp_endpoint.as_deref().is_some_and(|url| !is_web_url(url)) {
        wrong.push("OTEL_EXPORTER_OTLP_ENDPOINT must be an http:// or https:// URL.".to_owned());
    }
    TelemetrySettings {
        log: values.text("GROUNDWORK_LOG").unwrap_or_default().to_owned(),
        format: match (values.text("GROUNDWORK_LOG_FORMAT"), mode) {
            (Some("json"), _) | (None, Mode::Production) => LogFormat::Json,
            _ => LogFormat::Text,
        },
        otlp_endpoint,
    }
}

/// Base URLs without a path: the gateway changes no paths.
fn upstreams(values: &Values, name: &str, wrong: &mut Vec<String>) -> Vec<String> {
    let Some(text) = values.text(name) else {
        wrong.push(format!("{name} is missing: a gateway needs the URLs of the hosts behind it."));
        return vec![];
    };
    let urls = text.split(',').map(|url| url.trim().trim_end_matches('/'));
    let (good, bad): (Vec<_>, Vec<_>) = urls.partition(|url| {
        let authority = url.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
        is_web_url(url) && !authority.contains(['/', '?', '#', '@'])
    });
    let sentence = |url| format!("{name} must be URLs such as http://10.0.0.1:5001, not '{url}'.");
    wrong.extend(bad.into_iter().map(sentence));
    good.into_iter().map(str::to_owned).collect()
}

/// Whether production may use the value: it must not be missing or a well-known one.
fn is_own(values: &Values, name: &str) -> bool {
    let text = values.text(name);
    let well_known = specs::ALL.iter().filter(|spec| spec.kind == Kind::Secret);
    text.is_some() && well_known.map(|spec| spec.default).all(|default| default != text)
}

fn secret(values: &Values, name: &str, mode: Mode, wrong: &mut Vec<String>) -> Secret {
    let text = values.text(name).unwrap_or_default();
    if mode == Mode::Production {
        if !is_own(values, name) {
            wrong.push(format!("{name} is missing: production needs a secret of its own."));
        } else if text.chars().count() < SECRET_LENGTH {
            wrong.push(format!("{name} must have {SECRET_LENGTH} characters or more."));
        }
    }
    Secret::new(text)
}

fn master_key(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> Option<MasterKey> {
    let name = "GROUNDWORK_MASTER_KEY";
    if mode == Mode::Production && !is_own(values, name) {
        wrong.push(format!(
            "{name} is missing: production needs a key of its own (`openssl rand -base64 32`)."
        ));
    }
    let key = MasterKey::parse(&Secret::new(values.text(name).unwrap_or_default()));
    if let Err(error) = &key {
        wrong.push(format!("{name} is malformed: {error}."));
    }
    key.ok()
}

fn storage(values: &Values, wrong: &mut Vec<String>) -> Storage {
    let postgres = |name: &str, wrong: &mut Vec<String>| {
        let url = values.text(name)?;
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            wrong.push(format!("{name} must be a postgres:// URL."));
        }
        Some(Secret::new(url))
    };
    let (url, keys_url) = (postgres("DATABASE_URL", wrong), postgres("KEYS_DATABASE_URL", wrong));
    if let Some(url) = url {
        return Storage::Postgres {
            url,
            keys_url,
            connections: u32::try_from(values.number("GROUNDWORK_DATABASE_CONNECTIONS"))
                .unwrap_or(u32::MAX),
            wait: Duration::from_millis(values.number("GROUNDWORK_DATABASE_WAIT_MILLISECONDS")),
        };
    }
    if keys_url.is_some() {
        wrong.push("KEYS_DATABASE_URL needs DATABASE_URL.".to_owned());
    }
    Storage::Embedded { folder: PathBuf::from(values.text("GROUNDWORK_DATA").unwrap_or_default()) }
}

fn broker(values: &Values, storage: &Storage, wrong: &mut Vec<String>) -> Option<Broker> {
    let url = values.text("AMQP_URL")?;
    if matches!(storage, Storage::Embedded { .. }) {
        wrong.push("AMQP_URL needs DATABASE_URL: a broker can't carry embedded stores.".into());
    }
    if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
        wrong.push("AMQP_URL must be an amqp:// or amqps:// URL.".into());
    }
    let prefix = values.text("GROUNDWORK_BUS_PREFIX").unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if prefix.len() > 60 || !prefix.chars().all(fits) {
        wrong.push(
            "GROUNDWORK_BUS_PREFIX must be at most 60 letters, digits, '.', '-', '_'.".into(),
        );
    }
    Some(Broker { url: Secret::new(url), prefix: prefix.to_owned() })
}

fn partition(values: &Values) -> Partition {
    let parts = u16::try_from(values.number("GROUNDWORK_PARTS")).unwrap_or(u16::MAX);
    Partition::new(parts).unwrap_or(Partition::ONE)
}

fn addresses(values: &Values, wrong: &mut Vec<String>) -> Vec<SocketAddr> {
    let name = "GROUNDWORK_HTTP_ADDRESSES";
    let mut addresses = vec![];
    for text in values.text(name).unwrap_or_default().split(',').map(str::trim) {
        match text.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => wrong.push(format!(
                "{name} must be addresses with port such as 127.0.0.1:5001, not '{text}'."
            )),
        }
    }
    addresses
}

/// Where others find something; production has to be told.
pub(super) fn public_url(
    values: &Values,
    name: &str,
    mode: Mode,
    wrong: &mut Vec<String>,
) -> String {
    let url = values.text(name).unwrap_or_default();
    let default = specs::ALL.iter().find(|spec| spec.name == name).and_then(|spec| spec.default);
    if !is_web_url(url) {
        wrong.push(format!("{name} must be an http:// or https:// URL, not '{url}'."));
    } else if mode == Mode::Production && default == Some(url) {
        wrong.push(format!("{name} is missing: production has a public URL of its own."));
    }
    url.trim_end_matches('/').to_owned()
}

fn api_url(values: &Values, wrong: &mut Vec<String>) -> Option<String> {
    let url = values.text("GROUNDWORK_API_URL")?;
    if !is_web_url(url) {
        wrong.push(format!("GROUNDWORK_API_URL must be an http:// or https:// URL, not '{url}'."));
    }
    Some(url.trim_end_matches('/').to_owned())
}

fn region(values: &Values, wrong: &mut Vec<String>) -> String {
    let region = values.text("GROUNDWORK_REGION").unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if region.is_empty() || region.len() > 60 || !region.chars().all(fits) {
        wrong.push("GROUNDWORK_REGION must be 1 to 60 letters, digits, '-', '_'.".to_owned());
    }
    region.to_owned()
}

/// In development there is one, so that everything can be tried.
fn operators(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> Vec<EmailAddress> {
    let usual = if mode == Mode::Development { DEVELOPMENT_OPERATOR } else { "" };
    let list = values.text("GROUNDWORK_OPERATORS").unwrap_or(usual);
    let addresses = list.split([';', ',', ' ']).filter(|address| !address.is_empty());
    let mut operators = vec![];
    for address in addresses {
        match EmailAddress::parse(address) {
            Ok(operator) => operators.push(operator),
            Err(_) => wrong.push(format!(
                "GROUNDWORK_OPERATORS must be e-mail addresses separated by commas, not '{address}'."
            )),
        }
    }
    operators
}

pub(super) fn is_web_url(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}
