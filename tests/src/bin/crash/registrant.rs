//! A client that registers people, and what has to follow from each registration.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use acceptance::{Request, events::Row};
use reqwest::{Client, Method};
use serde_json::json;

use crate::{
    reader::Reader,
    writer::{PATIENCE, PAUSE, is_outage},
};

/// What the streams of a person hold once everything has followed, in any order but for the first.
const STREAMS: [(&str, &str, &[&str]); 5] = [
    (
        "end_user",
        "user",
        &["created", "registered", "membership_added", "default_membership_changed"],
    ),
    (
        "person_credential",
        "cred",
        &[
            "created",
            "credentials_changed",
            "registration_changed",
            "registration_verification_created",
        ],
    ),
    ("organization", "org", &["created", "membership_added", "billing_subscribed"]),
    ("subscription", "billsub", &["created", "provider_changed"]),
    (
        "user_profile",
        "profile",
        &["created", "email_address_changed", "default_organization_changed"],
    ),
];

/// Registers one person after the other.
#[derive(Clone, Debug)]
pub struct Registrant {
    client: Client,
    url: String,
    /// How often registration was asked for, repetitions included.
    pub asked: u64,
    /// The users that were acknowledged.
    pub users: Vec<String>,
}

impl Registrant {
    /// A client of the host that a reader asks.
    pub fn new(reader: &Reader) -> Self {
        let (client, url) = (reader.client.clone(), reader.url.clone());
        Self { client, url, asked: 0, users: vec![] }
    }

    /// Registers people until told to stop; then each that it began was acknowledged.
    ///
    /// # Errors
    /// If the host refuses one, or stays away too long.
    pub async fn work(&mut self, stop: &AtomicBool) -> Result<(), String> {
        while !stop.load(Ordering::Relaxed) {
            let number = self.users.len();
            let user = self.register(number).await?;
            self.users.push(user);
        }
        Ok(())
    }

    /// Asks for one registration until its outcome is known.
    async fn register(&mut self, number: usize) -> Result<String, String> {
        let url = format!("{}/credentials/register", self.url);
        let body = json!({
            "emailAddress": format!("person{number}@example.com"),
            "firstName": "Ann",
            "lastName": "Miller",
            "password": "1Password!",
            "termsAndConditionsAccepted": true,
        });
        let begun = Instant::now();
        loop {
            self.asked += 1;
            let request = Request::new(&self.client, Method::POST, &url).json(&body);
            let unknown = match request.try_send().await {
                Ok(answer) if answer.status.is_success() => {
                    let answered = answer.json();
                    let user = answered["person"]["user"]["id"].as_str().map(str::to_owned);
                    return user.ok_or_else(|| format!("{answer}: nobody was registered"));
                }
                Ok(answer) if is_outage(&answer) || answer.status.as_u16() == 429 => {
                    answer.to_string()
                }
                Ok(answer) => return Err(format!("{answer} to registration {number}")),
                Err(error) => format!("{url}: {error:?}"),
            };
            if begun.elapsed() > PATIENCE {
                return Err(format!("registration {number} in {PATIENCE:?}: {unknown}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What has not followed yet from an acknowledged registration; `None` if everything has. Others
    /// have caused so many e-mails.
    ///
    /// # Errors
    /// If something happened twice, or to somebody who was not acknowledged.
    pub fn missing<'a>(
        &self,
        rows: impl IntoIterator<Item = &'a Row>,
        others: usize,
    ) -> Result<Option<String>, String> {
        let mut streams: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for row in rows {
            let stream = (row.aggregate_type.as_str(), row.aggregate_id.as_str());
            streams.entry(stream).or_default().push(&row.event_type);
        }
        for ((kind, id), events) in &streams {
            if *kind == "email_delivery" {
                let sent = events.iter().filter(|event| **event == "sending_succeeded").count();
                match sent {
                    0 => return Ok(Some(format!("{id} was not sent"))),
                    1 => {}
                    _ => return Err(format!("{id} was sent {sent} times: {events:?}")),
                }
            }
        }
        for (kind, prefix, expected) in STREAMS {
            let known = streams.keys().filter(|(found, _)| *found == kind).count();
            if known > self.users.len() {
                return Err(format!("{known} of {kind}, but {} people", self.users.len()));
            }
            for user in &self.users {
                let id = format!("{prefix}{}", user.trim_start_matches("user"));
                let found = streams.get(&(kind, id.as_str())).map_or(&[][..], Vec::as_slice);
                if let Some(event) = doubled(found) {
                    return Err(format!("{kind} {id} has {event} twice: {found:?}"));
                }
                if let Some(event) = expected.iter().find(|event| !found.contains(event)) {
                    return Ok(Some(format!("{kind} {id} has no {event}: {found:?}")));
                }
            }
        }
        let mails = streams.keys().filter(|(kind, _)| *kind == "email_delivery").count();
        let expected = self.users.len() + others;
        Ok((mails < expected).then(|| format!("{mails} e-mails instead of {expected}")))
    }
}

fn doubled<'a>(events: &[&'a str]) -> Option<&'a str> {
    events.iter().enumerate().find_map(|(at, event)| events[..at].contains(event).then_some(*event))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row((aggregate_type, aggregate_id, event_type): (&str, &str, &str)) -> Row {
        Row {
            position: 0,
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence: 0,
            event_type: event_type.to_owned(),
        }
    }

    fn whole() -> Vec<Row> {
        let of = |(kind, prefix, events): &(&'static str, &str, &'static [&'static str])| {
            let (kind, id) = (*kind, format!("{prefix}_1"));
            events.iter().map(move |event| row((kind, &id, event))).collect::<Vec<_>>()
        };
        let mail = ("email_delivery", "emaildelivery_1", "sending_succeeded");
        STREAMS.iter().flat_map(of).chain([row(mail)]).collect()
    }

    fn told(users: &[&str]) -> Registrant {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        Registrant { client: Client::new(), url: String::new(), asked: 0, users }
    }

    #[test]
    fn everything_follows_once_from_each_registration() {
        let (one, all) = (told(&["user_1"]), whole());
        assert_eq!(one.missing(&all, 0), Ok(None));
        for (at, row) in all.iter().enumerate() {
            let mut rows = whole();
            rows.remove(at);
            assert!(matches!(one.missing(&rows, 0), Ok(Some(_))), "{row:?} is missing");
            let mut rows = whole();
            rows.push(row.clone());
            assert!(one.missing(&rows, 0).is_err(), "{row:?} is doubled");
        }
        assert!(matches!(one.missing(&all, 1), Ok(Some(_))), "an e-mail is missing");
        assert!(told(&[]).missing(&all, 0).is_err(), "somebody nobody was told of");
    }
}
