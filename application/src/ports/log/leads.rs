//! Following a value to what it leads to.

use super::{ClaimRef, Recorded, Snapshot, StreamId};

/// From a value to the stream that owns it, and on to the one that this names when it begins.
#[derive(Clone, Copy, Debug)]
pub struct Lead<'a> {
    /// The value.
    pub claim: &'a ClaimRef,
    /// Of the owner's snapshots.
    pub state_version: u32,
    /// The type of the other stream.
    pub kind: &'static str,
    /// The member of the owner's first event that is the other stream's id.
    pub member: &'a str,
    /// Of the other stream's snapshots.
    pub kind_version: u32,
    /// Whether what events have sealed is opened, for those who may see it.
    pub opened: bool,
}

/// A stream that can be replayed from where it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Trail {
    /// Which one.
    pub stream: StreamId,
    /// What was kept of it last.
    pub snapshot: Option<Snapshot>,
    /// What happened since; what was sealed of it is there if the lead is opened.
    pub events: Vec<Recorded>,
}
