//! What feeds consumers: the log itself, an in-process bus or a broker.

use std::{num::NonZeroU16, sync::Arc};

use async_trait::async_trait;

use domain::kernel::Timestamp;

use super::{LogError, Recorded, StreamId};

/// What a consumer is fed with: of one part of the log, the events of some types of aggregates. All
/// of each type, so that an event that is unknown is met, instead of being left out silently.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// From 0.
    pub part: u16,
    /// Aggregate type and event name of everything that the consumer handles.
    pub handles: &'static [(&'static str, &'static str)],
}

impl Wanted {
    /// Whether the consumer has to see an event of its part: also that the log was emptied.
    #[must_use]
    pub fn takes(&self, event: &Recorded) -> bool {
        self.handles.iter().any(|(kind, _)| *kind == event.stream.kind) || event.is_reset()
    }
}

/// A run of events of one part of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The position that this run begins after: no event of the part lies between it and the first.
    /// A consumer whose checkpoint is elsewhere drops what it knows and reads a gap from the log.
    pub after: u64,
    /// What is wanted, in order of position. The consumer leaves out what it does not want.
    pub events: Vec<Recorded>,
    /// Every wanted event of the part up to here is in this page or an earlier one.
    pub through: u64,
    /// When the last event of the run was appended, wanted or not; `None` if there was none.
    pub at: Option<Timestamp>,
}

/// A source of events. It may repeat and it may leave gaps; the consumer's checkpoint decides.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The next run after a position: waits until there is something, or until `through` can move.
    /// `max` is of events, wanted or not.
    ///
    /// # Errors
    /// [`LogError`] if the source fails; the consumer waits and asks again.
    async fn next(&self, wanted: Wanted, after: u64, max: usize) -> Result<Page, LogError>;
    /// Tells the source that everything up to a position was handled and committed.
    ///
    /// # Errors
    /// [`LogError`] if the source fails; it will repeat then.
    async fn handled(&self, part: u16, through: u64) -> Result<(), LogError>;
}

/// Gives every consumer a feed of its own, which may share what is behind it with others.
pub trait Feeds: Send + Sync {
    /// The feed of the consumer of this permanent name.
    fn feed(&self, consumer: &str) -> Arc<dyn Feed>;
    /// This process begins to work on a part.
    fn attach(&self, _part: u16) {}
    /// This process works on a part no longer.
    fn detach(&self, _part: u16) {}
}

/// Into how many parts consumers divide the log, so that several processes share the work. The
/// events of one stream are all in one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition(NonZeroU16);

impl Partition {
    /// Everything in one part.
    pub const ONE: Self = Self(NonZeroU16::MIN);

    /// So many parts; `None` for none.
    #[must_use]
    pub fn new(parts: u16) -> Option<Self> {
        NonZeroU16::new(parts).map(Self)
    }
    /// How many there are.
    #[must_use]
    pub fn parts(self) -> u16 {
        self.0.get()
    }
    /// The part that a stream is in, from 0. Permanent: FNV-1a, 64 bits, of `kind/id`.
    #[must_use]
    pub fn part(self, stream: &StreamId) -> u16 {
        let bytes = stream.kind.bytes().chain([b'/']).chain(stream.id.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        u16::try_from(hash % u64::from(self.0.get())).unwrap_or(0)
    }
    /// Whether a consumer is fed with an event; that the log was emptied is in every part.
    #[must_use]
    pub fn feeds(self, wanted: Wanted, event: &Recorded) -> bool {
        // The hash of the part comes last: most events are of other types.
        wanted.takes(event) && (event.is_reset() || self.part(&event.stream) == wanted.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_always_in_the_same_part() {
        let four = Partition::new(4).expect("some parts");
        let parts = ["car_a", "car_b", "car_c", "car_d", "car_e"]
            .map(|id| four.part(&StreamId::new("car", id)));
        assert_eq!(parts, [0, 1, 2, 3, 0]);
        assert_eq!(Partition::ONE.part(&StreamId::new("car", "car_b")), 0);
    }
}
