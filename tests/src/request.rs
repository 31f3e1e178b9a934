//! Asking a host, as any client would.

use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;

use crate::{Answer, Person};

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    builder: RequestBuilder,
    asked: String,
}

impl Request {
    /// To a path of a host.
    pub fn new(client: &Client, method: Method, url: &str) -> Self {
        Self { asked: format!("{method} {url}"), builder: client.request(method, url) }
    }

    /// As this person.
    pub fn by(self, person: &Person) -> Self {
        self.bearer(&person.token)
    }

    /// With a token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.builder = self.builder.bearer_auth(token);
        self
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With a JSON body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// With a body of any type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body.into());
        self
    }

    /// Sends it and reads the answer.
    pub async fn send(self) -> Answer {
        let asked = self.asked.clone();
        let answer = self.try_send().await;
        answer.unwrap_or_else(|error| panic!("{asked}: no answer: {error:?}"))
    }

    /// As [`Self::send`]; a host that can't be reached is no failure of the test.
    ///
    /// # Errors
    /// If there is no answer, or only the beginning of one.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.builder.send().await?;
        Answer::read(self.asked, response).await
    }
}
