//! API keys: making, listing and ending them, and calling with them.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use acceptance::{
    Answer, Database, Person, Request, TestApp, on_every_deployment, registrations::ann,
};
use application::{Call, Caller, identities::api_keys::uses, ports::ApiKeyUse};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{identities::ApiKeyId, kernel::UserId};
use serde_json::{Value, json};

use super::audited;

on_every_deployment!(
    a_key_is_as_good_as_a_token,
    another_key_ends_the_ones_before,
    of_keys_that_are_made_at_once_one_is_good,
    everything_but_the_whole_key_is_refused,
    a_key_ends_at_its_time,
    an_end_is_judged,
    its_owner_deletes_a_key,
    an_operator_revokes_a_key,
    who_was_erased_calls_no_more,
    what_was_given_and_taken_counts_within_a_second,
    uses_are_noted_once_in_a_while,
    nobody_is_left_to_have_used_a_key,
    a_lost_key_is_not_repeated,
);

/// Whatever ends a key counts within this on every host.
const NOTICED: Duration = Duration::from_secs(1);
/// Long enough for everything that happens at all.
const LIMIT: Duration = Duration::from_secs(20);

/// A key as a value of a query.
pub fn query(key: &str) -> String {
    format!("apikey={}", key.replace('|', "%7C").replace('#', "%23"))
}

/// `Authorization: Basic`.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A GET request with a key.
pub fn get(app: &TestApp, path: &str, key: &str) -> Request {
    app.get(path).header("authorization", &basic(key, ""))
}

/// Who calls with a key.
pub async fn caller(app: &TestApp, key: &str) -> Answer {
    get(app, "/testingonly/authn/token/get", key).send().await
}

/// Waits until a request is answered so. Whoever begins to ask a second after now must be.
async fn soon(status: u16, ask: impl AsyncFn() -> Answer) {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        let answer = ask().await;
        if answer.status == status {
            return;
        }
        assert!(asked < NOTICED, "not {status} after {asked:?}: {answer}");
    }
}

async fn create(app: &TestApp, by: &Person, body: &Value) -> Answer {
    app.post("/apikeys").by(by).json(body).send().await
}

async fn key(app: &TestApp, by: &Person) -> String {
    let answer = create(app, by, &json!({})).await.expect(200).json();
    answer["apiKey"].as_str().unwrap().to_owned()
}

async fn listed(app: &TestApp, by: &Person) -> Vec<Value> {
    let answer = app.get("/apikeys").by(by).send().await.expect(200).json();
    answer["keys"].as_array().unwrap().clone()
}

async fn id(app: &TestApp, by: &Person) -> String {
    listed(app, by).await.last().unwrap()["id"].as_str().unwrap().to_owned()
}

async fn a_person(app: &TestApp) -> Person {
    app.registered(ann("ann@company.com")).await
}

async fn an_operator(app: &TestApp) -> Person {
    app.registered(ann("operator@company.com")).await
}

async fn a_key_is_as_good_as_a_token(app: &TestApp) {
    let ann = a_person(app).await;
    let created = app.post("/apikeys").by(&ann).send().await.expect(200).json();
    let key = created["apiKey"].as_str().unwrap();
    assert_eq!((key.len(), &key[..4], &key[28..30], &key[73..]), (74, "apk_", "||", "#"));
    let keys = listed(app, &ann).await;
    let [only] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(only["key"], key[4..28]);
    assert_eq!((&only["userId"], &only["description"]), (&json!(ann.user), &json!(ann.user)));
    assert_eq!(only.get("expiresOnUtc"), None);
    for path in ["/users/me", "/cars", "/apikeys"] {
        let _ = get(app, path, key).send().await.expect(200);
        let _ = app.get(&format!("{path}?{}", query(key))).send().await.expect(200);
    }
    // Without a word about the organization it is the default one.
    let path = format!("/cars?{}", query(key));
    let _ = app.post(&path).json(&crate::honda()).send().await.expect(201);
    assert_eq!(app.cars(&ann, "").await.len(), 1);
    assert_eq!(caller(app, key).await.expect(200).json()["callerId"], json!(ann.user));
    // Of two keys the one in the query counts; where nobody has to be known, none does.
    let both = get(app, &format!("/users/me?{}", query("apk_x")), key);
    let _ = both.send().await.problem(401);
    let open = get(app, "/testingonly/authz/none/get", key).send().await.expect(200).json();
    assert_eq!(open["callerId"], UserId::ANONYMOUS);
}

