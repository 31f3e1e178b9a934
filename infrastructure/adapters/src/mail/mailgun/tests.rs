use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use super::*;
use crate::mail::samples;

/// A server that gives one answer after the other; what it was sent.
async fn server(answers: &'static [(u16, &'static str)]) -> (Mailgun, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v3/", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut heard = vec![];
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![];
            let mut buffer = [0; 4096];
            // The last part of the form ends with two dashes.
            while !request.ends_with(b"--\r\n") {
                let count = stream.read(&mut buffer).await.unwrap();
                assert!(count > 0, "it broke off");
                request.extend_from_slice(&buffer[..count]);
            }
            heard.push(String::from_utf8(request).unwrap());
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    let (domain, api_key) = ("mail.example.com".to_owned(), Secret::new("akey"));
    (Mailgun::new(Account { base_url, domain, api_key }).unwrap(), running)
}

fn field(name: &str, value: &str) -> String {
    format!("name=\"{name}\"\r\n\r\n{value}\r\n")
}

#[tokio::test]
async fn it_gets_the_form_that_it_asks_for() {
    let (mailgun, mut running) = server(&[(200, r#"{"id":"<a@b>","message":"Queued"}"#)]).await;
    assert_eq!(mailgun.send(&samples::email()).await.unwrap(), "a@b");
    let heard = running.join_next().await.unwrap().unwrap().remove(0);
    assert!(heard.starts_with("POST /v3/mail.example.com/messages "), "{heard}");
    // `api:akey`
    assert!(
        heard.to_lowercase().contains("authorization: basic yxbponrrzxk=")
            || heard.contains("Basic YXBpOmFrZXk="),
        "{heard}"
    );
    let who = r#"{"ann@example.com":{"Id":1,"Name":"Ann O’Neil"}}"#;
    for (name, value) in [
        ("from", "\"Support\" <noreply@example.com>"),
        ("to", "ann@example.com"),
        ("subject", "Wëlcome"),
        ("recipient-variables", who),
        ("o:tag", "user"),
        ("o:tag", "registration"),
        ("o:tracking-opens", "no"),
    ] {
        assert!(heard.contains(&field(name, value)), "{name}: {heard}");
    }
    assert!(heard.contains("name=\"html\"") && !heard.contains("name=\"template\""), "{heard}");
}

#[tokio::test]
async fn a_template_is_named() {
    let (mailgun, mut running) = server(&[(200, r#"{"id":"x"}"#)]).await;
    let mut email = samples::email();
    email.content = EmailContent::Templated {
        template_id: "welcome".into(),
        subject: None,
        substitutions: [("name".to_owned(), "Ann".to_owned())].into(),
    };
    assert_eq!(mailgun.send(&email).await.unwrap(), "x");
    let heard = running.join_next().await.unwrap().unwrap().remove(0);
    assert!(heard.contains(&field("template", "welcome")), "{heard}");
    assert!(heard.contains(&field("h:X-Mailgun-Variables", r#"{"name":"Ann"}"#)), "{heard}");
    assert!(!heard.contains("name=\"subject\"") && !heard.contains("name=\"html\""), "{heard}");
}

#[tokio::test]
async fn what_passes_is_tried_once_more() {
    let (mailgun, mut running) = server(&[(500, "no ann@"), (200, r#"{"id":"x"}"#)]).await;
    assert_eq!(mailgun.send(&samples::email()).await.unwrap(), "x");
    assert_eq!(running.join_next().await.unwrap().unwrap().len(), 2);
    let (mailgun, _running) = server(&[(503, ""), (502, "")]).await;
    let error = mailgun.send(&samples::email()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (None, "unexpected: Mailgun answered 502".into())
    );
}

/// It would look as if the API itself were called too often, and so not count as a try.
#[tokio::test]
async fn a_limit_of_mailgun_is_a_failure() {
    let (mailgun, _running) = server(&[(429, ""), (429, "")]).await;
    assert_eq!(mailgun.send(&samples::email()).await.unwrap_err().kind(), None);
}

#[tokio::test]
async fn a_refusal_keeps_its_kind_and_not_its_words() {
    for (answers, kind) in [
        (&[(400, "ann@example.com is bad")], ErrorKind::Invalid),
        (&[(401, "")], ErrorKind::Unauthenticated),
        (&[(404, "")], ErrorKind::NotFound),
    ] as [(&'static [(u16, &str)], _); 3]
    {
        let (mailgun, _running) = server(answers).await;
        let error = mailgun.send(&samples::email()).await.unwrap_err();
        assert_eq!(error.kind(), Some(kind));
        assert!(!error.to_string().contains("ann@"), "{error}");
    }
}
