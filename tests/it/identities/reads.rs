//! What it costs to find out who calls with an API key, and who signs in.

use std::sync::{Arc, Mutex};

use acceptance::{Person, TestApp, on_every_deployment, registrations::ann};
use adapters::api_keys::ApiKeys;
use application::{
    App, Call, Caller, Repository, Result, UseCase,
    identities::credentials::authenticate::AuthenticateCredential,
    ports::{
        Append, AppendError, Appended, ClaimRef, EventLog, Lead, LogError, Recorded, SealedText,
        Snapshot, StoredAnswer, StreamId, Touched, Trail, Vault,
    },
};
use serde_json::json;
use store::sealing::SealedLog;
use tokio::sync::watch;

use super::{PASSWORD, confirmed};

on_every_deployment!(
    a_key_costs_one_read,
    whoever_guesses_costs_one_read_for_each_guess,
    a_long_history_is_not_read_again_and_again,
    signing_in_costs_one_read_for_anybody,
    signing_in_often_leaves_a_snapshot,
);

/// What the log and the vault were asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<&'static str>>>);

impl Asked {
    fn add(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Counted {
    log: Arc<dyn EventLog>,
    vault: Arc<dyn Vault>,
    asked: Asked,
}

#[async_trait::async_trait]
impl EventLog for Counted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.asked.add("append");
        self.log.append(append).await
    }
    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<Recorded>, LogError> {
        self.asked.add("load");
        self.log.load(stream, after).await
    }
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, LogError> {
        self.asked.add("read");
        self.log.read(after, limit).await
    }
    async fn touched(
        &self,
        after: u64,
        through: u64,
        names: &[&str],
    ) -> Result<Vec<Touched>, LogError> {
        self.asked.add("touched");
        self.log.touched(after, through, names).await
    }
    async fn head(&self) -> Result<u64, LogError> {
        self.asked.add("head");
        self.log.head().await
    }
    fn watch(&self) -> watch::Receiver<u64> {
        self.log.watch()
    }
    async fn owner(&self, claim: &ClaimRef) -> Result<Option<StreamId>, LogError> {
        self.asked.add("owner");
        self.log.owner(claim).await
    }
    async fn follow(&self, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError> {
        self.asked.add("follow");
        self.log.follow(lead).await
    }
    async fn checkpoint(&self, consumer: &str, part: u16) -> Result<Option<u64>, LogError> {
        self.asked.add("checkpoint");
        self.log.checkpoint(consumer, part).await
    }
    async fn answered(&self, scope: &str, key: &str) -> Result<Option<StoredAnswer>, LogError> {
        self.asked.add("answered");
        self.log.answered(scope, key).await
    }
    async fn keep_answer(&self, scope: &str, key: &str, response: Vec<u8>) -> Result<(), LogError> {
        self.asked.add("keep_answer");
        self.log.keep_answer(scope, key, response).await
    }
    async fn snapshot(
        &self,
        stream: &StreamId,
        state_version: u32,
    ) -> Result<Option<Snapshot>, LogError> {
        self.asked.add("snapshot");
        self.log.snapshot(stream, state_version).await
    }
    async fn keep_snapshot(&self, stream: &StreamId, snapshot: Snapshot) -> Result<(), LogError> {
        self.asked.add("keep_snapshot");
        self.log.keep_snapshot(stream, snapshot).await
    }
}

#[async_trait::async_trait]
impl Vault for Counted {
    async fn seal(&self, subject: &str, context: &str, plain: &[u8]) -> Result<String> {
        self.asked.add("seal");
        self.vault.seal(subject, context, plain).await
    }
    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.asked.add("open");
        self.vault.open(sealed).await
    }
    async fn has(&self, subject: &str) -> Result<bool> {
        self.vault.has(subject).await
    }
    async fn erase(&self, subject: &str) -> Result<bool> {
        self.vault.erase(subject).await
    }
    fn digest(&self, purpose: &str, value: &str) -> String {
        self.vault.digest(purpose, value)
    }
}

/// What is built over ports that are counted, and remembers nothing yet.
fn counted(app: &TestApp, asked: &Asked) -> App {
    let ports = app.ports();
    let counted = Arc::new(Counted {
        log: ports.log.clone(),
        vault: ports.vault.clone(),
        asked: asked.clone(),
    });
    let sealed: Arc<dyn EventLog> = Arc::new(SealedLog::new(counted.clone(), counted.clone()));
    App {
        log: counted.clone(),
        vault: counted,
        credentials: Repository::new(sealed.clone(), ports.ids.clone()),
        api_keys: Repository::new(sealed.clone(), ports.ids.clone()),
        end_users: Repository::new(sealed.clone(), ports.ids.clone()),
        sealed_log: sealed,
        ..ports.clone()
    }
}

