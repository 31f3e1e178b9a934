use domain::kernel::Timestamp;
use uuid::Uuid;

use super::*;
use application::ports::{Metadata, StreamAppend};

fn stream(id: &str) -> StreamId {
    StreamId::new("thing", id)
}

fn to(id: &str, expected: u64, events: usize) -> Append {
    let event = NewEvent {
        id: Uuid::nil(),
        name: "happened".into(),
        version: 1,
        payload: "{}".into(),
        sealed: None,
    };
    let events = vec![event; events];
    let streams = vec![StreamAppend { stream: stream(id), expected, events }];
    Append { streams, ..Append::default() }
}

fn claim(value: &str, owner: &str) -> Claim {
    let claim =
        ClaimRef { scope: "platform".into(), kind: "email".into(), value: value.to_owned() };
    Claim { claim, owner: stream(owner) }
}

fn key(fingerprint: &str) -> IdempotencyKey {
    let (scope, key) = ("post /things".to_owned(), "k1".to_owned());
    IdempotencyKey { scope, key, fingerprint: fingerprint.to_owned() }
}

fn consumed(from: u64, to: u64) -> Consumed {
    Consumed { consumer: "mailer".into(), part: 0, from, to, settles: None }
}

fn outcome(appends: Vec<Append>, facts: &Facts) -> (Vec<Verdict>, Vec<(String, u64)>) {
    let entries: Vec<_> =
        appends.into_iter().map(|append| Entry { append, metadata: "{}".into() }).collect();
    let (verdicts, write) = decide(entries.iter(), facts, Timestamp::MIN).unwrap();
    let rows = write.events.iter().map(|row| (row.stream.id.clone(), row.sequence)).collect();
    (verdicts, rows)
}

#[test]
fn numbers_the_accepted_and_leaves_no_hole_for_the_refused() {
    let facts = Facts { head: 10, versions: vec![0, 4, 2], ..Facts::default() };
    let (verdicts, rows) = outcome(vec![to("a", 0, 2), to("b", 3, 1), to("c", 2, 1)], &facts);
    let conflict = AppendError::Conflict { stream: stream("b"), expected: 3, actual: 4 };
    let at = |position| Ok(Appended { position });
    assert_eq!(verdicts, [at(12), Err(conflict), at(13)]);
    assert_eq!(rows, [("a".into(), 1), ("a".into(), 2), ("c".into(), 3)]);
}

#[test]
fn a_repeated_key_is_told_before_the_conflict_that_it_caused() {
    let answer =
        StoredAnswer { fingerprint: "f".into(), position: 7, stream: None, response: None };
    let facts = Facts {
        head: 7,
        versions: vec![1],
        answers: vec![Some(answer.clone())],
        ..Facts::default()
    };
    let append = Append { idempotency: Some(key("f")), ..to("a", 0, 1) };
    let (verdicts, rows) = outcome(vec![append], &facts);
    assert_eq!(verdicts, [Err(AppendError::Duplicate(answer))]);
    assert!(rows.is_empty());
}

#[test]
fn a_checkpoint_elsewhere_supersedes() {
    let facts = Facts { head: 9, checkpoints: vec![5, 5], ..Facts::default() };
    let late = Append { consumed: Some(consumed(4, 6)), ..Append::default() };
    let right = Append { consumed: Some(consumed(5, 6)), ..Append::default() };
    let (verdicts, _) = outcome(vec![late, right], &facts);
    let superseded = AppendError::Superseded { consumer: "mailer".into(), actual: 5 };
    assert_eq!(verdicts, [Err(superseded), Ok(Appended { position: 9 })]);
}

#[test]
fn a_dead_letter_is_settled_once() {
    let settling = || {
        let consumed = Consumed { settles: Some(3), ..consumed(5, 5) };
        Append { consumed: Some(consumed), ..Append::default() }
    };
    let facts =
        Facts { head: 9, checkpoints: vec![5, 5], letters: vec![true, false], ..Facts::default() };
    let (verdicts, _) = outcome(vec![settling(), settling()], &facts);
    let superseded = AppendError::Superseded { consumer: "mailer".into(), actual: 5 };
    assert_eq!(verdicts, [Ok(Appended { position: 9 }), Err(superseded)]);
}

