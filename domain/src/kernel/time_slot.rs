//! Half-open periods of time.

use serde::{Deserialize, Serialize};

use super::{DomainError, ErrorKind, Timestamp};

/// From `from` (included) to `to` (excluded), UTC, never empty when made by [`TimeSlot::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSlot {
    from: Timestamp,
    to: Timestamp,
}

/// The end is not after the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the end of a period must be after its start")]
pub struct EmptySlot;

impl DomainError for EmptySlot {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
    fn code(&self) -> &'static str {
        "empty_time_slot"
    }
}

impl TimeSlot {
    /// # Errors
    /// [`EmptySlot`] unless `to` is after `from`.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, EmptySlot> {
        if to > from { Ok(Self { from, to }) } else { Err(EmptySlot) }
    }
    /// The first instant.
    #[must_use]
    pub fn from(self) -> Timestamp {
        self.from
    }
    /// The first instant after it.
    #[must_use]
    pub fn to(self) -> Timestamp {
        self.to
    }
    /// Whether both share an instant; touching ends do not.
    #[must_use]
    pub fn intersects(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(from: i64, to: i64) -> TimeSlot {
        let at = |h| Timestamp::MIN.plus(time::Duration::hours(h));
        TimeSlot::new(at(from), at(to)).expect("not empty")
    }

    #[test]
    fn touching_ends_do_not_intersect() {
        assert!(!slot(1, 2).intersects(slot(2, 3)));
        assert!(!slot(2, 3).intersects(slot(1, 2)));
    }

    #[test]
    fn any_shared_instant_intersects() {
        for (a, b) in [((1, 3), (2, 4)), ((1, 4), (2, 3)), ((2, 3), (1, 4)), ((1, 2), (1, 2))] {
            assert!(slot(a.0, a.1).intersects(slot(b.0, b.1)));
        }
    }

    #[test]
    fn refuses_an_empty_period() {
        assert_eq!(TimeSlot::new(Timestamp::MIN, Timestamp::MIN), Err(EmptySlot));
    }
}
