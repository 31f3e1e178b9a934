use std::sync::Arc;

use application::ports::{Clock, Usage, UsageProvider};
use domain::kernel::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use super::*;
use crate::secret::Secret;

struct Stands;

impl Clock for Stands {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-02T03:04:05Z").unwrap()
    }
}

/// What a provider was sent: the head, and the body.
type Heard = Vec<(String, Value)>;

/// A provider that answers so often with a status.
async fn provider(status: u16, times: usize) -> (String, JoinSet<Heard>) {
    provider_with(vec![status; times]).await
}

/// A provider that answers with one status after the other.
async fn provider_with(statuses: Vec<u16>) -> (String, JoinSet<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base/", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut heard = vec![];
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            let mut buffer = [0; 4096];
            let request = loop {
                let count = stream.read(&mut buffer).await.unwrap();
                assert!(count > 0, "it broke off: {text}");
                text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                let Some((first, body)) = text.split_once("\r\n\r\n") else { continue };
                if let Ok(body) = serde_json::from_str(body) {
                    break (first.to_owned(), body);
                }
            };
            heard.push(request);
            let answer = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: 5\r\nConnection: close\r\n\r\nann@x"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    (url, running)
}

fn userpilot(base_url: String) -> UserPilot {
    let account = UserPilotAccount { base_url, api_key: Secret::new("akey") };
    UserPilot::new(account, Arc::new(Stands)).unwrap()
}

fn mixpanel(base_url: String) -> Mixpanel {
    let project = MixpanelProject { base_url, id: "7".to_owned(), token: Secret::new("atoken") };
    Mixpanel::new(project, Arc::new(Stands)).unwrap()
}

fn usage(event: &str, for_id: &str, additional: &[(&str, &str)]) -> Usage {
    let text = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Usage {
        message_id: None,
        for_id: for_id.to_owned(),
        event_name: event.to_owned(),
        additional: additional.iter().map(text).collect(),
    }
}