#[test]
fn claims_are_refused_kept_handed_over_and_given_back() {
    let taking = |owner: Option<StreamId>, append: Append| {
        let count = append.take.len() + append.release.len();
        let facts = Facts { owners: vec![owner; count], ..Facts::default() };
        let entry = Entry { append, metadata: "{}".into() };
        let (verdicts, write) = decide(std::iter::once(&entry), &facts, Timestamp::MIN).unwrap();
        (verdicts[0].is_ok(), write.take.len(), write.release.len())
    };
    let take = |owner| Append { take: vec![claim("a@b.c", owner)], ..Append::default() };
    let release = |owner| Append { release: vec![claim("a@b.c", owner)], ..Append::default() };
    assert_eq!(taking(None, take("me")), (true, 1, 0));
    assert_eq!(taking(Some(stream("me")), take("me")), (true, 1, 0));
    assert_eq!(taking(Some(stream("you")), take("me")), (false, 0, 0));
    assert_eq!(taking(Some(stream("me")), release("me")), (true, 0, 1));
    assert_eq!(taking(Some(stream("you")), release("me")), (true, 0, 0), "not mine to give back");
    let hand_over = Append { take: vec![claim("a@b.c", "me")], ..release("you") };
    assert_eq!(taking(Some(stream("you")), hand_over.clone()), (true, 1, 0));
    assert_eq!(taking(Some(stream("else")), hand_over), (false, 0, 0));
}

#[test]
fn a_batch_admits_one_append_per_thing_and_keeps_the_order() {
    let mut admission = Admission::default();
    assert!(admission.admit(&to("a", 0, 1)));
    assert!(admission.admit(&to("b", 0, 1)));
    let mut both = to("a", 1, 1);
    both.streams.extend(to("c", 0, 1).streams);
    assert!(!admission.admit(&both));
    assert!(!admission.admit(&to("c", 1, 1)), "it must not overtake the one that waits for a");
    let with_claim = |id| Append { take: vec![claim("v", id)], ..to(id, 0, 1) };
    assert!(admission.admit(&with_claim("d")));
    assert!(!admission.admit(&with_claim("e")));
    let with_key = |id| Append { idempotency: Some(key("f")), ..to(id, 0, 1) };
    assert!(admission.admit(&with_key("f")));
    assert!(!admission.admit(&with_key("g")));
    let with_checkpoint = |id| Append { consumed: Some(consumed(0, 1)), ..to(id, 0, 1) };
    assert!(admission.admit(&with_checkpoint("h")));
    assert!(!admission.admit(&with_checkpoint("i")));
    let (take, release) = (vec![claim("w", "j")], vec![claim("w", "k")]);
    assert!(admission.admit(&Append { take, release, ..to("j", 0, 1) }), "its own claim, twice");
}

#[test]
fn only_what_can_never_be_accepted_is_outrun() {
    let versions = HashMap::from([(stream("a"), 3)]);
    assert!(matches!(
        outrun(&to("a", 2, 1), &versions),
        Some(AppendError::Conflict { expected: 2, actual: 3, .. })
    ));
    assert_eq!(outrun(&to("a", 3, 1), &versions), None);
    assert_eq!(outrun(&to("a", 4, 1), &versions), None, "another process may get it there");
    assert_eq!(outrun(&to("b", 0, 1), &versions), None);
    let keyed = Append { idempotency: Some(key("f")), ..to("a", 2, 1) };
    assert_eq!(outrun(&keyed, &versions), None);
    assert_eq!(Metadata::default(), keyed.metadata);
}

#[test]
fn answers_that_do_not_match_the_questions_are_corrupt() {
    let entry = Entry { append: to("a", 0, 1), metadata: "{}".into() };
    let outcome = decide(std::iter::once(&entry), &Facts::default(), Timestamp::MIN);
    assert!(matches!(outcome, Err(AppendError::Corrupt(_))));
}
