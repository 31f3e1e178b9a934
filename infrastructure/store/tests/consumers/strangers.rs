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
        assert_eq!(of("ann").await, none, "{on:?}");
        let one = WrongPasswords { in_a_row: 1, locked_until: None };
        assert!(counts("ann", &none, &one).await, "{on:?}");
        assert!(!counts("ann", &none, &one).await, "{on:?}: somebody else was faster");
        let locked = WrongPasswords { in_a_row: 2, locked_until: Some(clock.now()) };
        assert!(counts("ann", &one, &locked).await, "{on:?}");
        assert_eq!((of("ann").await, of("bea").await), (locked, none), "{on:?}");
        let longer = Some(clock.now().plus(Duration::minutes(5)));
        let again = WrongPasswords { locked_until: longer, ..locked };
        assert!(counts("ann", &locked, &again).await, "{on:?}");
        assert!(!counts("ann", &locked, &again).await, "{on:?}: as many, but another lock");
        let locked = again;
        advance(Duration::days(1));
        assert!(counts("bea", &none, &one).await, "{on:?}");
        assert_eq!(of("ann").await, locked, "{on:?}");
        advance(Duration::minutes(1));
        assert!(counts("cid", &none, &one).await, "{on:?}");
        let all = (of("ann").await, of("bea").await, of("cid").await);
        assert_eq!(all, (none, one, one), "{on:?}");
    }
}
