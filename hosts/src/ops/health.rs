//! `groundwork ops health`: for containers, whose images hold nothing else that could ask.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

use super::printing::say;
use crate::cli::Stop;

/// Whoever asks again and again must not wait for long.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks once; any answer that is no success is a failure.
///
/// # Errors
/// A sentence with what the host says of itself.
pub async fn ask(url: &str) -> Result<(), Stop> {
    let silent = |error: reqwest::Error| {
        // Its own text only repeats the URL.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Stop::because(&format!("{url} does not answer"), cause)
    };
    let client = Client::builder().no_proxy().timeout(PATIENCE).build().map_err(silent)?;
    let response = client.get(url).send().await.map_err(silent)?;
    let status = response.status();
    if status.is_success() {
        return say("OK");
    }
    let said: Option<Value> = response.json().await.ok();
    let detail = said.as_ref().and_then(|problem| problem["detail"].as_str());
    Err(Stop::because(&format!("{url} answers {status}"), detail.unwrap_or("it does not say why")))
}
