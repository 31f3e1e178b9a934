//! The pipeline from socket to use case and back, over a log in memory.

mod fakes;
mod identity;
mod input;
mod limits;
mod notifications;
mod output;
mod work;
mod writes;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::settings::HttpSettings;
use fakes::{Running, start};

/// Serves the cars alone.
fn cars() -> Running {
    start(&[], HttpSettings::default())
}

impl Running {
    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }
    fn as_owner(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth("owner")
    }
    async fn register(&self) -> (String, Response) {
        let response = self.as_owner(Method::POST, "/cars").json(&car()).send().await.unwrap();
        assert_eq!(response.status(), 201);
        let location = header(&response, "location");
        (location, response)
    }
}

fn car() -> Value {
    json!({
        "make": "Honda",
        "model": "Civic",
        "year": 2020,
        "jurisdiction": "New Zealand",
        "numberPlate": "ABC123",
    })
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Sends, and checks status and form of the problem.
async fn problem(request: RequestBuilder, status: u16) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_ne!(header(&response, "request-id"), "");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    problem
}
