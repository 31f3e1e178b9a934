//! What was read last near the head of the log, for all who come by there.

use std::{collections::VecDeque, time::Instant};

use application::ports::{Page, Partition, Recorded, Wanted};

use super::IDLE;

/// Who is so close to the head finds what others have read: consumers are this far behind when
/// thousands of events are appended in a second.
pub(super) const NEAR: u64 = 2_000;
/// How many events are read at once for all.
pub(super) const SHARED: usize = 500;
/// How many are kept beside those, and of how many bytes: payloads and metadata.
const KEPT: usize = 2_000;
const BYTES: usize = 4 * 1024 * 1024;

/// A run of the log without holes: all events with a position in `(after, through]`.
#[derive(Default)]
pub(super) struct Recent {
    after: u64,
    through: u64,
    events: VecDeque<Recorded>,
    bytes: usize,
    /// When the log was asked last.
    asked: Option<Instant>,
}

impl Recent {
    /// Whether what comes after a position is here, or may be read next; else it is forgotten.
    pub fn is_next(&self, after: u64) -> bool {
        after >= self.after
    }
    /// Whether nothing is known yet of what comes after a position.
    pub fn ends_at(&self, after: u64) -> bool {
        after >= self.through
    }
    /// Whether the log was asked so lately that it need not be again, without a reason.
    pub fn is_fresh(&self) -> bool {
        self.asked.is_some_and(|at| at.elapsed() < IDLE)
    }

    /// Takes in what the log has after a position.
    pub fn add(&mut self, after: u64, events: Vec<Recorded>) {
        self.asked = Some(Instant::now());
        if after != self.through {
            *self = Self { after, through: after, asked: self.asked, ..Self::default() };
        }
        // What is new stays for now: somebody is about to take it.
        self.shrink();
        let Some(last) = events.last() else { return };
        self.through = last.position;
        self.bytes += events.iter().map(size).sum::<usize>();
        self.events.extend(events);
    }

    /// The run after a position, of up to so many events, wanted or not; `None` if there is nothing.
    pub fn page(
        &self,
        partition: Partition,
        wanted: Wanted,
        after: u64,
        max: usize,
    ) -> Option<Page> {
        let begin = self.events.partition_point(|event| event.position <= after);
        let end = self.events.len().min(begin + max.max(1));
        let last = self.events.range(begin..end).next_back()?;
        // Most of it is for others, and must not be copied.
        let own = self.events.range(begin..end).filter(|event| partition.feeds(wanted, event));
        Some(Page {
            after,
            events: own.cloned().collect(),
            through: last.position,
            at: Some(last.recorded_at),
        })
    }

    fn shrink(&mut self) {
        while (self.events.len() > KEPT || self.bytes > BYTES) && self.forget() {}
    }
    /// Forgets the oldest; whether there was any.
    fn forget(&mut self) -> bool {
        let Some(event) = self.events.pop_front() else { return false };
        self.bytes -= size(&event);
        self.after = event.position;
        true
    }
}

fn size(event: &Recorded) -> usize {
    event.payload.len() + event.metadata.len()
}

#[cfg(test)]
mod tests {
    use application::ports::StreamId;
    use domain::kernel::Timestamp;
    use uuid::Uuid;

    use super::*;

    const CARS: Wanted = Wanted { part: 0, handles: &[("car", "registered")] };

    fn events(positions: std::ops::RangeInclusive<u64>, bytes: usize) -> Vec<Recorded> {
        let event = |position: u64| Recorded {
            position,
            stream: StreamId::new(if position.is_multiple_of(2) { "car" } else { "user" }, "1"),
            sequence: position,
            event_id: Uuid::from_u128(u128::from(position)),
            name: "registered".to_owned(),
            version: 1,
            payload: "x".repeat(bytes),
            metadata: String::new(),
            recorded_at: Timestamp::MIN,
        };
        positions.map(event).collect()
    }

    /// Positions of the events after one, of up to so many, and where the run ends.
    fn page(recent: &Recent, after: u64, max: usize) -> Option<(Vec<u64>, u64)> {
        let page = recent.page(Partition::ONE, CARS, after, max)?;
        Some((page.events.iter().map(|event| event.position).collect(), page.through))
    }

    #[test]
    fn who_is_behind_finds_what_others_read() {
        let mut recent = Recent::default();
        recent.add(0, events(1..=4, 1));
        recent.add(4, events(5..=9, 1));
        assert_eq!(page(&recent, 0, 100), Some((vec![2, 4, 6, 8], 9)));
        assert_eq!(page(&recent, 3, 3), Some((vec![4, 6], 6)), "three, wanted or not");
        assert_eq!(page(&recent, 8, 100), Some((vec![], 9)));
        assert_eq!(page(&recent, 9, 100), None);
        assert!(recent.ends_at(9) && !recent.ends_at(8));
        recent.add(9, vec![]);
        assert_eq!(page(&recent, 7, 100), Some((vec![8], 9)), "nothing new changes nothing");
    }

    #[test]
    fn who_comes_by_further_ahead_begins_anew() {
        let mut recent = Recent::default();
        recent.add(0, events(1..=4, 1));
        recent.add(6, events(7..=8, 1));
        assert!(recent.is_next(6) && !recent.is_next(5), "there would be a hole");
        assert_eq!(page(&recent, 6, 100), Some((vec![8], 8)));
    }

    #[test]
    fn only_so_much_is_kept_but_all_that_is_new() {
        let mut recent = Recent::default();
        for page in 0..6 {
            recent.add(page * 500, events(page * 500 + 1..=page * 500 + 500, 1));
        }
        assert!(recent.is_next(500) && !recent.is_next(499));
        assert_eq!((recent.events.len(), recent.bytes), (2_500, 2_500));
        recent.add(3_000, events(3_001..=3_010, BYTES));
        recent.add(3_010, events(3_011..=3_011, BYTES / 2));
        assert!(recent.is_next(3_009) && !recent.is_next(3_008), "one more is enough");
        assert_eq!(page(&recent, 3_009, 100), Some((vec![3_010], 3_011)));
        recent.add(3_011, vec![]);
        assert_eq!(recent.bytes, BYTES / 2, "where nothing happens no more than that is held");
    }
}
