//! What the queue of audits and its operators do.

use std::time::{Duration, Instant};

use application::ports::{Append, WorkMessage, WorkQueue};
use domain::kernel::roles::{Feature, Role};
use serde_json::{Value, json};

use crate::{Answer, Person, TestApp, people::Grants};

/// How long counting takes at most.
const COUNTED: Duration = Duration::from_secs(5);

impl TestApp {
    /// Posts a body, signed as queues do.
    pub async fn post_signed(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let signature = self.hmac.sign(body.as_bytes());
        let request = self.post(path).header("X-HMAC-Signature", &signature);
        request.body("application/json", body).send().await
    }

    /// Delivers the text of a message.
    pub async fn deliver(&self, path: &str, message: &str) -> Answer {
        self.post_signed(path, &json!({ "message": message })).await
    }

    /// Puts a message on a queue, whatever it says; its id.
    pub async fn enqueue(&self, queue: WorkQueue, number: u32, body: &Value) -> String {
        let id = format!("{}_{number:032x}", queue.name());
        let work =
            vec![WorkMessage { id: id.clone(), queue, body: body.to_string(), subject: None }];
        let append = Append { work, ..Append::default() };
        self.ports().log.append(append).await.expect("the log can be written");
        id
    }

    /// Waits until so many messages of a queue wait, and so many were set aside: brokers count what
    /// they have written.
    pub async fn stands(&self, queue: WorkQueue, expected: (u64, u64)) {
        let begun = Instant::now();
        loop {
            let standing = self.standing(queue).await;
            if standing == expected {
                return;
            }
            assert!(begun.elapsed() < COUNTED, "it stands at {standing:?}, not at {expected:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Messages of a queue that wait, and that were set aside.
    pub async fn standing(&self, queue: WorkQueue) -> (u64, u64) {
        let all = self.ports().work.standings().await.expect("the queues can be asked");
        let standing = all.iter().find(|one| one.queue == queue).expect("all are told of");
        (standing.waiting, standing.poison)
    }

    /// Somebody who operates the platform.
    #[must_use]
    pub fn operator(&self) -> Person {
        let grants = Grants {
            roles: vec![(Role::PlatformOperations, None)],
            features: vec![(Feature::PlatformBasic, None)],
            version: None,
        };
        self.person(self.user(), self.organization(), grants)
    }

    /// Audits as operators see them; `query` begins with a question mark or is empty.
    pub async fn audits(&self, query: &str) -> Vec<Value> {
        let request = self.get(&format!("/audits{query}")).by(&self.operator());
        let answer = request.send().await.expect(200).json();
        answer["audits"].as_array().expect("a list").clone()
    }
}
