//! Feeds for consumers who may see what is sealed.

use std::sync::Arc;

use application::ports::{Feed, Feeds, LogError, Page, Vault, Wanted};
use async_trait::async_trait;

use super::open;

/// Feeds whose events are opened.
pub struct SealedFeeds {
    feeds: Arc<dyn Feeds>,
    vault: Arc<dyn Vault>,
}

impl SealedFeeds {
    /// Over feeds that bring events as the log has them.
    #[must_use]
    pub fn new(feeds: Arc<dyn Feeds>, vault: Arc<dyn Vault>) -> Self {
        Self { feeds, vault }
    }
}

impl Feeds for SealedFeeds {
    fn feed(&self, consumer: &str) -> Arc<dyn Feed> {
        let feed = self.feeds.feed(consumer);
        Arc::new(SealedFeed { feed, vault: self.vault.clone() })
    }
    fn attach(&self, part: u16) {
        self.feeds.attach(part);
    }
    fn detach(&self, part: u16) {
        self.feeds.detach(part);
    }
}

struct SealedFeed {
    feed: Arc<dyn Feed>,
    vault: Arc<dyn Vault>,
}

#[async_trait]
impl Feed for SealedFeed {
    async fn next(&self, wanted: Wanted, after: u64, max: usize) -> Result<Page, LogError> {
        let mut page = self.feed.next(wanted, after, max).await?;
        open(self.vault.as_ref(), &mut page.events).await?;
        Ok(page)
    }
    async fn handled(&self, part: u16, through: u64) -> Result<(), LogError> {
        self.feed.handled(part, through).await
    }
}
