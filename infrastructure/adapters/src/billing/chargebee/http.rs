//! Asking Chargebee: bounded, and once more if that may help.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use application::Error;
use reqwest::{Client, RequestBuilder, StatusCode, header::CONTENT_TYPE, redirect};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{answers::Refusal, forms};
use crate::secret::Secret;

/// How long one try may take.
const LIMIT: Duration = Duration::from_secs(9);
/// How long to wait before the second try, and as much again by chance.
const PAUSE: Duration = Duration::from_millis(400);
/// Says that the answer is that of an earlier request with the same idempotency key.
const REPEATED: &str = "chargebee-idempotency-replayed";
/// Bytes of an answer at most.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Bytes of a reason at most.
const LONGEST_CODE: usize = 60;

/// An account's API.
pub struct Http {
    client: Client,
    base_url: String,
    api_key: Secret,
}

/// An answer.
pub struct Done<T> {
    pub answer: T,
    /// Whether it is the answer that an earlier request got, and nothing was done now.
    pub is_repeated: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// It is away, or too busy: the same may succeed later.
    Away(&'static str),
    /// It does not want to.
    Refused { status: StatusCode, code: Option<String> },
    /// What it says can't be understood.
    Unreadable,
}

impl Failure {
    /// Why it does not want to, in its own word.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            Self::Away(_) | Self::Unreadable => None,
        }
    }
    /// Whether there is one of this id already.
    pub fn is_duplicate(&self) -> bool {
        self.code() == Some("duplicate_entry")
    }
}

/// Without its words: they may repeat what somebody is called.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => {
                tracing::warn!(why, "the billing provider is away");
                Self::unavailable("the billing provider can't be reached; try again")
            }
            Failure::Refused { status, code } => {
                let code = code.unwrap_or_default();
                Self::unexpected(format!("Chargebee answered {} {code}", status.as_u16()))
            }
            Failure::Unreadable => Self::unexpected("Chargebee's answer can't be read"),
        }
    }
}

impl Http {
    pub fn new(base_url: &str, api_key: Secret) -> reqwest::Result<Self> {
        let client = Client::builder().timeout(LIMIT).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, base_url: base_url.trim_end_matches('/').to_owned(), api_key })
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let url = format!("{}/{path}?{}", self.base_url, forms::encoded(query));
        Ok(self.ask(|| self.client.get(&url)).await?.answer)
    }

    /// Has something done; not again, if the same attempt has had the same done.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        attempt: &str,
        form: &[(&str, String)],
    ) -> Result<Done<T>, Failure> {
        let url = format!("{}/{path}", self.base_url);
        let body = forms::encoded(form);
        let same = format!("{attempt}\n{path}\n{body}");
        let key = Uuid::new_v5(&Uuid::NAMESPACE_OID, same.as_bytes()).to_string();
        self.ask(|| {
            self.client
                .post(&url)
                .header("chargebee-idempotency-key", &key)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone())
        })
        .await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Done<T>, Failure> {
        match self.attempt(request()).await {
            Err(Failure::Away(_)) => {
                tokio::time::sleep(PAUSE + PAUSE.mul_f32(by_chance())).await;
                self.attempt(request()).await
            }
            answered => answered,
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Done<T>, Failure> {
        let request = request.basic_auth(self.api_key.expose(), Some(""));
        let answer = request.send().await.map_err(|_| Failure::Away("it can't be reached"))?;
        let status = answer.status();
        if status.is_server_error() {
            return Err(Failure::Away("it answered with a fault of its own"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Failure::Away("it was asked too often"));
        }
        let is_repeated = answer.headers().get(REPEATED).is_some_and(|value| value == "true");
        let body = read(answer).await?;
        if status.is_success() {
            let answer = serde_json::from_slice(&body).map_err(|_| Failure::Unreadable)?;
            return Ok(Done { answer, is_repeated });
        }
        let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let code = refusal.api_error_code.filter(|code| code.chars().all(plain));
        let code = code.filter(|code| code.len() <= LONGEST_CODE);
        Err(Failure::Refused { status, code })
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, Failure> {
    let mut body = vec![];
    loop {
        let part = answer.chunk().await.map_err(|_| Failure::Away("its answer broke off"))?;
        let Some(part) = part else { return Ok(body) };
        if body.len() + part.len() > LONGEST_ANSWER {
            return Err(Failure::Unreadable);
        }
        body.extend_from_slice(&part);
    }
}

/// From 0 to 1.
fn by_chance() -> f32 {
    let random = RandomState::new().build_hasher().finish() % 256;
    f32::from(u8::try_from(random).unwrap_or_default()) / 255.0
}
