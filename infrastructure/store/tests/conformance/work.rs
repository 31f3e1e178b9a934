//! Work that is enqueued with an append.

use application::ports::{Append, AppendError, Consumed, WorkMessage, WorkQueue};

use crate::support::{Fixture, at, owned, to};

pub fn message(number: u8) -> WorkMessage {
    WorkMessage {
        id: format!("audits_{number:032x}"),
        queue: WorkQueue::Audits,
        body: format!(r#"{{"n":{number},"text":"ünï \"quoted\""}}"#),
        subject: None,
    }
}

fn enqueuing(append: Append, numbers: &[u8]) -> Append {
    Append { work: numbers.iter().copied().map(message).collect(), ..append }
}

pub async fn work_goes_with_its_append_or_alone(f: &Fixture) {
    assert_eq!(f.log.append(enqueuing(to("a", 0, 2), &[3, 1])).await, at(2));
    assert_eq!(f.log.append(enqueuing(Append::default(), &[2])).await, at(2), "no position moves");
    assert_eq!(
        f.work().await,
        [message(3), message(1), message(2)],
        "in order, not a byte differs"
    );
    let lost = f.log.append(enqueuing(to("a", 0, 1), &[4])).await;
    assert!(matches!(lost, Err(AppendError::Conflict { .. })));
    let consumed = Consumed { consumer: "c".into(), part: 0, from: 5, to: 6, settles: None };
    let late = Append { consumed: Some(consumed), ..Append::default() };
    let late = f.log.append(enqueuing(late, &[5])).await;
    assert!(matches!(late, Err(AppendError::Superseded { .. })));
    assert_eq!(f.work().await.len(), 3, "all or nothing");
}

pub async fn a_message_that_is_there_is_no_second_one(f: &Fixture) {
    f.log.append(enqueuing(Append::default(), &[1])).await.unwrap();
    let again = WorkMessage { body: "{}".into(), ..message(1) };
    let append = Append { work: vec![again, message(2), message(2)], ..to("a", 0, 1) };
    assert_eq!(f.log.append(append).await, at(1), "the append succeeds all the same");
    assert_eq!(f.work().await, [message(1), message(2)], "the first one stays");
    let (left, right) = tokio::join!(
        f.log.append(enqueuing(Append::default(), &[3, 4])),
        f.log.append(enqueuing(to("b", 0, 1), &[4, 3])),
    );
    assert!(left.is_ok() && right.is_ok(), "{left:?} {right:?}");
    assert_eq!(f.work().await.len(), 4);
}

pub async fn malformed_work_is_refused(f: &Fixture) {
    let with = |id: &str, body: &str| {
        let work = vec![WorkMessage { id: id.into(), body: body.into(), ..message(1) }];
        Append { work, take: vec![owned("v", "a")], ..to("a", 0, 1) }
    };
    let id = message(0xab).id;
    for append in [
        with("", "{}"),
        with("audits", "{}"),
        with(&id.replace("ab", "AB"), "{}"),
        with(&format!("a b_{}", &id[7..]), "{}"),
        with(&id, ""),
        with(&id, "{"),
        with(&id, "\"\0\""),
        with(&id, &format!("\"{}\"", "x".repeat(16 << 20))),
    ] {
        let outcome = f.log.append(append).await;
        assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}");
    }
    assert_eq!((f.log.head().await, f.work().await.len()), (Ok(0), 0));
}
