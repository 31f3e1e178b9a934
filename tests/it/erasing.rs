//! What is personal is nowhere in the clear but in read models and e-mails, and gone once its
//! subject is erased: on the shipped binary, embedded and over a broker.

mod dead_letters;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use acceptance::{
    Broker, Database, Request,
    binary::{Environment, Process},
    events::Log,
};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

const EMAIL: &str = "Zebulon.Quagga@example.com";
const PASSWORD: &str = "1Password-of-Zebulon";
const PHONE: &str = "+64 9 887 6986";
const LINES: [&str; 3] = ["Zebrastrasse 17", "Quaggahausen", "10Q99"];
/// Long enough for everything that happens at all.
const LIMIT: Duration = Duration::from_mins(1);
/// Everything that the log's database keeps, as text.
const KEPT: &[&str] = &[
    "SELECT CAST(payload AS text) || CAST(metadata AS text) FROM events",
    "SELECT body || coalesce(error, '') FROM work_messages",
    "SELECT scope || kind || value || aggregate_id FROM claims",
    "SELECT CAST(state AS text) FROM snapshots",
    "SELECT error FROM dead_letters",
    "SELECT scope || key || fingerprint FROM idempotency_keys",
    "SELECT id || event_id || event_type || json_content || coalesce(proof, '') \
     FROM webhook_notifications",
];
/// Answers that are kept, in hexadecimal digits.
const ANSWERS_POSTGRES: &str =
    "SELECT encode(response, 'hex') FROM idempotency_keys WHERE response IS NOT NULL";
const ANSWERS_SQLITE: &str =
    "SELECT hex(response) FROM idempotency_keys WHERE response IS NOT NULL";

struct Site {
    process: Process,
    environment: Environment,
    client: Client,
    log: Log,
    /// The folder of its data, if it has one.
    embedded_in: Option<PathBuf>,
    _folder: TempDir,
    broker: Option<(Broker, String)>,
    _database: Option<Database>,
}

impl Site {
    async fn embedded() -> Self {
        Self::embedded_with(|environment| environment).await
    }

    async fn embedded_with(adjust: impl FnOnce(Environment) -> Environment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let environment = adjust(Environment::embedded(&data));
        let mut site = Self::start(environment, folder, Log::in_folder(&data), None).await;
        site.embedded_in = Some(data);
        site
    }

