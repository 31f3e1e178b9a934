//! What other systems are told, by the shipped binary over a broker.

use std::time::Duration;

use acceptance::{
    Broker, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// Long enough for everything that happens at all.
const LIMIT: Duration = Duration::from_mins(1);

/// Waits until this many messages were heard besides others, and takes them.
async fn told(broker: &Broker, listener: &str, count: usize) -> Vec<Value> {
    let mut told = vec![];
    let all = async {
        while told.len() < count {
            for message in broker.read(listener).await {
                if let Some(message) = message.strip_prefix("end_users.person_registered.v1 ") {
                    let body = message.find(r#"{"messageId""#).unwrap();
                    told.push(serde_json::from_str(&message[body..]).unwrap());
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, all).await.unwrap();
    told
}

async fn post(client: &Client, process: &Process, path: &str, body: Value) -> Value {
    let url = format!("{}{path}", process.url);
    Request::new(client, Method::POST, &url).json(&body).send().await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_are_told_and_told_again_after_a_crash() {
    let (database, broker) = (Database::create().await, Broker::place());
    let folder = tempfile::tempdir().unwrap();
    let environment = broker.settings(Environment::postgres(&database.url));
    let client = Client::new();
    let mut process = Process::start(&environment, &folder.path().join("output"));
    process.ready(&client).await;
    let listener = broker.listen().await;
    let person = json!({
        "emailAddress": "Zebulon.Quagga@example.com",
        "firstName": "Zebulon",
        "lastName": "Quagga",
        "password": "1Password-of-Zebulon",
        "termsAndConditionsAccepted": true,
    });
    let person = post(&client, &process, "/credentials/register", person).await;
    let machine = json!({ "name": "Quagga-counter" });
    let machine = post(&client, &process, "/machines/register", machine).await;

    let first = told(&broker, &listener, 2).await;
    for (message, id) in
        first.iter().zip([&person["person"]["user"]["id"], &machine["machine"]["id"]])
    {
        let data: Value = serde_json::from_str(message["event"]["data"].as_str().unwrap()).unwrap();
        assert_eq!(data["rootId"], *id);
        assert_eq!(data["roles"], json!(["platform_standard"]));
        assert_eq!(data["username"], "");
        let nobody = json!({ "firstName": "", "timezone": "", "locale": "", "countryCode": "" });
        assert_eq!(data["userProfile"], nobody);
        assert!(!message.to_string().to_lowercase().contains("quagga"), "{message}");
    }

    // It dies before it notes that anything was published.
    process.kill();
    let log = Log::Postgres(database.url.clone());
    log.try_execute("UPDATE relays SET position = 0").await.unwrap();
    process.start_again();
    process.ready(&client).await;
    assert_eq!(told(&broker, &listener, 2).await, first, "with the same ids");
}
