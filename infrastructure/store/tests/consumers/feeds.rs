//! What the log feeds consumers with.

use application::ports::{Feed, Partition, Wanted};
use store::consumers::LogFeed;

use crate::support::{BOTH, Site};

#[tokio::test]
async fn a_consumer_is_fed_with_what_it_wants_and_moves_past_the_rest() {
    let kettles = Wanted { part: 0, handles: &[("kettle", "bought")] };
    let others = Wanted { part: 0, handles: &[("teapot", "bought")] };
    for on in BOTH {
        let site = Site::new(on).await;
        let feed = LogFeed::new(site.log.clone(), Partition::ONE);
        let head = site.kettles(0, 50, 50).await;
        // Far behind, near, and behind those who are near; and not all at once.
        for (after, max) in [(0, 1_000), (head - 9, 1_000), (head - 9, 2), (head - 20, 1_000)] {
            let all = site.log.read(after, max).await.unwrap();
            let last = all.last().unwrap();
            let end = (after, last.position, Some(last.recorded_at));
            let wanted = feed.next(kettles, after, max).await.unwrap();
            assert_eq!((wanted.after, wanted.through, wanted.at), end, "{on:?}");
            assert_eq!(wanted.events, all, "{on:?}");
            let passed = feed.next(others, after, max).await.unwrap();
            assert_eq!((passed.after, passed.through, passed.at), end, "{on:?}");
            assert_eq!(passed.events, [], "{on:?}");
        }
    }
}