async fn another_key_ends_the_ones_before(app: &TestApp) {
    let ann = a_person(app).await;
    let first = key(app, &ann).await;
    let _ = caller(app, &first).await.expect(200);
    app.clock.advance(time::Duration::minutes(1));
    let second = key(app, &ann).await;
    soon(401, async || caller(app, &first).await).await;
    let _ = caller(app, &second).await.expect(200);
    let keys = listed(app, &ann).await;
    let shown: Vec<_> = keys.iter().map(|key| key["key"].as_str().unwrap()).collect();
    assert_eq!(shown, [&second[4..28], &first[4..28]]);
    assert_eq!(keys[1]["expiresOnUtc"], "2026-06-15T12:01:00Z");
    assert_eq!(keys[0].get("expiresOnUtc"), None);
    // What others have is theirs.
    let operator = an_operator(app).await;
    assert_eq!(listed(app, &operator).await, [] as [Value; 0]);
    let _ = key(app, &operator).await;
    let _ = caller(app, &second).await.expect(200);
}

async fn of_keys_that_are_made_at_once_one_is_good(app: &TestApp) {
    let ann = a_person(app).await;
    let made = futures_util::future::join_all((0..3).map(|_| key(app, &ann))).await;
    app.settle().await;
    let distinct: HashSet<_> = made.iter().collect();
    assert_eq!(distinct.len(), 3);
    let keys = listed(app, &ann).await;
    assert_eq!(keys.len(), 3);
    let good = keys.iter().filter(|key| key.get("expiresOnUtc").is_none()).count();
    assert_eq!(good, 1, "{keys:?}");
}

async fn everything_but_the_whole_key_is_refused(app: &TestApp) {
    let ann = a_person(app).await;
    let good = key(app, &ann).await;
    let other = key(app, &an_operator(app).await).await;
    let _ = caller(app, &good).await.expect(200);
    let _ = audited(app).await;
    let swapped = format!("{}{}", &good[..30], &other[30..]);
    let bad = [
        swapped,
        good[..28].to_owned(),
        good[4..28].to_owned(),
        good[..73].to_owned(),
        good.replace("apk_", "key_"),
        good.replace('#', "="),
        good.replace("||", "|"),
        format!("{good}{good}"),
        good.repeat(20),
        "apk_".to_owned(),
    ];
    for key in &bad {
        let _ = caller(app, key).await.problem(401);
        let path = format!("/users/me?{}", query(key));
        let answer = app.get(&path).send().await;
        assert!(!answer.text().contains(key.as_str()), "{answer}");
        let _ = answer.problem(401);
    }
    for authorization in [basic(&good, "password"), basic("", ""), "Basic !".to_owned()] {
        let request = app.get("/users/me").header("authorization", &authorization);
        let _ = request.send().await.problem(401);
    }
    let codes = audited(app).await;
    let refused = codes.iter().filter(|c| *c == "APIKeyAuthentication.Failed.InvalidAPIKey");
    assert_eq!(refused.count(), 2 * bad.len(), "{codes:?}");
    let _ = caller(app, &good).await.expect(200);
}

async fn a_key_ends_at_its_time(app: &TestApp) {
    let ann = a_person(app).await;
    let body = json!({ "expiresOnUtc": app.hours(1) });
    let created = create(app, &ann, &body).await.expect(200).json();
    let key = created["apiKey"].as_str().unwrap();
    assert_eq!(listed(app, &ann).await[0]["expiresOnUtc"], "2026-06-15T13:00:00Z");
    app.clock.advance(time::Duration::minutes(59));
    let _ = caller(app, key).await.expect(200);
    app.clock.advance(time::Duration::minutes(1));
    let _ = caller(app, key).await.problem(401);
}

async fn an_end_is_judged(app: &TestApp) {
    let ann = a_person(app).await;
    let before = app.head().await;
    for end in [json!(app.hours(0)), json!("2020-01-01T00:00:00Z"), json!("tomorrow"), json!(0)] {
        let refused = create(app, &ann, &json!({ "expiresOnUtc": end })).await;
        assert_eq!(refused.failed_rules(), ["GreaterThanOrEqualValidator"], "{end}");
    }
    assert_eq!(app.head().await, before);
    let _ = app.post("/apikeys").json(&json!({})).send().await.problem(401);
}

