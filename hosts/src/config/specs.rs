//! Every setting there is: name, default, bounds and meaning. `docs/configuration.md` is this list.

use std::fmt::Write;

/// What a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Never printed.
    Secret,
    /// A whole number within bounds, both included.
    Number(u64, u64),
    /// `true` or `false`.
    Flag,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The environment variable. In the TOML file: lower case, without `GROUNDWORK_`.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// What it is when nothing is said; `None` for nothing.
    pub default: Option<&'static str>,
    /// What it is for.
    pub about: &'static str,
}

/// The development master key: well known, so refused in production.
pub const DEVELOPMENT_MASTER_KEY: &str = "Z3JvdW5kd29yayBkZXZlbG9wbWVudCBtYXN0ZXIga2U=";
/// The development secret for signatures: well known, so refused in production.
pub const DEVELOPMENT_SECRET: &str = "asecret";

const fn spec(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
) -> Spec {
    Spec { name, kind, default, about }
}

/// All of them, in the order of the documentation.
#[rustfmt::skip]
pub const ALL: &[Spec] = &[
    spec("GROUNDWORK_MODE", Kind::Choice(&["development", "production"]), Some("development"), "Production needs its own secrets and a schema brought up to date by `groundwork ops migrate`; it mints no tokens."),
    spec("GROUNDWORK_MASTER_KEY", Kind::Secret, Some(DEVELOPMENT_MASTER_KEY), "32 bytes in base64 (`openssl rand -base64 32`). Encrypts the signing keys, every person's key and stored responses, and keys the digests that people are found by; without it all personal data is lost, and nobody can sign in. Required in production."),
    spec("GROUNDWORK_HMAC_SECRET", Kind::Secret, Some(DEVELOPMENT_SECRET), "Signs calls of queues and bus (`X-HMAC-Signature`). Required in production, 16 characters or more."),
    spec("GROUNDWORK_INTER_HOST_SECRET", Kind::Secret, Some(DEVELOPMENT_SECRET), "Signs calls between hosts (`X-InterHost-Signature`). Required in production, 16 characters or more."),
    spec("GROUNDWORK_BASE_URL", Kind::Text, Some("http://127.0.0.1:5001"), "Public URL of the API: issuer and audience of access tokens. Required in production."),
    spec("GROUNDWORK_API_URL", Kind::Text, None, "Where queued work is delivered to: the API as this process reaches it. Without it, the address that this process itself listens on; a process that does not serve commands needs it."),
    spec("GROUNDWORK_REGION", Kind::Text, Some("australiaeast"), "Code of the region that this process runs in; audits and queued work carry it."),
    spec("GROUNDWORK_OPERATORS", Kind::Text, None, "E-mail addresses, separated by commas, semicolons or spaces: who registers with one of them becomes an operator. In development `operator@company.com`, if not set."),
    spec("GROUNDWORK_TENANT_SETTINGS", Kind::Text, None, "TOML file of what every new organization is set to: names, each with a text, a number, `true` or `false`."),
    spec("GROUNDWORK_TENANT_SETTINGS_ENCRYPTED", Kind::Text, None, "Names in that file, separated by commas, whose texts are encrypted where they are kept."),
    spec("GROUNDWORK_DATA", Kind::Text, Some("./data"), "Folder of the embedded stores; used without `DATABASE_URL`."),
    spec("DATABASE_URL", Kind::Secret, None, "`postgres://…` runs on PostgreSQL instead of the embedded stores."),
    spec("KEYS_DATABASE_URL", Kind::Secret, None, "Another PostgreSQL database for keys, so that a copy of the main one can't forge tokens."),
    spec("AMQP_URL", Kind::Secret, None, "`amqp://…` or `amqps://…`: RabbitMQ carries events and work between processes. Needs `DATABASE_URL`."),
    spec("GROUNDWORK_BUS_PREFIX", Kind::Text, None, "Begins the name of every exchange and queue, so that several deployments can share a virtual host."),
    spec("GROUNDWORK_PARTS", Kind::Number(1, 64), Some("1"), "Into how many parts consumers divide the log: as many processes can share the work. The same in every process of a deployment."),
    spec("GROUNDWORK_DATABASE_CONNECTIONS", Kind::Number(4, 500), Some("20"), "PostgreSQL connections of this process at most; reads use three quarters of them."),
    spec("GROUNDWORK_DATABASE_WAIT_MILLISECONDS", Kind::Number(100, 60_000), Some("3000"), "How long a request waits for a connection before it is answered 503."),
    spec("GROUNDWORK_ACCESS_TOKEN_MINUTES", Kind::Number(1, 1440), Some("15"), "How long access tokens are good for."),
    spec("GROUNDWORK_TOKEN_LEEWAY_SECONDS", Kind::Number(0, 300), Some("30"), "How far the clocks of two hosts may differ when a token's time is checked."),
    spec("GROUNDWORK_REFRESH_GRACE_SECONDS", Kind::Number(0, 300), Some("10"), "How long a spent refresh token can be spent again by a client that lost the answer."),
    spec("GROUNDWORK_SIGNING_KEY_WAIT_SECONDS", Kind::Number(0, 3600), Some("60"), "How long a new signing key waits until it signs, so that every host knows it by then; they look for new keys every 15 seconds."),
    spec("GROUNDWORK_PASSWORD_MEMORY_KIB", Kind::Number(8, 1_048_576), Some("19456"), "Memory that hashing a password takes (argon2id). Whoever signs in gets a new hash when this, the passes or the lanes changed."),
    spec("GROUNDWORK_PASSWORD_PASSES", Kind::Number(1, 100), Some("2"), "Passes over that memory. In production memory times passes must be 35840 or more."),
    spec("GROUNDWORK_PASSWORD_LANES", Kind::Number(1, 16), Some("1"), "Lanes of that memory, each 8 KiB or more."),
    spec("GROUNDWORK_PASSWORD_THREADS", Kind::Number(1, 256), None, "Threads that hash passwords, below everything else that runs; one per processor core, if not set."),
    spec("GROUNDWORK_PASSWORD_WAITING", Kind::Number(1, 100_000), Some("200"), "Passwords that may wait for such a thread; more are answered 503."),
    spec("GROUNDWORK_PASSWORD_STRENGTH", Kind::Number(0, 4), Some("0"), "How hard to guess a new password must be, as zxcvbn scores it; 0 takes all that keep the rule of three kinds of characters."),
    spec("GROUNDWORK_SIGN_IN_MAX_FAILED", Kind::Number(1, 99), Some("5"), "So many wrong passwords in a row, each within a day of the one before, lock an account, or an address that nobody has."),
    spec("GROUNDWORK_SIGN_IN_COOL_DOWN_SECONDS", Kind::Number(1, 86_400), None, "How long it stays locked; 600, if not set (300 in testing builds)."),
    spec("GROUNDWORK_SIGN_IN_DELAY_LEAST_MILLISECONDS", Kind::Number(0, 20_000), None, "Signing in, registering, and asking for another confirmation or for a reset are answered no sooner than after a random time that begins with them, so that what they took does not tell who is known: at least this long; 1500 in production, else 0, if not set."),
    spec("GROUNDWORK_SIGN_IN_DELAY_MOST_MILLISECONDS", Kind::Number(0, 20_000), None, "And at most this long; 4000 in production, else 0, if not set."),
    spec("GROUNDWORK_SIGN_IN_RATE_PER_SECOND", Kind::Number(0, 1_000_000), None, "Requests per second of one address, in the long run, that prove something by a password or a token that was mailed or handed out; more are answered 429. 0 for no limit; 10, if not set (no limit in testing builds)."),
    spec("GROUNDWORK_SIGN_IN_RATE_BURST", Kind::Number(1, 1_000_000), Some("100"), "Such requests of one address at once."),
    spec("GROUNDWORK_HTTP_ADDRESSES", Kind::Text, Some("127.0.0.1:5001"), "Where to listen: addresses with port, separated by commas. Port 0 takes a free one."),
    spec("GROUNDWORK_HTTP_WORKERS", Kind::Number(1, 256), Some("2"), "Threads that serve requests; one per processor core is best."),
    spec("GROUNDWORK_HTTP_MAX_BODY_KIB", Kind::Number(1, 102_400), Some("1024"), "Size of a request body at most; a larger one is answered 413."),
    spec("GROUNDWORK_HTTP_HEAD_SECONDS", Kind::Number(1, 300), Some("10"), "How long a client may take to send the head of a request."),
    spec("GROUNDWORK_HTTP_BODY_SECONDS", Kind::Number(1, 600), Some("15"), "How long a client may take to send the body."),
    spec("GROUNDWORK_HTTP_KEEP_ALIVE_SECONDS", Kind::Number(1, 3600), Some("75"), "How long an idle connection is kept."),
    spec("GROUNDWORK_HTTP_REQUEST_SECONDS", Kind::Number(1, 600), Some("30"), "How long a request may take; a slower query is answered 503, a slower command 504."),
    spec("GROUNDWORK_HTTP_SHUTDOWN_SECONDS", Kind::Number(1, 600), Some("30"), "How long a stopping server waits for requests that it has begun."),
    spec("GROUNDWORK_HTTP_MAX_CONNECTIONS", Kind::Number(1, 1_000_000), Some("10000"), "Connections per worker at most."),
    spec("GROUNDWORK_HTTP_MAX_IN_FLIGHT", Kind::Number(1, 1_000_000), Some("4096"), "Requests at work at most; more are answered 503. As many more may still be sending their bodies, of one client a half of that at most; and a half of them may be proving something by a password or a token, of one client a quarter at most."),
    spec("GROUNDWORK_HTTP_REQUIRE_HTTPS", Kind::Flag, Some("false"), "Refuses requests that did not come by HTTPS, as told by `X-Forwarded-Proto`."),
    spec("GROUNDWORK_HTTP_TRUST_PROXY", Kind::Flag, Some("false"), "Takes the client's address from `X-Forwarded-For`; only behind a proxy that sets it."),
    spec("GROUNDWORK_HTTP_RATE_PER_SECOND", Kind::Number(0, 10_000_000), Some("20000"), "Requests per second of one caller in the long run; 0 for no limit."),
    spec("GROUNDWORK_HTTP_RATE_BURST", Kind::Number(1, 100_000_000), Some("40000"), "Requests of one caller at once."),
    spec("GROUNDWORK_HTTP_WRITE_WAIT_MILLISECONDS", Kind::Number(0, 60_000), Some("2000"), "How long a command waits until its changes can be read."),
    spec("GROUNDWORK_HTTP_READ_WAIT_MILLISECONDS", Kind::Number(0, 60_000), Some("5000"), "How long a query with `Consistency-Token` waits before it is answered 503."),
    spec("GROUNDWORK_GATEWAY_COMMANDS", Kind::Text, None, "URLs of the command hosts behind a gateway, separated by commas. Required by `groundwork gateway`, and used by nothing else."),
    spec("GROUNDWORK_GATEWAY_QUERIES", Kind::Text, None, "URLs of the query hosts, likewise."),
    spec("GROUNDWORK_PRODUCT", Kind::Text, Some("Groundwork"), "What the product is called in e-mails."),
    spec("GROUNDWORK_WEBSITE_URL", Kind::Text, Some("http://127.0.0.1:5101"), "Public URL of the website, which links in e-mails lead to. Required in production."),
    spec("GROUNDWORK_MAIL_SENDER", Kind::Text, Some("noreply@example.com"), "Address that e-mails come from."),
    spec("GROUNDWORK_MAIL_SENDER_NAME", Kind::Text, Some("Support"), "Name that e-mails come from."),
    spec("GROUNDWORK_MAIL_TEMPLATES", Kind::Text, None, "Folder with texts of e-mails that take the place of the built-in ones, file by file: those in `infrastructure/adapters/templates` under the same names."),
    spec("GROUNDWORK_MAIL_DELIVERY", Kind::Choice(&["files", "smtp", "mailgun", "none"]), None, "How e-mails get to people. If not set: `smtp` or `mailgun` where one of them is set up, else `files` in development; production refuses to start then. `none` is for development alone. A mail server has no templates of its own: e-mails that name one (`Template`) are sent by `mailgun` only, and fail with `smtp`."),
    spec("GROUNDWORK_MAIL_FOLDER", Kind::Text, None, "Where `files` go; the folder `mail` in `GROUNDWORK_DATA` if not set. Only the owner of the process can read them."),
    spec("SMTP_URL", Kind::Secret, None, "Mail server: `smtp://user:password@host:587` encrypts with STARTTLS, `smtps://…` from the first byte, `smtp://…?tls=none` not at all. User and password are percent-encoded."),
    spec("MAILGUN_API_KEY", Kind::Secret, None, "Sends e-mails through Mailgun."),
    spec("MAILGUN_DOMAIN", Kind::Text, None, "The domain that sends through Mailgun."),
    spec("MAILGUN_BASE_URL", Kind::Text, Some("https://api.mailgun.net/v3"), "Where Mailgun is; `https://api.eu.mailgun.net/v3` for accounts in Europe."),
    spec("MAILGUN_WEBHOOK_KEY", Kind::Secret, None, "Key that Mailgun signs its notifications with (`POST /webhooks/mailgun`); without it they are refused."),
    spec("GROUNDWORK_BILLING", Kind::Choice(&["simple", "chargebee"]), Some("simple"), "Who gets money for subscriptions: nobody, as everything is for free, or Chargebee. When this changes, subscriptions have to be migrated."),
    spec("CHARGEBEE_SITE", Kind::Text, None, "Name of the site at Chargebee, as in `https://<site>.chargebee.com`."),
    spec("CHARGEBEE_BASE_URL", Kind::Text, None, "Where the API of Chargebee is, in place of the one of the site."),
    spec("CHARGEBEE_API_KEY", Kind::Secret, None, "Gets money through Chargebee."),
    spec("CHARGEBEE_PRODUCT_FAMILY", Kind::Text, None, "Id of the product family whose plans are sold."),
    spec("CHARGEBEE_STARTING_PLAN", Kind::Text, None, "Id of the item price that every organization begins with."),
    spec("CHARGEBEE_STANDARD_PLANS", Kind::Text, None, "Ids of item prices, separated by commas or semicolons, that include the standard tier."),
    spec("CHARGEBEE_PROFESSIONAL_PLANS", Kind::Text, None, "Likewise for the professional tier."),
    spec("CHARGEBEE_ENTERPRISE_PLANS", Kind::Text, None, "Likewise for the enterprise tier."),
    spec("CHARGEBEE_WEBHOOK_USER", Kind::Secret, None, "User that notifications of Chargebee come with (`POST /webhooks/chargebee`, Basic authentication); without it they are refused."),
    spec("CHARGEBEE_WEBHOOK_PASSWORD", Kind::Secret, None, "Their password, if they have one."),
    spec("GROUNDWORK_USAGES", Kind::Choice(&["none", "log", "userpilot", "mixpanel"]), Some("none"), "Who is told what customers use: nobody, the log lines, or a provider. What nobody wants is not queued."),
    spec("USERPILOT_API_KEY", Kind::Secret, None, "Key of the account at UserPilot."),
    spec("USERPILOT_BASE_URL", Kind::Text, Some("https://analytex.userpilot.io/v1"), "Where UserPilot is."),
    spec("MIXPANEL_PROJECT_TOKEN", Kind::Secret, None, "Token of the project at Mixpanel."),
    spec("MIXPANEL_PROJECT_ID", Kind::Text, None, "Its id: digits."),
    spec("MIXPANEL_BASE_URL", Kind::Text, Some("https://api.mixpanel.com"), "Where Mixpanel is; `https://api-eu.mixpanel.com` for projects in Europe."),
    spec("GROUNDWORK_LOG", Kind::Text, Some("info,actix_server=warn"), "Which log lines are written: a level, or a list such as `warn,hosts=debug`."),
    spec("GROUNDWORK_LOG_FORMAT", Kind::Choice(&["text", "json"]), None, "How log lines are written; `text` in development, `json` in production, if not set."),
    spec("OTEL_EXPORTER_OTLP_ENDPOINT", Kind::Text, None, "OpenTelemetry collector (OTLP over HTTP) that traces are sent to."),
];

