//! What is left of events that could not be handled.

use std::sync::{Arc, Mutex};

use acceptance::upstream::{Upstream, head};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{EMAIL, PASSWORD, Site, until};

/// Everything that a billing provider was told in bodies.
type Told = Arc<Mutex<String>>;

/// A billing provider that has nobody, and refuses whoever comes with everything that it was told.
async fn refusing(noted: Told) -> Upstream {
    Upstream::start(move |stream| refuse(stream, noted.clone())).await
}

async fn refuse(mut stream: TcpStream, noted: Told) {
    while let Some(head) = head(&mut stream).await {
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let mut told = vec![0; length.unwrap_or_default()];
        if stream.read_exact(&mut told).await.is_err() {
            return;
        }
        let told = String::from_utf8_lossy(&told).replace("%40", "@").replace("%2E", ".");
        noted.lock().unwrap().push_str(&told);
        let (status, body) = if head.starts_with("GET") {
            ("200 OK", json!({ "list": [] }))
        } else {
            ("400 Bad", json!({ "api_error_code": "refused", "message": told }))
        };
        let (body, length) = (body.to_string(), body.to_string().len());
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_does_not_say_whom_it_is_about() {
    let told = Told::default();
    let provider = refusing(told.clone()).await;
    let site = Site::embedded_with(|environment| {
        environment
            .with("GROUNDWORK_BILLING", "chargebee")
            .with("CHARGEBEE_BASE_URL", &provider.url)
            .with("CHARGEBEE_SITE", "asite")
            .with("CHARGEBEE_API_KEY", "akey")
            .with("CHARGEBEE_PRODUCT_FAMILY", "afamily")
            .with("CHARGEBEE_STARTING_PLAN", "atrial")
            .with("CHARGEBEE_STANDARD_PLANS", "atrial")
            .with("CHARGEBEE_PROFESSIONAL_PLANS", "pro")
            .with("CHARGEBEE_ENTERPRISE_PLANS", "enterprise")
    })
    .await;
    site.register().await;
    let left = || async { (!site.log.dead_letters().await.is_empty()).then_some(()) };
    until(left).await;
    // So what it answered had them.
    let told = told.lock().unwrap().to_lowercase();
    assert!(told.contains(&EMAIL.to_lowercase()) && told.contains("name=quagga"), "{told}");
    site.nothing_says(&["zebulon.quagga", "Quagga", PASSWORD]).await;
}