async fn its_owner_deletes_a_key(app: &TestApp) {
    let (ann, operator) = (a_person(app).await, an_operator(app).await);
    let mine = key(app, &ann).await;
    let _ = caller(app, &mine).await.expect(200);
    let path = format!("/apikeys/{}", id(app, &ann).await);
    let refused = app.delete(&path).by(&operator).send().await.problem(400);
    assert_eq!(refused["code"], "api_key_not_owner");
    let _ = app.delete(&path).by(&ann).send().await.expect(204);
    soon(401, async || caller(app, &mine).await).await;
    assert_eq!(listed(app, &ann).await, [] as [Value; 0]);
    let _ = app.delete(&path).by(&ann).send().await.problem(405);
    let answer = app.delete("/apikeys/nothing").by(&ann).send().await;
    assert_eq!(answer.failed_rules(), ["PredicateValidator"]);
    let _ = app.delete("/apikeys/apikey_aaaaaaaaaaaa").by(&ann).send().await.problem(404);
    // The next one takes the place of what is gone.
    let next = key(app, &ann).await;
    let _ = caller(app, &next).await.expect(200);
}

async fn an_operator_revokes_a_key(app: &TestApp) {
    let (ann, operator) = (a_person(app).await, an_operator(app).await);
    let hers = key(app, &ann).await;
    let _ = caller(app, &hers).await.expect(200);
    let path = format!("/apikeys/{}/revoke", id(app, &ann).await);
    let _ = app.delete(&path).by(&ann).send().await.problem(403);
    let _ = app.delete(&path).by(&operator).send().await.expect(204);
    soon(401, async || caller(app, &hers).await).await;
    let before = app.head().await;
    let _ = app.delete(&path).by(&operator).send().await.expect(204);
    assert_eq!(app.head().await, before);
    assert_eq!(listed(app, &ann).await.len(), 1);
    for (id, status) in [("nothing", 400), ("apikey_aaaaaaaaaaaa", 404)] {
        let path = format!("/apikeys/{id}/revoke");
        let _ = app.delete(&path).by(&operator).send().await.problem(status);
    }
    let own = format!("/apikeys/{}", id(app, &ann).await);
    let _ = app.delete(&own).by(&ann).send().await.expect(204);
    let _ = app.delete(&path).by(&operator).send().await.problem(405);
}

async fn who_was_erased_calls_no_more(app: &TestApp) {
    let ann = a_person(app).await;
    let hers = key(app, &ann).await;
    let _ = caller(app, &hers).await.expect(200);
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    application::end_users::erase::erase(app.ports(), &call, &ann.user).await.unwrap();
    soon(401, async || caller(app, &hers).await).await;
    let _ = caller(app, &hers).await.problem(401);
    app.settle().await;
    let codes = audited(app).await;
    let code = "Authentication.APIKey.Failed.AccountSuspended";
    assert_eq!(codes.iter().filter(|audited| *audited == code).count(), 1, "{codes:?}");
    let left = app.ports().api_key_reads.unexpired(&ann.user, app.now()).await.unwrap();
    assert_eq!(left, []);
}

async fn what_was_given_and_taken_counts_within_a_second(app: &TestApp) {
    let (ann, operator) = (a_person(app).await, an_operator(app).await);
    let hers = key(app, &ann).await;
    let listing = async || get(app, "/audits", &hers).send().await;
    let _ = listing().await.problem(403);
    let path = format!("/users/{}/roles", ann.user);
    let roles = json!({ "roles": ["platform_operations"] });
    let _ = app.post(&path).by(&operator).json(&roles).send().await.expect(200);
    soon(200, listing).await;
    let _ = app.put(&path).by(&operator).json(&roles).send().await.expect(202);
    soon(403, listing).await;
}

