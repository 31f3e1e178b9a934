use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::oneshot,
    task::JoinSet,
};

use super::*;
use crate::{clock::SystemClock, mail::samples};

/// A mail server that takes one e-mail, or refuses its recipient.
async fn server(refuses: bool) -> (Smtp, JoinSet<()>, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    let (sender, heard_all) = oneshot::channel();
    let mut taken = Some(sender);
    let mut running = JoinSet::new();
    running.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 here\r\n").await.unwrap();
        let (mut heard, mut line, mut data) = (String::new(), String::new(), false);
        while stream.read_line(&mut line).await.unwrap_or_default() > 0 {
            heard.push_str(&line);
            let answer = match line.trim_end() {
                "." => {
                    data = false;
                    taken.take().unwrap().send(heard.clone()).unwrap();
                    "250 taken"
                }
                _ if data => "",
                "DATA" => {
                    data = true;
                    "354 go on"
                }
                "QUIT" if refuses => "221 bye",
                // Who was told that the e-mail is taken waits for an answer to the farewell in vain.
                "QUIT" => "",
                text if text.starts_with("RCPT") && refuses => "550 <ann@example.com> who?",
                _ => "250 fine",
            };
            if !answer.is_empty() {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
            line.clear();
        }
    });
    (Smtp::new(&Secret::new(url), Arc::new(SystemClock)).unwrap(), running, heard_all)
}

#[tokio::test]
async fn a_server_gets_both_texts() {
    let (smtp, _running, heard_all) = server(false).await;
    let receipt = smtp.send(&samples::email()).await.unwrap();
    assert_eq!(receipt, "receipt_0123456789abcdef0123456789abcdef");
    let heard = heard_all.await.unwrap();
    for part in [
        "MAIL FROM:<noreply@example.com>",
        "RCPT TO:<ann@example.com>",
        "Message-ID: <receipt_0123456789abcdef0123456789abcdef@example.com>",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ] {
        assert!(heard.contains(part), "{part}: {heard}");
    }
}

#[tokio::test]
async fn a_refusal_does_not_repeat_the_recipient() {
    let (smtp, _running, _heard_all) = server(true).await;
    let error = smtp.send(&samples::email()).await.unwrap_err();
    assert_eq!(error.kind(), None);
    let error = error.to_string();
    assert!(error.contains("550") && !error.contains("ann@"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    drop(listener);
    let smtp = Smtp::new(&Secret::new(url), Arc::new(SystemClock)).unwrap();
    let error = smtp.send(&samples::email()).await.unwrap_err().to_string();
    assert!(error.contains("can't be reached"), "{error}");
}

#[test]
fn a_url_encrypts_unless_it_says_not_to() {
    for (url, read) in [
        ("smtp://a:b@host:587", Some("smtp://a:b@host:587?tls=required")),
        ("smtp://host?tls=none", Some("smtp://host")),
        ("smtp://host?tls=opportunistic", Some("smtp://host?tls=opportunistic")),
        ("smtps://host", Some("smtps://host")),
        ("smtps://host?tls=none", None),
        ("smtp://host?tls=maybe", None),
        ("http://host", None),
    ] {
        assert_eq!(meant(url).as_deref(), read, "{url}");
    }
}

#[tokio::test]
async fn what_is_no_url_is_not_repeated() {
    let url = Secret::new("smtp://user:secret@[");
    let refused = Smtp::new(&url, Arc::new(SystemClock)).err().unwrap().to_string();
    assert!(refused.contains("SMTP_URL") && !refused.contains("secret"), "{refused}");
}