fn login() -> Usage {
    let additional = [
        ("UserIdOverride", "user_a"),
        ("Name", "Ann Miller"),
        ("EmailAddress", "ann@example.com"),
        ("DefaultOrganizationId", "org_a"),
        ("AuthProvider", "credentials"),
        ("CallId", "a/call-1"),
        ("Started", "2026-01-01T00:00:00Z"),
        ("UserAgent", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.1.2 Safari/537.36"),
    ];
    usage("User Login", "xxx_anonymous0000000000000", &additional)
}

#[tokio::test]
async fn userpilot_is_told_of_a_login_for_the_platform_and_the_organization() {
    let (url, mut running) = provider(200, 4).await;
    userpilot(url).deliver(&login()).await.unwrap();
    let heard = running.join_next().await.unwrap().unwrap();
    let heads: Vec<_> = heard.iter().map(|(head, _)| head.lines().next().unwrap()).collect();
    let (identify, track) = ("POST /base/identify HTTP/1.1", "POST /base/track HTTP/1.1");
    assert_eq!(heads, [identify, track, identify, track]);
    let sent = heard[0].0.to_lowercase();
    assert!(sent.contains("authorization: token akey"), "{sent}");
    assert!(sent.contains("x-api-version: 2020-09-22"), "{sent}");
    let person = json!({ "name": "Ann Miller", "email": "ann@example.com" });
    for (at, tenant) in [(0, "platform"), (2, "org_a")] {
        let user = format!("user_a@{tenant}");
        let expected = json!({ "user_id": user, "metadata": person, "company": {} });
        assert_eq!(heard[at].1, expected);
        let track = &heard[at + 1].1;
        assert_eq!((&track["user_id"], &track["event_name"]), (&json!(user), &json!("User Login")));
        let metadata = json!({
            "browser": "Chrome", "browser_version": "120.1.2", "os": "Windows",
            "TenantId": tenant, "CallId": "a/call-1", "ResourceId": "user_a",
            "AuthProvider": "credentials", "Started": "1767225600",
            "Name": "Ann Miller", "EmailAddress": "ann@example.com",
        });
        assert_eq!(track["metadata"], metadata);
    }
}

#[tokio::test]
async fn userpilot_is_told_of_companies() {
    for (event, additional, company) in [
        (
            "Organization Created",
            &[("ResourceId", "org_a"), ("Name", "A")] as &[(&str, &str)],
            json!({ "id": "org_a", "name": "A", "created_at": "1767323045" }),
        ),
        (
            "Membership Changed",
            &[("ResourceId", "mship_a"), ("TenantIdOverride", "org_a")],
            json!({ "id": "org_a" }),
        ),
    ] {
        let (url, mut running) = provider(200, 2).await;
        userpilot(url).deliver(&usage(event, "user_a", additional)).await.unwrap();
        let heard = running.join_next().await.unwrap().unwrap();
        assert_eq!(heard[0].1["company"], company, "{event}");
        assert_eq!(heard[1].1["user_id"], "user_a@org_a");
    }
}

#[tokio::test]
async fn mixpanel_is_told_of_a_login() {
    let (url, mut running) = provider(200, 2).await;
    mixpanel(url).deliver(&login()).await.unwrap();
    let heard = running.join_next().await.unwrap().unwrap();
    assert!(heard[0].0.starts_with("POST /base/engage?verbose=1 "), "{}", heard[0].0);
    assert!(heard[1].0.starts_with("POST /base/import?strict=1&project_id=7 "), "{}", heard[1].0);
    // `atoken:`
    assert!(heard[1].0.contains("Basic YXRva2VuOg=="), "{}", heard[1].0);
    let set = json!({ "$name": "Ann Miller", "$email": "ann@example.com", "$unsubscribed": true });
    let user = json!([{ "$token": "atoken", "$distinct_id": "user_a", "$set": set }]);
    assert_eq!(heard[0].1, user);
    let event = &heard[1].1[0];
    assert_eq!(event["event"], "User Login");
    let properties = &event["properties"];
    for (name, value) in [
        ("time", json!(1_767_323_045)),
        ("distinct_id", json!("user_a")),
        ("$insert_id", json!("acall-1")),
        ("TenantId", json!("org_a")),
        ("$browser", json!("Chrome")),
        ("$os", json!("Windows")),
        ("ResourceId", json!("user_a")),
    ] {
        assert_eq!(properties[name], value, "{name}");
    }
    assert!(properties.get("UserAgent").is_none() && properties.get("UserIdOverride").is_none());
}

#[tokio::test]
async fn what_is_told_again_is_the_same_to_mixpanel() {
    let mut usage = usage(
        "User Registration Created",
        "user_a",
        &[("ResourceId", "user_a"), ("CallId", "acall"), ("Timestamp", "2026-01-01T00:00:00Z")],
    );
    usage.message_id = Some("usages_0123456789abcdef0123456789abcdef".to_owned());
    let (url, mut running) = provider_with(vec![200, 503, 200, 200]).await;
    let mixpanel = mixpanel(url);
    assert!(mixpanel.deliver(&usage).await.is_err());
    mixpanel.deliver(&usage).await.unwrap();
    let heard = running.join_next().await.unwrap().unwrap();
    assert_eq!(heard[1].1, heard[3].1);
    let properties = &heard[3].1[0]["properties"];
    assert_eq!(properties["$insert_id"], "0123456789abcdef0123456789abcdef");
    assert_eq!(properties["time"], 1_767_225_600, "when it was, not when it is told");
}

#[tokio::test]
async fn userpilot_is_sent_only_what_it_did_not_accept() {
    let mut login = login();
    login.message_id = Some("usages_0123456789abcdef0123456789abcdef".to_owned());
    let (url, mut running) = provider_with(vec![200, 200, 503, 500, 200, 200, 200]).await;
    let userpilot = userpilot(url);
    for _ in 0..2 {
        assert!(userpilot.deliver(&login).await.is_err());
    }
    userpilot.deliver(&login).await.unwrap();
    // It is over: the same again would be another delivery.
    let again = usage("anevent", "user_b", &[]);
    userpilot.deliver(&Usage { message_id: login.message_id.clone(), ..again }).await.unwrap();
    let heard = running.join_next().await.unwrap().unwrap();
    let sent: Vec<_> = heard
        .iter()
        .map(|(head, body)| {
            (head.starts_with("POST /base/track "), body["user_id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        sent,
        [
            (false, "user_a@platform"),
            (true, "user_a@platform"),
            (false, "user_a@org_a"),
            (false, "user_a@org_a"),
            (false, "user_a@org_a"),
            (true, "user_a@org_a"),
            (true, "user_b@platform"),
        ]
    );
}

#[tokio::test]
async fn userpilot_is_sent_everything_of_what_has_no_message() {
    let (url, mut running) = provider_with(vec![200, 503, 200, 200, 200, 200]).await;
    let userpilot = userpilot(url);
    assert!(userpilot.deliver(&login()).await.is_err());
    userpilot.deliver(&login()).await.unwrap();
    assert_eq!(running.join_next().await.unwrap().unwrap().len(), 6);
}

#[tokio::test]
async fn companies_and_people_are_as_old_as_the_usage() {
    let at = ("Timestamp", "2026-01-01T00:00:00Z");
    let (url, mut running) = provider(200, 4).await;
    let userpilot = userpilot(url);
    for event in ["Organization Created", "Machine Registered"] {
        userpilot.deliver(&usage(event, "user_a", &[("ResourceId", "a"), at])).await.unwrap();
    }
    let heard = running.join_next().await.unwrap().unwrap();
    assert_eq!(heard[0].1["company"]["created_at"], "1767225600");
    assert_eq!(heard[2].1["metadata"]["created_at"], "1767225600");
}

#[tokio::test]
async fn nobody_is_made_up_for_who_is_not_known() {
    for user in ["xxx_anonymous0000000000000", "NULL"] {
        let (url, mut running) = provider(200, 1).await;
        mixpanel(url).deliver(&usage("anevent", user, &[])).await.unwrap();
        let heard = running.join_next().await.unwrap().unwrap();
        assert_eq!(heard[0].1[0]["properties"]["distinct_id"], "");
        assert_eq!(heard[0].1[0]["properties"]["TenantId"], "platform");
    }
}

/// A status of theirs must not look as if the API itself were busy, and their words may be personal.
#[tokio::test]
async fn a_refusal_is_a_failure_without_their_words() {
    for status in [400, 401, 429, 503] {
        let (url, _running) = provider(status, 1).await;
        let error = userpilot(url).deliver(&usage("anevent", "user_a", &[])).await.unwrap_err();
        let text = format!("unexpected: UserPilot answered {status}");
        assert_eq!((error.kind(), error.to_string()), (None, text));
        let (url, _running) = provider(status, 1).await;
        assert!(mixpanel(url).deliver(&usage("anevent", "user_a", &[])).await.is_err());
    }
}