/// A host's knowledge of keys.
fn fresh(app: &TestApp, asked: &Asked) -> ApiKeys {
    ApiKeys::new(counted(app, asked))
}

/// Somebody, with a key.
async fn a_key(app: &TestApp) -> (Person, String) {
    let ann = app.registered(ann("ann@company.com")).await;
    let answer = app.post("/apikeys").by(&ann).json(&json!({})).send().await.expect(200).json();
    (ann, answer["apiKey"].as_str().unwrap().to_owned())
}

async fn a_key_costs_one_read(app: &TestApp) {
    let (ann, key) = a_key(app).await;
    let asked = Asked::default();
    let keys = fresh(app, &asked);
    for expected in [vec!["follow"], vec![]] {
        let caller = keys.caller(&key).await.unwrap().unwrap();
        assert_eq!(caller.id, ann.user);
        assert_eq!((&caller.roles, &caller.features), (&ann.grants.roles, &ann.grants.features));
        assert_eq!(asked.take(), expected);
    }
    // Another secret with the same beginning is judged by what is remembered.
    let wrong = format!("{}{}#", &key[..30], "a".repeat(43));
    assert!(keys.caller(&wrong).await.unwrap().is_none());
    let _ = asked.take();
    for _ in 0..10 {
        assert!(keys.caller(&wrong).await.unwrap().is_none());
    }
    assert!(asked.take().len() <= 1);
}

async fn whoever_guesses_costs_one_read_for_each_guess(app: &TestApp) {
    let asked = Asked::default();
    let keys = fresh(app, &asked);
    for guess in ["a", "b"] {
        let key = format!("apk_{}||{}#", guess.repeat(24), "a".repeat(43));
        for _ in 0..10 {
            assert!(keys.caller(&key).await.unwrap().is_none());
        }
        assert_eq!(asked.take(), ["follow"]);
    }
}

async fn a_long_history_is_not_read_again_and_again(app: &TestApp) {
    let operator = app.registered(ann("operator@company.com")).await;
    let (owner, key) = a_key(app).await;
    let path = format!("/users/{}/roles", owner.user);
    let roles = json!({ "roles": ["platform_operations"] });
    for _ in 0..55 {
        let _ = app.post(&path).by(&operator).json(&roles).send().await.expect(200);
        let _ = app.put(&path).by(&operator).json(&roles).send().await.expect(202);
    }
    let asked = Asked::default();
    let caller = async || fresh(app, &asked).caller(&key).await.unwrap().unwrap();
    // Whether somebody has kept a snapshot by now or not, there is one afterwards.
    let first = caller().await;
    let _ = asked.take();
    let second = caller().await;
    assert_eq!(asked.take(), ["follow", "open"], "with a key that is remembered for a while");
    assert_eq!((&second.roles, &second.features), (&first.roles, &first.features));
    assert_eq!(second.roles, owner.grants.roles);
}

async fn signing_in_costs_one_read_for_anybody(app: &TestApp) {
    let (known, right, wrong) = ("ann@company.com", PASSWORD, "9Password!");
    confirmed(app, known).await;
    app.settle().await;
    let asked = Asked::default();
    let ports = counted(app, &asked);
    for (username, password, passes, expected) in [
        (known, right, true, vec!["follow", "append"]),
        (known, wrong, false, vec!["follow", "append"]),
        ("nobody@company.com", right, false, vec!["follow"]),
    ] {
        let call = Call::new(Caller::anonymous(), "sign-in".to_owned());
        let (username, password) = (Some(username.to_owned()), Some(password.to_owned()));
        let answer = AuthenticateCredential { username, password }.run(&ports, &call).await;
        assert_eq!(answer.is_ok(), passes);
        let mut asked = asked.take();
        asked.retain(|what| !["open", "seal"].contains(what));
        assert_eq!(asked, expected);
    }
}

async fn signing_in_often_leaves_a_snapshot(app: &TestApp) {
    confirmed(app, "ann@company.com").await;
    app.settle().await;
    let asked = Asked::default();
    let ports = counted(app, &asked);
    let mut kept = 0;
    for _ in 0..120 {
        let call = Call::new(Caller::anonymous(), "sign-in".to_owned());
        let username = Some("ann@company.com".to_owned());
        let password = Some(PASSWORD.to_owned());
        AuthenticateCredential { username, password }.run(&ports, &call).await.unwrap();
        let asked = asked.take();
        assert_eq!(asked.iter().filter(|what| **what == "follow").count(), 1);
        kept += asked.iter().filter(|what| **what == "keep_snapshot").count();
    }
    assert_eq!(kept, 12, "one for every ten events");
}