async fn uses_are_noted_once_in_a_while(app: &TestApp) {
    let ann = a_person(app).await;
    let hers = key(app, &ann).await;
    app.clock.advance(time::Duration::seconds(90));
    let _ = audited(app).await;
    let before = app.head().await;
    let used = async |minute: &str| {
        let begun = Instant::now();
        while listed(app, &ann).await[0].get("lastUsedOnUtc") != Some(&json!(minute)) {
            assert!(begun.elapsed() < LIMIT, "the use is not noted");
            let _ = caller(app, &hers).await.expect(200);
        }
    };
    used("2026-06-15T12:01:00Z").await;
    app.clock.advance(time::Duration::minutes(9));
    used("2026-06-15T12:10:00Z").await;
    app.clock.advance(time::Duration::minutes(1));
    used("2026-06-15T12:11:00Z").await;
    // What is told is told after it was noted.
    let (begun, mut codes) = (Instant::now(), vec![]);
    let passed = "Authentication.APIKey.Passed";
    while codes.iter().filter(|code| *code == passed).count() < 2 {
        assert!(begun.elapsed() < LIMIT, "{codes:?}");
        codes.extend(audited(app).await);
    }
    assert_eq!(codes, [passed, passed]);
    assert_eq!(app.head().await, before, "a use is no event");
    let begun = Instant::now();
    while signed_in(app, &ann).await < 2 {
        assert!(begun.elapsed() < LIMIT, "nobody is told of the use");
    }
}

/// How often the provider was told that somebody called with a key.
async fn signed_in(app: &TestApp, who: &Person) -> usize {
    let _ = app.post_signed("/usages/drain", &json!({})).await.expect(200);
    let answer = app.get("/testingonly/usages").send().await.expect(200).json();
    let usages = answer["usages"].as_array().unwrap().iter();
    let of_key = |usage: &&Value| {
        let more = &usage["additional"];
        usage["eventName"] == "User Login"
            && more["AuthProvider"] == "apikey"
            && more["UserIdOverride"] == json!(who.user)
            && more["EmailAddress"] == "ann@company.com"
            && more["DefaultOrganizationId"] == json!(who.organization)
    };
    usages.filter(of_key).count()
}

/// What is noted once is not noted again in the same minute.
async fn noted(app: &TestApp, by: &Person) -> ApiKeyUse {
    let key = ApiKeyId::parse(&id(app, by).await).unwrap();
    let used = ApiKeyUse { key, user: by.user.clone(), at: app.now() };
    let note = async || app.ports().api_key_uses.note(vec![used.clone()]).await.unwrap();
    assert_eq!((note().await, note().await), (vec![used.clone()], vec![]));
    used
}

/// Nothing is noted, nor is what a host tells too late.
async fn forgotten(app: &TestApp, used: ApiKeyUse) {
    uses::record(app.ports(), vec![used.clone()]).await.unwrap();
    let again = app.ports().api_key_uses.note(vec![used.clone()]).await.unwrap();
    assert_eq!(again, [used]);
}

async fn nobody_is_left_to_have_used_a_key(app: &TestApp) {
    let ann = a_person(app).await;
    let _ = key(app, &ann).await;
    let used = noted(app, &ann).await;
    let path = format!("/apikeys/{}", used.key);
    let _ = app.delete(&path).by(&ann).send().await.expect(204);
    forgotten(app, used).await;
    let _ = key(app, &ann).await;
    let used = noted(app, &ann).await;
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    application::end_users::erase::erase(app.ports(), &call, &ann.user).await.unwrap();
    app.settle().await;
    forgotten(app, used).await;
}

async fn a_lost_key_is_not_repeated(app: &TestApp) {
    let ann = a_person(app).await;
    let before = app.head().await;
    let keyed = app.post("/apikeys").by(&ann).header("idempotency-key", "one");
    let _ = keyed.json(&json!({})).send().await.problem(400);
    assert_eq!(app.head().await, before);
}

/// A host that has just seen a key hears of its end within a second, whoever ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_a_key_on_one_host_ends_it_on_the_others() {
    let one = TestApp::start_on(Database::create().await, |environment| environment).await;
    let other = one.start_beside().await;
    let (ann, operator) = (a_person(&one).await, an_operator(&one).await);
    let first = key(&one, &ann).await;
    let _ = caller(&other, &first).await.expect(200);
    let path = format!("/apikeys/{}/revoke", id(&one, &ann).await);
    let _ = caller(&other, &first).await.expect(200);
    let _ = one.delete(&path).by(&operator).send().await.expect(204);
    soon(401, async || caller(&other, &first).await).await;
    let second = key(&one, &ann).await;
    let _ = caller(&other, &second).await.expect(200);
    let third = key(&one, &ann).await;
    soon(401, async || caller(&other, &second).await).await;
    let _ = caller(&other, &third).await.expect(200);
    other.finish().await;
    one.finish().await;
}