    async fn brokered() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, broker) = (Database::create().await, Broker::place());
        let environment = broker.settings(Environment::postgres(&database.url));
        let mail = folder.path().join("mail");
        let environment = environment
            .with("GROUNDWORK_MAIL_DELIVERY", "files")
            .with("GROUNDWORK_MAIL_FOLDER", &mail.display().to_string());
        let log = Log::Postgres(database.url.clone());
        let mut site = Self::start(environment, folder, log, Some(database)).await;
        // Who follows the exchange has to wait for it.
        let heard = broker.listen().await;
        site.broker = Some((broker, heard));
        site
    }

    async fn start(
        environment: Environment,
        folder: TempDir,
        log: Log,
        database: Option<Database>,
    ) -> Self {
        let environment = environment.with("GROUNDWORK_LOG", "debug");
        let client = Client::new();
        let mut process = Process::start(&environment, &folder.path().join("output"));
        process.ready(&client).await;
        Self {
            process,
            environment,
            client,
            log,
            embedded_in: None,
            _folder: folder,
            broker: None,
            _database: database,
        }
    }

    async fn post(&self, path: &str, body: Value) -> acceptance::Answer {
        let url = format!("{}{path}", self.process.url);
        Request::new(&self.client, Method::POST, &url).json(&body).send().await
    }

    async fn post_as(&self, token: &str, path: &str, body: Value) -> acceptance::Answer {
        let url = format!("{}{path}", self.process.url);
        Request::new(&self.client, Method::POST, &url).bearer(token).json(&body).send().await
    }

    async fn get(&self, path: &str, token: &str) -> acceptance::Answer {
        let url = format!("{}{path}", self.process.url);
        Request::new(&self.client, Method::GET, &url).bearer(token).send().await
    }

    async fn register(&self) -> String {
        self.register_at(EMAIL).await
    }

    async fn register_at(&self, email: &str) -> String {
        let body = json!({
            "emailAddress": email,
            "firstName": "Zebulon",
            "lastName": "Quagga",
            "password": PASSWORD,
            "termsAndConditionsAccepted": true,
        });
        let answer = self.post("/credentials/register", body).await.expect(200).json();
        answer["person"]["user"]["id"].as_str().unwrap().to_owned()
    }

    /// The token of the e-mail that asks to confirm.
    async fn mailed(&self) -> String {
        self.mailed_for("confirm-password-registration").await
    }

    /// The token of an e-mail that leads there.
    async fn mailed_for(&self, page: &str) -> String {
        let link = format!("{page}?token=");
        let token = || async {
            let page = self.get("/_mail", "").await.text();
            let (_, rest) = page.split_once(&link)?;
            let in_token = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '-';
            Some(rest.chars().take_while(in_token).collect::<String>())
        };
        until(token).await
    }

    async fn sign_in(&self) -> Option<String> {
        self.tokens().await.map(|(access, _)| access)
    }

    /// An access token and a refresh token.
    async fn tokens(&self) -> Option<(String, String)> {
        let body = json!({ "username": EMAIL, "password": PASSWORD });
        let answer = self.post("/credentials/auth", body).await;
        let tokens = answer.status.is_success().then(|| answer.json())?["tokens"].take();
        let value = |kind: &str| tokens[kind]["value"].as_str().map(str::to_owned);
        value("accessToken").zip(value("refreshToken"))
    }

    /// Tells where the person lives; the answer is kept for the key.
    async fn move_to_berlin(&self, user: &str, access: &str) {
        for (path, body) in [
            (format!("/profiles/{user}"), json!({ "phoneNumber": PHONE })),
            (
                format!("/profiles/{user}/contact"),
                json!({ "line1": LINES[0], "city": LINES[1], "zip": LINES[2], "countryCode": "DEU" }),
            ),
        ] {
            let url = format!("{}{path}", self.process.url);
            let request = Request::new(&self.client, Method::PUT, &url).bearer(access);
            let _ = request.header("idempotency-key", "k").json(&body).send().await.expect(202);
        }
    }

    /// Has an e-mail about a reset set aside: its folder is gone, and it was tried nine times.
    async fn set_an_email_aside(&self, folder: &Path) {
        let (mail, away) = (folder.join("mail"), folder.join("away"));
        fs::rename(&mail, &away).unwrap();
        fs::write(&mail, "no folder").unwrap();
        let _ = self.post("/credentials/reset", json!({ "emailAddress": EMAIL })).await.expect(200);
        let listed = || async {
            let tried = "UPDATE work_messages SET tries = 9 WHERE queue = 'emails' AND tries < 9";
            self.log.try_execute(tried).await.unwrap();
            let listed = self.environment.run(&["ops", "work", "list"]).unwrap();
            listed.contains("emails_").then_some(())
        };
        until(listed).await;
        fs::remove_file(&mail).unwrap();
        fs::rename(&away, &mail).unwrap();
    }

    /// Fails if anything that is kept or said holds one of these.
    async fn nothing_says(&self, secrets: &[&str]) {
        let mut said = vec![self.process.printed()];
        for statement in KEPT {
            let rows: Vec<(String,)> = self.log.try_all(statement).await.unwrap();
            said.extend(rows.into_iter().map(|(text,)| text));
        }
        let answers = match &self.log {
            Log::Sqlite(_) => ANSWERS_SQLITE,
            Log::Postgres(_) => ANSWERS_POSTGRES,
        };
        let rows: Vec<(String,)> = self.log.try_all(answers).await.unwrap();
        said.extend(rows.into_iter().map(|(digits,)| from_hex(&digits)));
        if let Some((broker, queue)) = &self.broker {
            let messages = broker.read(queue).await;
            assert!(!messages.is_empty(), "nothing was published");
            said.extend(messages);
        }
        for text in said {
            let lower = text.to_lowercase();
            for secret in secrets {
                assert!(!lower.contains(&secret.to_lowercase()), "{secret} is in: {text}");
            }
        }
    }
}

fn from_hex(digits: &str) -> String {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn until<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, found).await.unwrap()
}

