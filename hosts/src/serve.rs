//! Commands that run until they are told to stop.

use std::{io::Write as _, net::SocketAddr};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    cli::Stop,
    compose::Replacements,
    config::{GatewaySettings, MailWay, Settings, Storage, TelemetrySettings},
    gateway::Gateway,
    host::Host,
    roles::Roles,
    telemetry::Telemetry,
};

/// Runs a host of these roles until Ctrl-C or SIGTERM, then finishes what was begun.
///
/// # Errors
/// A sentence, if the host can't start or had to stop by itself.
pub async fn run(settings: Settings, roles: Roles) -> Result<(), Stop> {
    let mut signals = Signals::listen()?;
    let telemetry = telemetry(&settings.telemetry)?;
    let mut host = Host::start(&settings, &roles, Replacements::default(), Some(telemetry)).await?;
    if settings.is_development() && roles == Roles::all() {
        // Whoever started the host may have stopped listening, which is no reason to stop serving.
        let _ = writeln!(std::io::stderr(), "{}", welcome(&settings, &host.addresses));
    }
    tracing::info!(addresses = ?host.addresses, api = ?roles.api, "serving");
    let outcome = signals.until(host.failed()).await;
    signals.unless_hurried(host.stop()).await?;
    outcome
}

/// Runs a gateway, likewise.
///
/// # Errors
/// As [`run`].
pub async fn gateway(settings: GatewaySettings) -> Result<(), Stop> {
    let mut signals = Signals::listen()?;
    let telemetry = telemetry(&settings.telemetry)?;
    let mut gateway = Gateway::start(&settings, Some(telemetry))?;
    tracing::info!(addresses = ?gateway.addresses, "passing on");
    let outcome = signals.until(gateway.failed()).await;
    signals.unless_hurried(gateway.stop()).await?;
    outcome
}

fn telemetry(settings: &TelemetrySettings) -> Result<Telemetry, Stop> {
    Telemetry::start(settings)
        .map_err(|error| Stop::because("The host can't tell of itself", error))
}

/// How operators and their machines end a process.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Stop> {
        let (interrupt, terminate) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Waits for a signal, or for the process to fail by itself.
    async fn until(&mut self, failed: impl Future<Output = Stop>) -> Result<(), Stop> {
        let outcome = tokio::select! {
            _ = self.interrupt.recv() => Ok(()),
            _ = self.terminate.recv() => Ok(()),
            stop = failed => Err(stop),
        };
        tracing::info!("stopping");
        outcome
    }

    /// Stops, unless a second Ctrl-C says not to wait.
    async fn unless_hurried(&mut self, stopped: impl Future<Output = ()>) -> Result<(), Stop> {
        tokio::select! {
            () = stopped => Ok(()),
            _ = self.interrupt.recv() => {
                Err(Stop("Stopped before everything was finished.".to_owned()))
            }
        }
    }
}

fn on(kind: SignalKind) -> Result<Signal, Stop> {
    signal(kind).map_err(|error| Stop::because("Signals can't be received", error))
}

/// What runs where, and what to try first. The commands work as they stand, in a shell in the
/// folder of the clone.
fn welcome(settings: &Settings, addresses: &[SocketAddr]) -> String {
    let url = addresses.first().map_or_else(String::new, |address| format!("http://{address}"));
    let stores = match &settings.storage {
        Storage::Embedded { folder } => format!("SQLite in {}", folder.display()),
        Storage::Postgres { .. } => "PostgreSQL (DATABASE_URL)".to_owned(),
    };
    let mails = match &settings.mail.way {
        Some(MailWay::Files(folder)) => {
            format!("files in {}, listed at {url}/_mail", folder.display())
        }
        Some(MailWay::Smtp(_)) => "through a mail server (SMTP_URL)".to_owned(),
        Some(MailWay::Mailgun(_)) => "through Mailgun".to_owned(),
        Some(MailWay::Nowhere) | None => "nowhere".to_owned(),
    };
    format!(
        r#"
  Groundwork is running.

    API            {url}
    documentation  {url}/
    health         {url}/health/ready
    stores         {stores}
    e-mails        {mails}

  Try it in another shell:

    JSON='Content-Type: application/json'
    curl -s {url}/credentials/register -H "$JSON" -d '{{"emailAddress":"ann@example.com","password":"1Secret-of-Ann","firstName":"Ann","lastName":"Miller","termsAndConditionsAccepted":true}}'; echo
    LINK=; until [ -n "$LINK" ]; do sleep 0.2; LINK=$(curl -s {url}/_mail \
      | grep -o 'confirm-password-registration?token=[A-Za-z0-9_-]*' | head -1 || true); done
    curl -s {url}/credentials/confirm-registration -H "$JSON" -d "{{\"token\":\"${{LINK#*=}}\"}}"; echo
    TOKEN=$(curl -s {url}/credentials/auth -H "$JSON" -d '{{"username":"ann@example.com","password":"1Secret-of-Ann"}}' \
      | grep -o '"accessToken":{{[^}}]*}}' | grep -o '"value":"[^"]*"' | cut -d'"' -f4)
    curl -s {url}/profiles/me -H "Authorization: Bearer $TOKEN"; echo
    curl -s {url}/cars -H "Authorization: Bearer $TOKEN" -H "$JSON" \
      -d '{{"make":"Honda","model":"Civic","year":2024,"jurisdiction":"New Zealand","numberPlate":"ABC123"}}'; echo
    curl -s {url}/cars -H "Authorization: Bearer $TOKEN"; echo

  Ctrl-C stops it.
"#
    )
}
