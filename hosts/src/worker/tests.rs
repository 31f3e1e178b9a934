use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use adapters::{secret::Secret, signatures::Signatures};
use application::{
    Result,
    ports::{WorkMessage, WorkQueues},
};
use async_trait::async_trait;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;

/// A queue that tells what became of its messages, and ends the worker after the last.
struct Queue {
    waiting: Mutex<VecDeque<Taken>>,
    fates: Mutex<Vec<String>>,
    expected: usize,
    /// How many are taken at once.
    together: usize,
    stop: watch::Sender<bool>,
}

impl Queue {
    fn of(bodies: &[&str], expected: usize) -> Arc<Self> {
        Self::that_gives(1, bodies, expected)
    }

    fn that_gives(together: usize, bodies: &[&str], expected: usize) -> Arc<Self> {
        let taken = |(receipt, body): (u64, &&str)| Taken {
            message: WorkMessage {
                id: format!("audits_{receipt:032x}"),
                queue: WorkQueue::Audits,
                body: (*body).to_owned(),
                subject: None,
            },
            tries: 1,
            receipt,
        };
        let waiting = (0..).zip(bodies).map(taken).collect();
        let (stop, fates) = (watch::Sender::new(false), Mutex::default());
        Arc::new(Self { waiting: Mutex::new(waiting), fates, expected, together, stop })
    }

    fn note(&self, taken: &Taken, fate: &str) {
        let mut fates = self.fates.lock().unwrap_or_else(PoisonError::into_inner);
        fates.push(format!("{} {fate}", taken.receipt));
        if fates.len() == self.expected {
            self.stop.send_replace(true);
        }
    }

    /// Runs a worker until as many fates as expected are known.
    async fn deliver_to(self: &Arc<Self>, address: SocketAddr) -> Vec<String> {
        let signatures = Signatures::new(&Secret::new("asecret"));
        let post = Post::to_own(&[address], signatures).unwrap().within(Duration::from_secs(1));
        let worker = Worker::new(self.clone(), post).run(self.stop.subscribe());
        tokio::time::timeout(Duration::from_secs(20), worker).await.unwrap();
        self.fates.lock().unwrap().clone()
    }
}

#[async_trait]
impl WorkQueues for Queue {
    async fn take(&self, queue: WorkQueue, most: usize) -> Result<Vec<Taken>> {
        let mut waiting = self.waiting.lock().unwrap();
        let most = if queue == WorkQueue::Audits { most.min(self.together) } else { 0 };
        Ok((0..most).map_while(|_| waiting.pop_front()).collect())
    }
    async fn handled(&self, taken: &[Taken]) -> Result<()> {
        for one in taken {
            self.note(one, "handled");
        }
        Ok(())
    }
    async fn failed(&self, taken: &Taken, why: &str) -> Result<Fate> {
        self.note(taken, why);
        Ok(Fate::Again)
    }
    async fn postponed(&self, taken: &Taken) -> Result<()> {
        self.waiting.lock().unwrap().push_front(taken.clone());
        self.note(taken, "postponed");
        Ok(())
    }
    async fn standings(&self) -> Result<Vec<QueueStanding>> {
        Ok(vec![QueueStanding { queue: WorkQueue::Audits, waiting: 1, poison: 2 }])
    }
    async fn poisoned(&self, _: WorkQueue) -> Result<Vec<(WorkMessage, String)>> {
        Ok(vec![])
    }
    async fn revive(&self, _: WorkQueue, _: &str) -> Result<bool> {
        Ok(false)
    }
    async fn discard(&self, _: WorkQueue, _: &str) -> Result<bool> {
        Ok(false)
    }
}

/// A status that stands for no answer at all.
const SILENCE: u16 = 0;

/// Answers one request per connection, with each of these in turn; `None` breaks off.
struct Api {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Api {
    async fn answering(answers: &[Option<(u16, &'static str)>]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(vec![]));
        let (heard, answers) = (asked.clone(), answers.to_vec());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut silent = vec![];
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                heard.lock().unwrap().push(request);
                let Some((status, body)) = answer else { continue };
                if status == SILENCE {
                    silent.push(stream);
                    continue;
                }
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                );
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        Self { address, asked, _serving: serving }
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        if count == 0 || text.ends_with("\"}") || text.starts_with("GET") {
            return text;
        }
    }
}

#[tokio::test]
async fn a_message_is_posted_as_its_cause_would_have_it() {
    let api = Api::answering(&[Some((200, "{}"))]).await;
    let body = r#"{"CallId":"acall","TenantId":"org_aaaaaaaaaa","AuditCode":"c"}"#;
    assert_eq!(Queue::of(&[body], 1).deliver_to(api.address).await, ["0 handled"]);
    let request = api.asked.lock().unwrap()[0].clone();
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /audits/deliver http/1.1"), "{head}");
    for header in ["request-id: acall", "tenant: org_aaaaaaaaaa", "x-forwarded-proto: https"] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    let sent_json: serde_json::Value = serde_json::from_str(sent).unwrap();
    assert_eq!(sent_json, serde_json::json!({ "message": body }));
    let signature = Signatures::new(&Secret::new("asecret")).sign(sent.as_bytes());
    assert!(head.contains(&signature), "{head}");
}

#[tokio::test]
async fn what_is_refused_is_a_try_and_keeps_nobody_waiting() {
    let refusal = r#"{"code":"malformed_message","detail":"it is wrong"}"#;
    let answers =
        [Some((400, refusal)), Some((500, "no JSON")), None, Some((302, "")), Some((204, ""))];
    let api = Api::answering(&answers).await;
    let fates = Queue::of(&["{}"; 5], 5).deliver_to(api.address).await;
    let expected = [
        "0 it answered 400 malformed_message: it is wrong",
        "1 it answered 500 : ",
        "2 the answer broke off",
        "3 it answered 302 : ",
        "4 handled",
    ];
    assert_eq!(fates, expected);
}

#[tokio::test]
async fn an_api_that_is_away_is_waited_for() {
    let answers = [Some((503, "")), Some((429, "")), Some((502, "")), Some((200, ""))];
    let api = Api::answering(&answers).await;
    let fates = Queue::of(&["{}"], 4).deliver_to(api.address).await;
    assert_eq!(fates, ["0 postponed", "0 postponed", "0 postponed", "0 handled"]);
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fates = Queue::of(&["{}"], 2).deliver_to(gone).await;
    assert_eq!(fates, ["0 postponed", "0 postponed"], "nobody listens there any more");
}

#[tokio::test]
async fn a_message_that_keeps_a_working_api_busy_has_failed() {
    let silence = Some((SILENCE, ""));
    let api = Api::answering(&[silence, Some((200, "")), silence, Some((503, ""))]).await;
    let fates = Queue::of(&["{}"; 2], 2).deliver_to(api.address).await;
    assert_eq!(fates, ["0 no answer within 1 seconds", "1 postponed"]);
    let asked = api.asked.lock().unwrap();
    assert!(asked[1].starts_with("GET /health/ready "), "{}", asked[1]);
}

#[tokio::test]
async fn messages_that_come_together_are_judged_each_by_itself() {
    let answers = [Some((200, "")), Some((400, "no JSON")), Some((503, "")), Some((200, ""))];
    let api = Api::answering(&answers).await;
    let mut fates = Queue::that_gives(3, &["{}"; 3], 4).deliver_to(api.address).await;
    let mut what: Vec<_> = fates.drain(..).map(|fate| fate[2..].to_owned()).collect();
    what.sort();
    assert_eq!(what, ["handled", "handled", "it answered 400 : ", "postponed"]);
}
