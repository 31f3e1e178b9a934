//! Reactions: effect and checkpoint are one append.

use std::{future::Future, pin::Pin, time::Duration};

use application::{
    App, Call, Repository, Result,
    ports::{ClaimRef, ReadModels, Recorded, StreamId},
    reaction::{Reaction, Start},
    repository::Decision,
};
use domain::kernel::{Aggregate, Evolve, OrganizationId};
use serde::{Deserialize, Serialize};
use store::consumers::Action;

use crate::{
    kettles::{KettleEvent, append, bought, corrupt, filled},
    stubs::app,
    support::{BOTH, On, Running, Site, until},
};

domain::events! {
    /// What happens to a name tag; a name can be on one tag only.
    pub enum TagEvent in "kitchen" for "tag" {
        /// It was put on a kettle.
        public Put = "put" v 1 { name: String },
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tag {
    name: Option<String>,
}

impl Evolve for Tag {
    const TYPE: &'static str = "tag";
    type Event = TagEvent;
    fn evolve(&mut self, event: &TagEvent) {
        match event {
            TagEvent::Put { name } => self.name = Some(name.clone()),
        }
    }
}

impl Aggregate for Tag {
    const STATE_VERSION: u32 = 1;
    fn tenant(&self) -> Option<&OrganizationId> {
        None
    }
    fn is_deleted(&self) -> bool {
        false
    }
}

/// Puts a tag with the owner's name on every kettle that was bought; an owner has but one name tag.
const TAGGING: Reaction = Reaction {
    area: "EndUsers",
    name: "tagging",
    handles: &[("kettle", "bought"), ("kettle", "filled")],
    start: Start::Origin,
    react,
};

fn react<'a>(
    app: &'a App,
    call: &'a Call,
    event: &'a Recorded,
) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
    Box::pin(async move {
        let decoded = event.decode::<KettleEvent>().map_err(application::Error::unexpected)?;
        let KettleEvent::Bought { owner } = decoded else { return Ok(()) };
        let tags: Repository<Tag> = Repository::new(app.log.clone(), app.ids.clone());
        let claim = ClaimRef { scope: "platform".into(), kind: "tag".into(), value: owner.clone() };
        let put = TagEvent::Put { name: owner };
        let decision = Decision { events: vec![put], take: vec![claim], release: vec![] };
        tags.create(call, &event.stream.id, decision).await?;
        Ok(())
    })
}

fn start(site: &Site, start: Start) -> Running {
    let reaction = Reaction { start, ..TAGGING };
    site.start_with(&[], site.feeds(), Some((app(site), vec![reaction])))
}

async fn tags(site: &Site, ids: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    for id in ids {
        found.push(site.log.load(&StreamId::new("tag", *id), 0).await.unwrap().len());
    }
    found
}

async fn checkpoint(site: &Site) -> Option<u64> {
    site.log.checkpoint("tagging", 0).await.unwrap()
}

#[tokio::test]
async fn an_event_has_its_effect_once_however_often_the_engine_is_killed() {
    for on in BOTH {
        let site = Site::new(on).await;
        let mut owners = Vec::new();
        for round in 0..15_u32 {
            let running = start(&site, Start::Origin);
            let appends = async {
                for number in 0..5 {
                    let owner = format!("o{round}-{number}");
                    site.append(append(&owner, 0, &[bought(&owner), filled(1)])).await;
                    owners.push(owner);
                }
            };
            let death = tokio::time::sleep(Duration::from_micros(700 * u64::from(round)));
            tokio::join!(appends, async {
                death.await;
                running.kill().await;
            });
        }
        let running = start(&site, Start::Origin);
        running.settled().await;
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        assert_eq!(tags(&site, &owners).await, [1; 75], "{on:?}");
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        // What was nothing to it is told when it stops, at the latest.
        running.stop().await;
        assert_eq!(checkpoint(&site).await, Some(site.log.head().await.unwrap()));
    }
}

#[tokio::test]
async fn the_effect_tells_what_caused_it() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, Start::Origin);
        site.append(append("a", 0, &[bought("ann")])).await;
        running.settled().await;
        let cause = site.log.load(&StreamId::new("kettle", "a"), 0).await.unwrap()[0].event_id;
        let tag = &site.log.load(&StreamId::new("tag", "a"), 0).await.unwrap()[0];
        assert_eq!(tag.metadata().causation, Some(cause.to_string()), "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_reaction_from_now_on_leaves_history_alone() {
    for on in BOTH {
        let site = Site::new(on).await;
        let head = site.append(append("old", 0, &[bought("ann")])).await;
        let running = start(&site, Start::Now);
        until("installed", || async { checkpoint(&site).await == Some(head) }).await;
        site.append(append("new", 0, &[bought("bob")])).await;
        running.settled().await;
        assert_eq!(tags(&site, &["old", "new"]).await, [0, 1], "{on:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_refused_waits_with_its_stream_until_it_is_replayed() {
    for on in BOTH {
        let site = Site::new(on).await;
        let running = start(&site, Start::Origin);
        site.append(append("first", 0, &[bought("ann")])).await;
        // The name is on another tag already.
        let taken = site.append(append("second", 0, &[bought("ann")])).await;
        site.append(append("third", 0, &[bought("eve")])).await;
        let behind = site.append(append("second", 1, &[filled(1)])).await;
        let corrupt = site.append(corrupt("fourth", 0)).await;
        running.settled().await;
        let letters = site.ops().dead_letters(Some("tagging"), 0, 10).await.unwrap();
        let brief: Vec<_> = letters.iter().map(|l| (l.position, l.attempts)).collect();
        assert_eq!(brief, [(taken, 5), (behind, 0), (corrupt, 1)], "{on:?}");
        assert_eq!(tags(&site, &["first", "second", "third"]).await, [1, 0, 1]);
        let again = site.ask("tagging", Action::Replay(taken)).await.unwrap_err();
        assert!(again.to_string().starts_with("0 replayed, then one failed"), "{again}");
        // The name becomes free.
        let claim = ClaimRef { scope: "platform".into(), kind: "tag".into(), value: "ann".into() };
        let owner = StreamId::new("tag", "first");
        let release = vec![application::ports::Claim { claim, owner }];
        site.append(application::ports::Append { release, ..Default::default() }).await;
        let settled = site.ask("tagging", Action::Replay(behind)).await.unwrap();
        assert_eq!(settled, "2 of kettle/second replayed");
        assert_eq!(tags(&site, &["second"]).await, [1]);
        let left = site.ops().dead_letters(Some("tagging"), 0, 10).await.unwrap();
        assert_eq!(left.len(), 1);
        site.ask("tagging", Action::Discard(corrupt)).await.unwrap();
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        running.settled().await;
        running.stop().await;
    }
}

#[tokio::test]
async fn two_engines_have_the_effect_once() {
    let site = Site::new(On::Postgres).await;
    let (first, second) = (start(&site, Start::Origin), start(&site, Start::Origin));
    for number in 0..20 {
        let id = format!("k{number}");
        site.append(append(&id, 0, &[bought(&id)])).await;
    }
    assert!(first.progress.settled(crate::support::LIMIT).await);
    assert!(second.progress.settled(crate::support::LIMIT).await);
    for number in 0..20 {
        assert_eq!(tags(&site, &[&format!("k{number}")]).await, [1]);
    }
    first.stop().await;
    second.stop().await;
}
