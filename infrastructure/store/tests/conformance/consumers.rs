//! Reactions' checkpoints and dead letters.

use application::ports::{Append, AppendError, Clock as _, Consumed, DeadLetter};

use crate::support::{Fixture, at, stream, to};

fn consumed(part: u16, from: u64, to: u64) -> Consumed {
    Consumed { consumer: "mailer".into(), part, from, to, settles: None }
}

fn superseded(actual: u64) -> Result<application::ports::Appended, AppendError> {
    Err(AppendError::Superseded { consumer: "mailer".into(), actual })
}

pub async fn a_checkpoint_moves_once(f: &Fixture) {
    assert_eq!(f.log.checkpoint("mailer", 0).await, Ok(None));
    let moving = |from, to| Append { consumed: Some(consumed(0, from, to)), ..Append::default() };
    assert_eq!(f.log.append(moving(0, 5)).await, at(0));
    assert_eq!(f.log.append(moving(0, 5)).await, superseded(5));
    let effect = Append { consumed: Some(consumed(0, 4, 6)), ..to("a", 0, 1) };
    assert_eq!(f.log.append(effect).await, superseded(5));
    assert_eq!(f.log.head().await, Ok(0), "no effect without its checkpoint");
    let effect = Append { consumed: Some(consumed(0, 5, 6)), ..to("a", 0, 1) };
    assert_eq!(f.log.append(effect).await, at(1));
    assert_eq!(f.log.checkpoint("mailer", 0).await, Ok(Some(6)));
    assert_eq!(f.log.checkpoint("mailer", 1).await, Ok(None), "parts have their own");
    let other = Append { consumed: Some(consumed(1, 0, 3)), ..Append::default() };
    assert_eq!(f.log.append(other).await, at(1));
    let back = f.log.append(moving(6, 5)).await;
    assert!(matches!(back, Err(AppendError::Malformed(_))));
}

pub async fn letters_are_parked_and_settled(f: &Fixture) {
    let letter = |position, attempts| DeadLetter {
        consumer: "mailer".into(),
        part: 0,
        position,
        stream: stream("a"),
        event: "happened".into(),
        error: "no such address".into(),
        attempts,
        parked_at: f.clock.now(),
    };
    let parking = |from, to, parked| Append {
        consumed: Some(consumed(0, from, to)),
        parked,
        ..Append::default()
    };
    f.log.append(parking(0, 3, vec![letter(2, 5), letter(3, 0)])).await.unwrap();
    assert_eq!(f.letters().await, [("mailer".into(), 2, 5), ("mailer".into(), 3, 0)]);
    let settling = |part, position| {
        let one = Consumed { settles: Some(position), ..consumed(part, 3, 3) };
        Append { consumed: Some(one), ..to("effect", 0, 1) }
    };
    assert_eq!(f.log.append(settling(0, 1)).await, superseded(3), "there is no such letter");
    assert_eq!(f.log.append(settling(0, 2)).await, at(1));
    assert_eq!(f.log.append(settling(0, 2)).await, superseded(3), "it was settled");
    assert_eq!(f.letters().await, [("mailer".into(), 3, 0)]);
    f.log.append(parking(3, 3, vec![letter(3, 5)])).await.unwrap();
    assert_eq!(f.letters().await, [("mailer".into(), 3, 5)], "tried again, in vain");
    for append in [
        Append { consumed: None, ..parking(3, 4, vec![letter(4, 1)]) },
        parking(3, 4, vec![DeadLetter { consumer: "other".into(), ..letter(4, 1) }]),
        parking(3, 4, vec![letter(4, 1), letter(4, 1)]),
    ] {
        let outcome = f.log.append(append).await;
        assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}");
    }
}
