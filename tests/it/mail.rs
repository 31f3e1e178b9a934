//! The shipped binary sends e-mails: to files, and through a mail server that is not always there.

use std::{fs, path::Path, time::Duration};

use acceptance::{
    Answer, Request,
    binary::{Environment, Process},
    events::Log,
    upstream::Upstream,
};
use adapters::{secret::Secret, signatures::Signatures};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::mpsc,
};

const ADDRESS: &str = "ann@company.com";
const LINK: &str = "http://127.0.0.1:5101/confirm?token=verysecret";

fn message(number: u32) -> Value {
    json!({
        "MessageId": format!("emails_{number:032x}"),
        "Html": {
            "Subject": "asubject <b>",
            "Body": format!("<p>Hello, <a href=\"{LINK}\">confirm</a></p>"),
            "Text": format!("Hello, open {LINK}."),
            "FromEmailAddress": "noreply@company.com", "FromDisplayName": "Support",
            "ToEmailAddress": ADDRESS, "ToDisplayName": "Ann",
            "Tags": ["user"], "Secrets": ["verysecret"],
        },
    })
}

async fn start(environment: &Environment, folder: &Path) -> Process {
    let mut process = Process::start(environment, &folder.join("output"));
    process.ready(&Client::new()).await;
    process
}

async fn get(process: &Process, path: &str) -> Answer {
    Request::new(&Client::new(), Method::GET, &format!("{}{path}", process.url)).send().await
}

async fn send(process: &Process, message: &Value) -> Answer {
    let body = json!({ "message": message.to_string() }).to_string();
    let signature = Signatures::new(&Secret::new("asecret")).sign(body.as_bytes());
    let url = format!("{}/emails/send", process.url);
    let request = Request::new(&Client::new(), Method::POST, &url);
    let request = request.header("X-HMAC-Signature", &signature);
    request.body("application/json", body).send().await
}

#[tokio::test]
async fn a_developer_reads_them_in_files_and_operators_do_not_see_what_is_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let environment = Environment::embedded(&data);
    let process = start(&environment, folder.path()).await;
    let _ = send(&process, &message(1)).await.expect(200);
    let file = fs::read_dir(data.join("mail")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("Hello, open {LINK}.")), "{text}");
    assert!(process.printed().contains("/_mail"), "{}", process.printed());
    let page = get(&process, "/_mail").await.expect(200).text();
    let elsewhere = Request::new(&Client::new(), Method::GET, &format!("{}/_mail", process.url));
    let elsewhere = elsewhere.header("origin", "https://example.com").send().await.expect(200);
    assert_eq!(elsewhere.header("access-control-allow-origin"), "", "no other site reads it");
    assert!(page.contains(&format!("<a href=\"{LINK}\">")), "{page}");
    assert!(page.contains("asubject &lt;b&gt;"), "{page}");
    let mint = ["ops", "tokens", "mint", "--platform-role", "platform_operations"];
    let operator = environment.run(&mint).unwrap().trim().to_owned();
    let url = format!("{}/emails", process.url);
    let found = Request::new(&Client::new(), Method::GET, &url).bearer(&operator).send().await;
    let email = found.expect(200).json()["emails"][0].clone();
    let body = email["body"].as_str().unwrap();
    assert!(body.contains("token=***") && !body.contains("verysecret"), "{body}");
    let printed = process.printed();
    assert!(!printed.contains(ADDRESS) && !printed.contains("verysecret"), "{printed}");
}

#[tokio::test]
async fn production_shows_nobody_what_it_keeps_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(&folder.path().join("data"))
        .with("GROUNDWORK_MODE", "production")
        .with("GROUNDWORK_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        .with("GROUNDWORK_HMAC_SECRET", "a secret of our own, long enough")
        .with("GROUNDWORK_INTER_HOST_SECRET", "another secret of our own")
        .with("GROUNDWORK_BASE_URL", "https://api.example.com")
        .with("GROUNDWORK_WEBSITE_URL", "https://www.example.com");
    environment.run(&["ops", "migrate"]).unwrap();
    let refusal = environment.run(&["serve"]).unwrap_err();
    assert!(refusal.contains("SMTP_URL"), "{refusal}");
    let environment = environment.with("GROUNDWORK_MAIL_DELIVERY", "files");
    let process = start(&environment, folder.path()).await;
    let _ = get(&process, "/_mail").await.problem(404);
}

