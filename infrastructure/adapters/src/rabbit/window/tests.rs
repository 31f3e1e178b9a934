use application::ports::StreamId;
use domain::kernel::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const LIMITS: Limits = Limits { messages: 8, bytes: 4_000 };
const CARS: Wanted = Wanted { part: 0, handles: &[("car", "registered")] };

fn event(position: u64) -> Recorded {
    Recorded {
        position,
        stream: StreamId::new("car", "car_1"),
        sequence: position,
        event_id: Uuid::from_u128(u128::from(position)),
        name: "registered".to_owned(),
        version: 1,
        payload: "x".repeat(90),
        metadata: "x".repeat(10),
        recorded_at: Timestamp::MIN,
    }
}

fn told(window: &mut Window, position: u64, previous: Option<u64>, now: Instant) {
    let what = What::Event(event(position));
    window.take(position, Incoming { previous, position, what }, now);
}

/// As many as the broker delivers ahead.
fn told_all(window: &mut Window, now: Instant) {
    for position in 1..=8 {
        told(window, position, Some(position - 1), now);
    }
}

fn quiet(window: &mut Window, position: u64, previous: u64, now: Instant) {
    let incoming = Incoming { previous: Some(previous), position, what: What::Quiet };
    window.take(position, incoming, now);
}

/// What a member is given: where the page begins, which events it has, where it ends.
fn page(window: &mut Window, after: u64, now: Instant) -> Option<(u64, Vec<u64>, u64)> {
    let page = window.next(1, CARS, after, 10, now)?;
    let positions = page.events.iter().map(|event| event.position).collect();
    Some((page.after, positions, page.through))
}

#[test]
fn gives_a_run_and_forgets_what_is_handled() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    assert_eq!(page(&mut window, 0, now), None);
    for position in 1..=3 {
        told(&mut window, position, Some(position - 1), now);
    }
    assert_eq!(page(&mut window, 0, now), Some((0, vec![1, 2, 3], 3)));
    assert_eq!(page(&mut window, 2, now), Some((2, vec![3], 3)));
    assert_eq!(window.next(1, CARS, 0, 2, now).expect("a page").through, 2);
    assert_eq!(window.acknowledge(now), None);
    window.handled(1, 2, now);
    assert_eq!(window.acknowledge(now), Some(2));
    assert_eq!(page(&mut window, 1, now), Some((2, vec![], 2)), "that is in the log");
    quiet(&mut window, 9, 3, now);
    assert_eq!(page(&mut window, 2, now), Some((2, vec![3], 9)));
    assert_eq!(page(&mut window, 3, now), Some((3, vec![], 9)));
}

#[test]
fn gives_what_is_wanted_and_moves_past_the_rest() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    for position in 1..=4 {
        told(&mut window, position, Some(position - 1), now);
    }
    let other = Wanted { part: 0, handles: &[("user", "registered")] };
    let page = window.next(2, other, 1, 2, now).expect("a page");
    assert_eq!((page.after, page.events, page.through), (1, vec![], 3), "two, whatever they are");
    assert_eq!(page.at, Some(Timestamp::MIN), "that is how late it is");
    assert_eq!(window.next(2, other, 3, 2, now).expect("a page").through, 4);
}

#[test]
fn acknowledgements_gather_unless_there_are_many() {
    let (mut window, begun) = (Window::new(LIMITS), Instant::now());
    window.next(1, CARS, 0, 10, begun);
    told_all(&mut window, begun);
    assert_eq!(window.due(begun), None, "nobody is done with anything");
    window.handled(1, 1, begun);
    let later = begun + GATHER / 2;
    assert_eq!(window.due(later), Some(begun + GATHER));
    window.handled(1, 2, later);
    assert_eq!(window.due(later), Some(begun), "a quarter of all that are delivered ahead");
    assert_eq!(window.acknowledge(later), Some(2));
    assert_eq!(window.due(later), None);
    window.handled(1, 3, later);
    assert_eq!(window.due(later), Some(later + GATHER));
    window.reconnected();
    assert_eq!(window.due(later), None, "tags of the old channel mean nothing");
}

#[test]
fn a_hole_sends_members_to_the_log() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    told(&mut window, 1, Some(0), now);
    told(&mut window, 5, Some(3), now);
    assert_eq!(page(&mut window, 1, now), Some((3, vec![], 3)));
    assert_eq!(page(&mut window, 3, now), Some((3, vec![5], 5)));
}

#[test]
fn a_hole_shows_in_the_position_alone() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    told(&mut window, 5, None, now);
    told(&mut window, 6, None, now);
    assert_eq!(page(&mut window, 4, now), Some((4, vec![5, 6], 6)), "nothing lies between");
    told(&mut window, 9, None, now);
    assert_eq!(page(&mut window, 6, now), Some((8, vec![], 8)));
    assert_eq!(page(&mut window, 8, now), Some((8, vec![9], 9)));
}

