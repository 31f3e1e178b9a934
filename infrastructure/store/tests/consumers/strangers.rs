//! Wrong passwords for addresses that nobody has, in the database.

use std::sync::{Arc, Mutex};

use application::ports::{Clock, Strangers};
use domain::{identities::WrongPasswords, kernel::Timestamp};
use store::strangers::StrangerTable;
use time::Duration;

use crate::support::{BOTH, Site};

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn each_is_counted_once_and_forgotten_after_a_day() {
    for on in BOTH {
        let site = Site::new(on).await;
        let clock = Arc::new(Hands(Mutex::new(Timestamp::MIN)));
        let advance = |by| {
            let mut now = clock.0.lock().unwrap();
            *now = now.plus(by);
        };
        let table = StrangerTable::new(site.db.clone(), clock.clone());
        let of = async |digest: &str| table.wrong_passwords(digest).await.unwrap();
        let counts = async |digest, before, after| table.note(digest, before, after).await.unwrap();
        let none = WrongPasswords::default();
        let wrong = |in_a_row, locked_until| {
            let last = Some(clock.now());
            WrongPasswords { in_a_row, last, locked_until }
        };
        assert_eq!(of("ann").await, none, "{on:?}");
        let one = wrong(1, None);
        assert!(counts("ann", &none, &one).await, "{on:?}");
        assert!(!counts("ann", &none, &one).await, "{on:?}: somebody else was faster");
        advance(Duration::seconds(1));
        let locked = wrong(2, Some(clock.now().plus(Duration::minutes(5))));
        assert!(counts("ann", &one, &locked).await, "{on:?}");
        assert_eq!((of("ann").await, of("bea").await), (locked, none), "{on:?}");
        advance(Duration::minutes(5));
        let again = wrong(2, Some(clock.now().plus(Duration::minutes(5))));
        assert!(counts("ann", &locked, &again).await, "{on:?}");
        assert!(!counts("ann", &locked, &again).await, "{on:?}: as many, but later");
        advance(WrongPasswords::COUNTED);
        let beas = wrong(1, None);
        assert!(counts("bea", &none, &beas).await, "{on:?}");
        assert_eq!(of("ann").await, again, "{on:?}");
        advance(Duration::minutes(1));
        let cids = wrong(1, None);
        assert!(counts("cid", &none, &cids).await, "{on:?}");
        let all = (of("ann").await, of("bea").await, of("cid").await);
        assert_eq!(all, (none, beas, cids), "{on:?}");
    }
}
