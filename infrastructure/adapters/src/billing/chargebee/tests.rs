use domain::kernel::{OrganizationId, PersonName, UserId};
use domain::user_profiles::Address;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;
use crate::clock::SystemClock;

mod beginning;
mod ending;
mod looking;

/// What a request was: method, path with query, idempotency key and body.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    key: String,
    body: String,
}

/// A server that gives one answer after the other; what it was asked.
async fn server(answers: Vec<(u16, String)>) -> (ChargebeeBilling, JoinSet<Vec<Asked>>) {
    server_with(answers.into_iter().map(|(status, body)| (status, "", body)).collect()).await
}

/// As [`server`], with a header of each answer.
async fn server_with(
    answers: Vec<(u16, &'static str, String)>,
) -> (ChargebeeBilling, JoinSet<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api/v2/", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut heard = vec![];
        for (status, header, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            heard.push(read(&mut stream).await);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    (billing(base_url), running)
}

fn billing(base_url: String) -> ChargebeeBilling {
    let account = Account {
        base_url,
        api_key: Secret::new("akey"),
        product_family: "afamily".into(),
        starting_plan: "atrial".into(),
    };
    let interpreter = Chargebee { standard: vec!["atrial".into()], ..Chargebee::default() };
    ChargebeeBilling::new(account, interpreter, Arc::new(SystemClock)).unwrap()
}

async fn read(stream: &mut TcpStream) -> Asked {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    // `akey:`
    assert!(head.contains("Basic YWtleTo="), "{head}");
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.unwrap();
    let body = percent_encoding::percent_decode(&body).decode_utf8().unwrap().into_owned();
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let line = percent_encoding::percent_decode_str(&line).decode_utf8().unwrap().into_owned();
    Asked { line, key: header("chargebee-idempotency-key"), body }
}

fn ok(body: &str) -> (u16, String) {
    (200, body.to_owned())
}

const NOBODY: &str = r#"{"list":[]}"#;
const CUSTOMER: &str = r#"{"customer":{"id":"org_aaaaaaaaaa"}}"#;

fn subscription(status: &str, plan: &str) -> String {
    format!(
        r#"{{"subscription":{{"id":"sub","customer_id":"org_aaaaaaaaaa","status":"{status}",
        "subscription_items":[{{"item_price_id":"{plan}","amount":500}}]}}}}"#
    )
}