impl Spec {
    /// Its name in the TOML file.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.trim_start_matches("GROUNDWORK_").to_ascii_lowercase()
    }
    /// What it accepts, as the end of a sentence.
    #[must_use]
    pub fn accepts(&self) -> String {
        match self.kind {
            Kind::Text => "text".to_owned(),
            Kind::Secret => "secret text".to_owned(),
            Kind::Flag => "`true` or `false`".to_owned(),
            Kind::Number(min, max) => format!("a whole number from {min} to {max}"),
            Kind::Choice(names) => {
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
            }
        }
    }
    /// Whether a value fits.
    #[must_use]
    pub fn fits(&self, value: &str) -> bool {
        match self.kind {
            Kind::Text | Kind::Secret => true,
            Kind::Flag => matches!(value, "true" | "false"),
            Kind::Number(min, max) => {
                value.parse().is_ok_and(|number: u64| (min..=max).contains(&number))
            }
            Kind::Choice(names) => names.contains(&value),
        }
    }
}

/// The settings as a Markdown table.
#[must_use]
pub fn table() -> String {
    let mut text = String::from("| setting | default | accepts | meaning |\n|---|---|---|---|\n");
    for spec in ALL {
        let default = match (spec.kind, spec.default) {
            (_, None) => "–".to_owned(),
            (Kind::Secret, Some(_)) => "a well-known one, for development".to_owned(),
            (_, Some(value)) => format!("`{value}`"),
        };
        // Writing to a string can't fail.
        let _ =
            writeln!(text, "| `{}` | {default} | {} | {} |", spec.name, spec.accepts(), spec.about);
    }
    text
}
