//! One delivery over HTTP.

use std::{net::SocketAddr, time::Duration};

use adapters::signatures::Signatures;
use application::work::envelope;
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

/// Less than a taken message is kept from others, so that none is delivered twice at once.
const LIMIT: Duration = Duration::from_secs(25);
const CONNECT: Duration = Duration::from_secs(5);
/// How long an API that did not answer has to say that it works.
const HEALTH: Duration = Duration::from_secs(2);

/// Posts messages, signed as the maintenance service account.
pub struct Post {
    client: Client,
    url: String,
    signatures: Signatures,
    /// Whether the API is this very process, whose own calls are as safe as HTTPS.
    own: bool,
    limit: Duration,
}

/// What became of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The message is done with.
    Done,
    /// The message was refused.
    Failed {
        /// For log lines: holds nothing of the message.
        reason: String,
        /// What more the answer said; may repeat parts of the message.
        detail: String,
    },
    /// Nobody judged the message: no message would fare better now.
    Away(String),
}

impl Post {
    /// To the API at a URL.
    ///
    /// # Errors
    /// If there can be no client.
    pub fn to(url: String, signatures: Signatures) -> reqwest::Result<Self> {
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, url, signatures, own: false, limit: LIMIT })
    }

    /// To the API of this process, at the first address where it listens.
    ///
    /// # Errors
    /// As [`Self::to`].
    pub fn to_own(addresses: &[SocketAddr], signatures: Signatures) -> reqwest::Result<Self> {
        let url = addresses.first().map(|address| format!("http://{}", reachable(*address)));
        Ok(Self { own: true, ..Self::to(url.unwrap_or_default(), signatures)? })
    }

    /// The same, less patient.
    #[cfg(test)]
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Delivers the text of a message.
    pub async fn send(&self, path: &str, message: &str) -> Outcome {
        let body = json!({ "message": message }).to_string();
        let envelope = envelope(message);
        let mut request = self
            .client
            .post(format!("{}{path}", self.url))
            .timeout(self.limit)
            .header("Content-Type", "application/json")
            .header("X-HMAC-Signature", self.signatures.sign(body.as_bytes()))
            .body(body);
        if let Some(call) = envelope.call_id {
            request = request.header("Request-Id", call);
        }
        if let Some(tenant) = envelope.tenant_id {
            request = request.header("Tenant", tenant);
        }
        if self.own {
            request = request.header("X-Forwarded-Proto", "https");
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Outcome::Away("it can't be reached".to_owned());
            }
            Err(error) if error.is_timeout() => {
                let reason = format!("no answer within {} seconds", self.limit.as_secs());
                return if self.works().await {
                    Outcome::Failed { reason, detail: String::new() }
                } else {
                    Outcome::Away(reason)
                };
            }
            // It may be the message that broke the connection.
            Err(_) => {
                let reason = "the answer broke off".to_owned();
                return Outcome::Failed { reason, detail: String::new() };
            }
        };
        let status = response.status();
        if status.is_success() {
            return Outcome::Done;
        }
        let reason = format!("it answered {}", status.as_u16());
        if is_away(status) {
            return Outcome::Away(reason);
        }
        let problem: Value = response.json().await.unwrap_or_default();
        let text = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
        let detail = format!(" {}: {}", text("code"), text("detail"));
        Outcome::Failed { reason, detail }
    }

    /// Whether the API works, so that it was the message that took too long.
    async fn works(&self) -> bool {
        let health = self.client.get(format!("{}/health/ready", self.url)).timeout(HEALTH);
        health.send().await.is_ok_and(|answer| answer.status().is_success())
    }
}

/// Too busy, or a proxy in front of an API that is gone.
fn is_away(status: StatusCode) -> bool {
    [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE]
        .contains(&status)
}

/// Who listens everywhere is reached at the loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_everywhere_is_reached_here() {
        for (listens, reached) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:2", "[::1]:2"), ("192.0.2.1:3", "192.0.2.1:3")]
        {
            let listens: SocketAddr = listens.parse().expect("an address");
            assert_eq!(reachable(listens).to_string(), reached);
        }
    }
}