fn listed(one: &str) -> (u16, String) {
    (200, format!(r#"{{"list":[{one}]}}"#))
}

/// One that has to begin the first subscription, if any.
fn attempt(change: &str) -> Attempt {
    Attempt { change: change.into(), begin: "billsub_a/begun/0".into() }
}

fn ann() -> Buyer {
    Buyer {
        id: UserId::parse("user_ann0000000").unwrap(),
        organization: OrganizationId::parse("org_aaaaaaaaaa").unwrap(),
        name: PersonName::new("Ann", Some("O’Neil & Co")).unwrap(),
        email: Some("ann@company.com".into()),
        phone: None,
        address: Address { city: Some("Auckland".into()), ..Address::default() },
    }
}

fn state(status: &str) -> ProviderState {
    [
        ("CustomerId", "org_aaaaaaaaaa"),
        ("SubscriptionId", "sub"),
        ("SubscriptionStatus", status),
        ("PaymentMethodStatus", "valid"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

async fn heard(mut running: JoinSet<Vec<Asked>>) -> Vec<Asked> {
    running.join_next().await.unwrap().unwrap()
}

fn lines(heard: &[Asked]) -> Vec<&str> {
    heard.iter().map(|asked| asked.line.as_str()).collect()
}

#[tokio::test]
async fn a_plan_is_changed_after_what_stood_in_the_way() {
    for (status, first) in [
        ("active", None),
        ("non_renewing", Some("remove_scheduled_cancellation")),
        ("cancelled", Some("reactivate")),
    ] {
        let mut answers = vec![listed(&subscription(status, "atrial"))];
        answers.extend(first.map(|_| ok(&subscription("active", "atrial"))));
        answers.push(ok(&subscription("active", "big")));
        let (billing, running) = server(answers).await;
        let after =
            billing.change_plan(&attempt("billsub_a/2"), &state("active"), "big").await.unwrap();
        assert_eq!(
            (after["PlanId"].as_str(), after["SubscriptionStatus"].as_str()),
            ("big", "active")
        );
        assert_eq!(after["PaymentMethodStatus"], "valid", "what is not told stays");
        let heard = heard(running).await;
        if let Some(first) = first {
            assert!(heard[1].line.ends_with(first), "{heard:?}");
        }
        let last = heard.last().unwrap();
        assert_eq!(last.line, "POST /api/v2/subscriptions/sub/update_for_items");
        assert!(last.body.contains("replace_items_list=true"), "{}", last.body);
    }
}

#[tokio::test]
async fn an_answer_that_is_repeated_changes_the_plan_again() {
    let at = |version: u32, plan: &str| {
        let version = format!("\"resource_version\":{version},\"status\"");
        subscription("active", plan).replace("\"status\"", &version)
    };
    let answers = vec![listed(&at(5, "small")), ok(&at(3, "big")), ok(&at(6, "big"))];
    let (billing, running) = server(answers).await;
    let after = billing.change_plan(&attempt("a/1"), &state("active"), "big").await.unwrap();
    assert_eq!((after["PlanId"].as_str(), after["SubscriptionVersion"].as_str()), ("big", "6"));
    let heard = heard(running).await;
    assert_eq!((&heard[1].line, &heard[1].body), (&heard[2].line, &heard[2].body));
    assert_ne!(heard[1].key, heard[2].key);
}

#[tokio::test]
async fn a_running_trial_is_kept_and_one_that_is_over_is_not() {
    for (end, kept) in [(4_102_444_800_i64, true), (1_000_000_000, false)] {
        let told = subscription("in_trial", "atrial")
            .replace("\"status\"", &format!("\"trial_end\":{end},\"status\""));
        let (billing, running) =
            server(vec![listed(&told), ok(&told.replace("atrial", "big"))]).await;
        billing.change_plan(&attempt("a/1"), &state("in_trial"), "big").await.unwrap();
        let body = heard(running).await.remove(1).body;
        let sent = body.contains(&format!("subscription_items[trial_end][0]={end}"));
        assert_eq!(sent, kept, "{body}");
    }
}

#[tokio::test]
async fn who_is_gone_begins_again_without_a_trial() {
    let mut gone = state("active");
    gone.remove("SubscriptionId");
    let answers = vec![ok(&subscription("active", "atrial")), ok(&subscription("active", "big"))];
    let (billing, running) = server(answers).await;
    let after = billing.change_plan(&attempt("a/1"), &gone, "big").await.unwrap();
    assert_eq!(after["SubscriptionId"], "sub");
    let heard = heard(running).await;
    assert!(heard[0].body.contains("subscription_items[trial_end][0]=0"), "{}", heard[0].body);
}

#[tokio::test]
async fn who_has_no_payment_method_can_not_begin() {
    let mut gone = state("active");
    gone.remove("SubscriptionId");
    let refusal = r#"{"api_error_code":"payment_method_not_present"}"#;
    let (billing, _running) = server(vec![(400, refusal.into())]).await;
    let error = billing.change_plan(&attempt("a/1"), &gone, "big").await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Precondition));
}

#[tokio::test]
async fn a_transfer_updates_the_customer_and_the_plan_if_one_is_named() {
    let answers = vec![listed(&subscription("active", "atrial")), ok(CUSTOMER), ok(CUSTOMER)];
    let (billing, running) = server(answers).await;
    let after = billing.transfer(&attempt("a/1"), &state("active"), &ann(), None).await.unwrap();
    assert_eq!(after["PlanId"], "atrial");
    assert_eq!(
        lines(&heard(running).await)[1..],
        [
            "POST /api/v2/customers/org_aaaaaaaaaa",
            "POST /api/v2/customers/org_aaaaaaaaaa/update_billing_info",
        ]
    );
    let answers = vec![
        listed(&subscription("cancelled", "atrial")),
        ok(&subscription("active", "atrial")),
        ok(&subscription("active", "big")),
        ok(CUSTOMER),
        ok(CUSTOMER),
    ];
    let (billing, _running) = server(answers).await;
    let after =
        billing.transfer(&attempt("a/1"), &state("cancelled"), &ann(), Some("big")).await.unwrap();
    assert_eq!((after["PlanId"].as_str(), after["SubscriptionStatus"].as_str()), ("big", "active"));
}

#[tokio::test]
async fn what_passes_is_tried_once_more() {
    let answers = vec![
        (503, String::new()),
        listed(&subscription("active", "a")),
        ok(&subscription("active", "b")),
    ];
    let (billing, running) = server(answers).await;
    billing.change_plan(&attempt("a/1"), &state("active"), "b").await.unwrap();
    assert_eq!(heard(running).await.len(), 3);
    for statuses in [[500, 502], [429, 429]] {
        let answers = statuses.map(|status| (status, "ann@company.com".to_owned()));
        let (billing, _running) = server(answers.into()).await;
        let error = billing.change_plan(&attempt("a/1"), &state("active"), "b").await.unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Unavailable));
        assert!(!error.to_string().contains("ann@"), "{error}");
    }
}

#[tokio::test]
async fn whoever_is_away_is_unavailable() {
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = billing(base_url).subscribe(&attempt("a/1"), &ann()).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_refusal_is_unexpected_and_keeps_its_words_to_itself() {
    for (status, body) in [
        (400, r#"{"api_error_code":"param_wrong_value","message":"ann@company.com is bad"}"#),
        (401, "ann@company.com"),
        (404, r#"{"api_error_code":"ann@company.com"}"#),
        (200, "ann@company.com"),
    ] {
        let (billing, _running) = server(vec![(status, body.to_owned())]).await;
        let error = billing.change_plan(&attempt("a/1"), &state("active"), "b").await.unwrap_err();
        assert_eq!(error.kind(), None, "{error}");
        assert!(!error.to_string().contains("ann@"), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (billing, _running) = server(vec![ok(NOBODY)]).await;
    let error = billing.change_plan(&attempt("a/1"), &state("active"), "b").await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    let nothing = ProviderState::new();
    let error = billing.cancel(&attempt("a/1"), &nothing, Ending::EndOfTerm).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Rule));
}

#[tokio::test]
async fn an_endless_answer_is_not_read() {
    let (billing, _running) = server(vec![ok(&" ".repeat(5 * 1024 * 1024))]).await;
    let error = billing.plans().await.unwrap_err();
    assert_eq!(error.kind(), None);
}