#[tokio::test]
async fn a_template_of_the_owner_that_can_not_be_filled_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("reset_password.html"), "{{ nothing }}").unwrap();
    let refusal = Environment::embedded(&folder.path().join("data"))
        .with("GROUNDWORK_MAIL_TEMPLATES", &folder.path().display().to_string())
        .run(&["serve"])
        .unwrap_err();
    assert!(refusal.contains("data"), "what else is in the folder is no template: {refusal}");
    let templates = folder.path().join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join("reset_password.html"), "{{ nothing }}").unwrap();
    let refusal = Environment::embedded(&folder.path().join("data"))
        .with("GROUNDWORK_MAIL_TEMPLATES", &templates.display().to_string())
        .run(&["serve"])
        .unwrap_err();
    assert!(refusal.contains("reset_password.html"), "{refusal}");
}

/// Talks to whoever sends an e-mail, and passes on what it heard.
async fn receive(stream: TcpStream, heard: mpsc::UnboundedSender<String>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    let (mut all, mut line, mut data) = (String::new(), String::new(), false);
    while stream.read_line(&mut line).await? > 0 {
        all.push_str(&line);
        let answer: &[u8] = match line.trim_end() {
            "." => {
                data = false;
                let _ = heard.send(std::mem::take(&mut all));
                b"250 taken\r\n"
            }
            _ if data => b"",
            "DATA" => {
                data = true;
                b"354 go on\r\n"
            }
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer).await?;
        line.clear();
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_waits_for_the_mail_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (sender, mut heard) = mpsc::unbounded_channel();
    let away = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_away = away.clone();
    let server = Upstream::start(move |stream| {
        let (sender, is_away) = (sender.clone(), is_away.clone());
        async move {
            if !is_away.load(std::sync::atomic::Ordering::SeqCst) {
                // Whoever sends may hang up.
                let _ = receive(stream, sender).await;
            }
        }
    })
    .await;
    let url = format!("{}?tls=none", server.url.replace("http://", "smtp://"));
    let environment = Environment::embedded(&data).with("SMTP_URL", &url);
    let process = start(&environment, folder.path()).await;
    let log = Log::in_folder(&data);
    let enqueue = async |number: u32, tries: u32| {
        let body = message(number).to_string().replace('\'', "''");
        let statement = format!(
            "INSERT INTO work_messages (id, queue, body, enqueued_at, tries) VALUES \
             ('emails_{number:032x}', 'emails', '{body}', '2026-01-01T00:00:00.000000Z', {tries})"
        );
        log.try_execute(&statement).await.unwrap();
    };
    // The last try of one, the first of another.
    enqueue(1, 9).await;
    enqueue(2, 0).await;
    let set_aside = tokio::time::timeout(Duration::from_secs(30), async {
        while !environment
            .run(&["ops", "work", "status"])
            .unwrap()
            .contains("emails  1 waiting  1 set aside")
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(set_aside.await.is_ok(), "{}", environment.run(&["ops", "work", "status"]).unwrap());
    let ann = json!({
        "emailAddress": ADDRESS, "password": "1Secret-of-Ann",
        "firstName": "Ann", "lastName": "Miller", "termsAndConditionsAccepted": true,
    });
    let url = format!("{}/credentials/register", process.url);
    let _ = Request::new(&Client::new(), Method::POST, &url).json(&ann).send().await.expect(200);
    away.store(false, std::sync::atomic::Ordering::SeqCst);
    let next = async |heard: &mut mpsc::UnboundedReceiver<String>| {
        tokio::time::timeout(Duration::from_mins(1), heard.recv()).await.unwrap().unwrap()
    };
    let mails = [next(&mut heard).await, next(&mut heard).await];
    assert!(mails.iter().all(|mail| mail.contains("RCPT TO:<ann@company.com>")), "{mails:?}");
    for subject in ["Subject: asubject", "Subject: Welcome to Groundwork"] {
        assert!(mails.iter().any(|mail| mail.contains(subject)), "{subject}: {mails:?}");
    }
    environment.run(&["ops", "work", "revive", "emails", &format!("emails_{:032x}", 1)]).unwrap();
    let mail = next(&mut heard).await;
    assert!(mail.contains(&format!("receipt_{:032x}", 1)), "{mail}");
    let printed = process.printed();
    assert!(!printed.contains(ADDRESS) && !printed.contains("verysecret"), "{printed}");
}
