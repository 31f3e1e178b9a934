//! Values that only one stream can own.

use application::ports::{Append, AppendError};

use crate::support::{Fixture, at, claim, owned, stream, to};

pub async fn a_claim_has_one_owner(f: &Fixture) {
    let taking = |id: &str, expected| Append { take: vec![owned("v", id)], ..to(id, expected, 1) };
    assert_eq!(f.log.append(taking("a", 0)).await, at(1));
    assert_eq!(f.log.append(taking("a", 1)).await, at(2), "it is its own already");
    assert_eq!(f.log.append(taking("b", 0)).await, Err(AppendError::Taken(claim("v"))));
    assert_eq!(f.log.owner(&claim("v")).await, Ok(Some(stream("a"))));
    let mut elsewhere = owned("v", "b");
    elsewhere.claim.scope = "org_b".into();
    let append = Append { take: vec![elsewhere], ..to("b", 0, 1) };
    assert_eq!(f.log.append(append).await, at(3), "another scope");
    assert_eq!(f.violations().await, [""; 0]);
}

pub async fn claims_are_swapped_in_one_append(f: &Fixture) {
    let start = Append { take: vec![owned("old", "a")], ..to("a", 0, 1) };
    f.log.append(start).await.unwrap();
    let change =
        Append { take: vec![owned("new", "a")], release: vec![owned("old", "a")], ..to("a", 1, 1) };
    f.log.append(change).await.unwrap();
    assert_eq!(f.log.owner(&claim("old")).await, Ok(None));
    assert_eq!(f.log.owner(&claim("new")).await, Ok(Some(stream("a"))));
    f.log.append(Append { take: vec![owned("old", "b")], ..to("b", 0, 1) }).await.unwrap();
    let exchange = Append {
        take: vec![owned("new", "b"), owned("old", "a")],
        release: vec![owned("new", "a"), owned("old", "b")],
        ..Append::default()
    };
    assert_eq!(f.log.append(exchange).await, at(3));
    assert_eq!(f.log.owner(&claim("new")).await, Ok(Some(stream("b"))));
    assert_eq!(f.log.owner(&claim("old")).await, Ok(Some(stream("a"))));
}

pub async fn only_the_owner_gives_back(f: &Fixture) {
    f.log.append(Append { take: vec![owned("v", "a")], ..to("a", 0, 1) }).await.unwrap();
    let foreign = Append { release: vec![owned("v", "b")], ..to("b", 0, 1) };
    assert_eq!(f.log.append(foreign).await, at(2), "nothing to give back is no error");
    assert_eq!(f.log.owner(&claim("v")).await, Ok(Some(stream("a"))));
    let grab =
        Append { take: vec![owned("v", "b")], release: vec![owned("v", "b")], ..to("b", 1, 1) };
    assert_eq!(f.log.append(grab).await, Err(AppendError::Taken(claim("v"))));
    let own = Append { release: vec![owned("v", "a")], ..to("a", 1, 1) };
    f.log.append(own).await.unwrap();
    assert_eq!(f.log.owner(&claim("v")).await, Ok(None));
}