async fn a_person_is_sealed_and_erased(mut site: Site) {
    let user = site.register().await;
    let token = site.mailed().await;
    let _ =
        site.post("/credentials/confirm-registration", json!({ "token": token })).await.expect(200);
    let (access, refresh) = until(|| site.tokens()).await;
    let shown = || async {
        let answer = site.get("/profiles/me", &access).await;
        answer.status.is_success().then(|| answer.json()["profile"].clone())
    };
    let profile = until(shown).await;
    assert_eq!(profile["emailAddress"], EMAIL.to_lowercase());
    let organization = user.replace("user_", "org_");
    site.move_to_berlin(&user, &access).await;
    let _ = site.post("/credentials/reset", json!({ "emailAddress": EMAIL })).await.expect(200);
    let reset = site.mailed_for("confirm-password-reset").await;
    let folder = site.embedded_in.clone();
    if let Some(folder) = &folder {
        site.set_an_email_aside(folder).await;
    }
    let secrets = ["zebulon.quagga", "Quagga", &token, PASSWORD, &access, &refresh, &reset, PHONE];
    site.nothing_says(&[&secrets[..], &LINES].concat()).await;

    site.environment.run(&["ops", "verify"]).unwrap();

    let refusal = site.environment.run(&["ops", "people", "erase", &user]).unwrap_err();
    assert!(refusal.contains("--yes"), "{refusal}");
    site.environment.run(&["ops", "people", "erase", &user, "--yes"]).unwrap();
    let emptied = || async {
        let profile = shown().await?;
        let empty = profile.get("emailAddress").is_none_or(|email| email == "");
        empty.then_some(profile)
    };
    let profile = until(emptied).await;
    assert!(!profile.to_string().contains("Quagga"), "{profile}");
    assert_eq!(site.sign_in().await, None, "nobody signs in as whoever was erased");
    // A host remembers a key for a minute; a new one does not have it.
    site.process.terminate();
    site.process.wait();
    site.process.start_again();
    site.process.ready(&site.client).await;
    let path = format!("/organizations/{organization}");
    let _ = site.get(&path, &access).await.expect(401);
    let mint = ["ops", "tokens", "mint", "--organization", &organization];
    let other = site.environment.run(&mint).unwrap();
    let named = site.get(&path, other.trim()).await.expect(200);
    assert!(!named.text().contains("Quagga"), "{named}");
    site.environment.run(&["ops", "verify"]).unwrap();
    // It was erased, so the address is free.
    let again = || async {
        let again = site.register().await;
        (again != user).then_some(again)
    };
    until(again).await;
    // That can be done again, and takes nothing from who has the address now.
    site.environment.run(&["ops", "people", "erase", &user, "--yes"]).unwrap();
    site.environment.run(&["ops", "verify"]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded() {
    a_person_is_sealed_and_erased(Site::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_broker() {
    a_person_is_sealed_and_erased(Site::brokered().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_others_need_is_erased_if_that_is_said() {
    let site = Site::embedded().await;
    let user = site.register().await;
    let token = json!({ "token": site.mailed().await });
    let _ = site.post("/credentials/confirm-registration", token).await.expect(200);
    let other = site.register_at("other@example.com").await;
    let access = until(|| site.sign_in()).await;
    let founded = site.post_as(&access, "/organizations", json!({ "name": "Acme" })).await;
    let founded = founded.expect(200).json();
    let id = founded["organization"]["id"].as_str().unwrap();
    // A token says what its bearer may do where when it is made.
    let path = format!("/organizations/{id}/members");
    let invited = || async {
        let access = site.sign_in().await?;
        let answer = site.post_as(&access, &path, json!({ "userId": other })).await;
        answer.status.is_success().then_some(access)
    };
    let access = until(invited).await;
    let path = format!("/organizations/{id}/roles/assign");
    let known = || async {
        let url = format!("{}{path}", site.process.url);
        let role = json!({ "userId": other, "roles": ["tenant_member"] });
        let request = Request::new(&site.client, Method::PUT, &url).bearer(&access).json(&role);
        request.send().await.status.is_success().then_some(())
    };
    until(known).await;

    let erase = ["ops", "people", "erase", &user, "--yes"];
    let refusal = site.environment.run(&erase).unwrap_err();
    assert!(refusal.contains(id) && refusal.contains("transfer the subscription"), "{refusal}");
    assert!(refusal.contains("--although-needed"), "{refusal}");
    assert!(site.sign_in().await.is_some());
    site.environment.run(&[&erase[..], &["--although-needed"]].concat()).unwrap();
    assert_eq!(site.sign_in().await, None);
}

#[test]
fn only_users_are_erased() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(Path::new(folder.path()));
    let refusal = environment.run(&["ops", "people", "erase", "nobody", "--yes"]).unwrap_err();
    assert!(refusal.contains("no user"), "{refusal}");
    let unknown = ["ops", "people", "erase", "user_aaaaaaaaaaaaaaaaaaaaaa", "--yes"];
    let refusal = environment.run(&unknown).unwrap_err();
    assert!(refusal.contains("could not be erased"), "{refusal}");
}
