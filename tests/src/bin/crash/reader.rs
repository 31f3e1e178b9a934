//! A client that looks at everything, and compares it with what the writers were told.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use acceptance::{Answer, Request};
use reqwest::{Client, Method};

use crate::writer::{Known, PATIENCE, PAUSE, is_outage};

/// The most that one page has; more cars never live at once.
const PAGE: usize = 1000;

/// One client.
#[derive(Debug)]
pub struct Reader {
    /// How it asks.
    pub client: Client,
    /// Whom it asks.
    pub url: String,
    /// What it proves itself with.
    pub token: String,
}

impl Reader {
    /// Lists the cars, the free ones, and looks at each one that is gone.
    ///
    /// # Errors
    /// Says what differs.
    pub async fn compare(
        &self,
        known: &BTreeMap<String, Known>,
        position: u64,
    ) -> Result<(), String> {
        let living = || known.iter().filter(|(_, known)| !known.deleted);
        if living().count() > PAGE {
            return Err(format!("more than {PAGE} cars live: one page can't hold them"));
        }
        let all = living().map(|(id, known)| (id.clone(), known.plate.clone())).collect();
        differ("cars", &all, &self.list("/cars?", position).await?)?;
        // Free for ever are those that were never taken offline.
        let free = living().filter(|(_, known)| known.offline == 0);
        let free = free.map(|(id, known)| (id.clone(), known.plate.clone())).collect();
        differ("available cars", &free, &self.list("/cars/available?", position).await?)
    }

    /// Looks at cars that were deleted.
    ///
    /// # Errors
    /// If one is there, or nothing is known of it.
    pub async fn gone<'a>(&self, ids: impl Iterator<Item = &'a String>) -> Result<(), String> {
        for id in ids {
            let answer = self.get(&format!("/cars/{id}"), 0).await?;
            if answer.status.as_u16() != 405 {
                return Err(format!("the car was deleted, but {answer}"));
            }
        }
        Ok(())
    }

    /// Id and plate of each car of a list.
    async fn list(&self, path: &str, position: u64) -> Result<BTreeSet<(String, String)>, String> {
        let answer = self.get(&format!("{path}limit={PAGE}"), position).await?;
        if !answer.status.is_success() {
            return Err(answer.to_string());
        }
        let json = answer.json();
        let cars = json["cars"].as_array().ok_or_else(|| format!("{answer}: no list"))?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let listed: BTreeSet<_> =
            cars.iter().map(|car| (text(&car["id"]), text(&car["plate"]["number"]))).collect();
        if listed.len() == cars.len() && json["metadata"]["total"] == cars.len() {
            Ok(listed)
        } else {
            Err(format!("{path}: {} cars are listed, some of them twice: {json}", cars.len()))
        }
    }

    /// Asks until what follows the log has caught up; after a kill that may take over first.
    async fn get(&self, path: &str, position: u64) -> Result<Answer, String> {
        let begun = Instant::now();
        loop {
            let answer = Request::new(&self.client, Method::GET, &format!("{}{path}", self.url))
                .bearer(&self.token)
                .header("consistency-token", &position.to_string())
                .try_send()
                .await
                .map_err(|error| format!("GET {path}: {error:?}"))?;
            if !is_outage(&answer) || begun.elapsed() > PATIENCE {
                return Ok(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

type Cars = BTreeSet<(String, String)>;

fn differ(what: &str, expected: &Cars, found: &Cars) -> Result<(), String> {
    let missing: Vec<_> = expected.difference(found).take(5).collect();
    let surplus: Vec<_> = found.difference(expected).take(5).collect();
    if missing.is_empty() && surplus.is_empty() {
        return Ok(());
    }
    Err(format!("{what}: {missing:?} are missing, {surplus:?} should not be there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let car = |id: &str| (id.to_owned(), "1".to_owned());
        let (one, both) = (Cars::from([car("a")]), Cars::from([car("a"), car("b")]));
        assert_eq!(differ("cars", &one, &one), Ok(()));
        assert!(differ("cars", &both, &one).unwrap_err().contains("[(\"b\", \"1\")] are missing"));
        assert!(differ("cars", &one, &both).unwrap_err().contains("[(\"b\", \"1\")] should not"));
    }
}