#[test]
fn a_log_that_was_restored_is_followed_again() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    told(&mut window, 500, Some(499), now);
    told(&mut window, 11, Some(10), now);
    assert_eq!(page(&mut window, 10, now), Some((499, vec![], 499)), "not known to be wrong yet");
    quiet(&mut window, 11, 11, now);
    assert_eq!(page(&mut window, 10, now), Some((11, vec![], 11)));
    told(&mut window, 12, Some(11), now);
    assert_eq!(page(&mut window, 11, now), Some((11, vec![12], 12)));
}

#[test]
fn the_slowest_is_left_behind_only_for_the_sake_of_one_who_is_ahead() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    window.next(1, CARS, 0, 10, now);
    window.next(2, CARS, 0, 10, now);
    told_all(&mut window, now);
    assert_eq!(window.acknowledge(now), None, "full, and the broker waits for both");
    window.handled(2, 6, now);
    assert_eq!(window.acknowledge(now), Some(6), "the slow one is not waited for any more");
    assert_eq!(page(&mut window, 0, now), Some((6, vec![], 6)));
    assert_eq!(page(&mut window, 6, now), Some((6, vec![7, 8], 8)));
}

#[test]
fn nobody_holds_up_the_broker_for_ever() {
    let (mut window, begun) = (Window::new(LIMITS), Instant::now());
    window.next(1, CARS, 0, 10, begun);
    told_all(&mut window, begun);
    assert_eq!(window.acknowledge(begun), None);
    assert_eq!(window.acknowledge(begun + GONE), Some(5));
}

#[test]
fn memory_is_bounded_whoever_waits() {
    let (mut window, now) = (Window::new(LIMITS), Instant::now());
    window.next(1, CARS, 0, 10, now);
    for position in 1..=1_000 {
        told(&mut window, position, Some(position - 1), now);
        window.reconnected();
        assert!(window.events.len() <= 16 && window.bytes <= 4_000);
    }
}

/// What can happen to a window.
#[derive(Clone, Debug)]
enum Step {
    /// A message about the event at a position comes, perhaps without saying what was before it,
    /// perhaps without its payload.
    Told {
        position: u64,
        knows: bool,
        partial: bool,
    },
    /// A message says how far the log is.
    Quiet(u64),
    /// A member asks for what follows its checkpoint.
    Asks(u64),
    Reconnected,
}

fn step() -> impl Strategy<Value = Step> {
    let told = (1..40_u64, any::<bool>(), any::<bool>());
    prop_oneof![
        6 => told.prop_map(|(position, knows, partial)| Step::Told { position, knows, partial }),
        1 => (0..40_u64).prop_map(Step::Quiet),
        4 => (1..4_u64).prop_map(Step::Asks),
        1 => Just(Step::Reconnected),
    ]
}

proptest! {
    /// Whatever comes, in whatever order, a page holds all events of its run and no others.
    #[test]
    fn a_page_never_lies(steps in proptest::collection::vec(step(), 1..200)) {
        let (mut window, now) = (Window::new(LIMITS), Instant::now());
        let mut checkpoints = [0_u64; 4];
        // The part has every third position.
        let before = |position: u64| (position - 1) / 3 * 3;
        for (tag, step) in (1..).zip(steps) {
            match step {
                Step::Told { position, knows, partial } => {
                    let position = position * 3;
                    let what = if partial { What::Partial } else { What::Event(event(position)) };
                    let previous = knows.then(|| before(position));
                    window.take(tag, Incoming { previous, position, what }, now);
                }
                Step::Quiet(position) => {
                    let previous = Some(if position == 0 { 0 } else { position / 3 * 3 });
                    window.take(tag, Incoming { previous, position, what: What::Quiet }, now);
                }
                Step::Asks(member) => {
                    let checkpoint = &mut checkpoints[usize::try_from(member).expect("small")];
                    let Some(page) = window.next(member, CARS, *checkpoint, 3, now) else { continue };
                    if page.after > *checkpoint {
                        // The log has everything up to there.
                        *checkpoint = page.after;
                    } else {
                        let positions: Vec<_> = page.events.iter().map(|e| e.position).collect();
                        let run = *checkpoint + 1..=page.through;
                        let expected: Vec<_> = run.filter(|position| position % 3 == 0).collect();
                        prop_assert_eq!(positions, expected);
                        prop_assert!(page.through > *checkpoint);
                        *checkpoint = page.through;
                    }
                    window.handled(member, *checkpoint, now);
                    window.acknowledge(now);
                }
                Step::Reconnected => window.reconnected(),
            }
        }
    }
}
