//! Claims of owners who never come back.

use application::ports::{Claim, ClaimRef, StreamId};
use store::claims::Sweep;
use time::Duration;

use crate::{
    kettles::{append, bought},
    support::{BOTH, Site},
};

const KIND: &str = "refresh_token";

fn claim(number: usize) -> ClaimRef {
    ClaimRef::platform(KIND, format!("value {number:04}"))
}

#[tokio::test]
async fn what_is_abandoned_is_released_bit_by_bit_and_the_rest_stays() {
    for on in BOTH {
        let site = Site::new(on).await;
        let mut all = append("a", 0, &[bought("ann")]);
        let owner: StreamId = all.streams[0].stream.clone();
        let own = |claim| Claim { claim, owner: owner.clone() };
        all.take = (0..501).map(|number| own(claim(number))).collect();
        all.take.push(own(ClaimRef::platform("another", "value 0000")));
        site.append(all).await;
        let sweep = |after| Sweep::new(site.log_db.clone(), site.clock.clone(), KIND, after);
        let has = async |claim| site.log.owner(&claim).await.unwrap().is_some();

        let next = sweep(Duration::days(15)).step("").await.unwrap();
        assert_eq!(next, "value 0499", "{on:?}");
        assert!(has(claim(0)).await, "it is not old");
        let old = sweep(-Duration::days(15));
        assert_eq!(old.step("").await.unwrap(), "value 0499");
        assert!(!has(claim(499)).await);
        assert!(has(claim(500)).await, "its turn has not come");
        assert_eq!(old.step("value 0499").await.unwrap(), "", "it begins again");
        assert!(!has(claim(500)).await);
        assert!(has(ClaimRef::platform("another", "value 0000")).await);
    }
}
