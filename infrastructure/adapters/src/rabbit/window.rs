//! What is remembered of one part's messages: the latest events, who has handled how many of them,
//! and which messages may be acknowledged.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use application::ports::{Page, Recorded, Wanted};
use tokio::time::Instant;

use super::wire::{Incoming, What};

/// A member that has not shown itself for so long is not waited for any more.
const GONE: Duration = Duration::from_secs(10);
/// How long messages that are done with wait for others: each acknowledgement, of however many, is
/// a write of the broker.
const GATHER: Duration = Duration::from_millis(100);
/// One in so many of the messages that the broker delivers ahead is acknowledged at once.
const ONE_IN: usize = 4;

/// The latest run of a part, without holes: all its events with a position in `(after, through]`.
pub(super) struct Window {
    after: u64,
    through: u64,
    events: VecDeque<Kept>,
    bytes: usize,
    members: HashMap<u64, Member>,
    /// Deliveries of the channel in use, oldest first.
    unacknowledged: VecDeque<Unacknowledged>,
    /// When the first of them was done with.
    done_since: Option<Instant>,
    limits: Limits,
}

/// How much a window holds.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Messages that the broker delivers before any of them is acknowledged.
    pub messages: u16,
    /// Payloads, in bytes.
    pub bytes: usize,
}

struct Kept {
    position: u64,
    /// `None` for one that only the log has whole.
    event: Option<Recorded>,
}

struct Member {
    handled: u64,
    seen: Instant,
}

struct Unacknowledged {
    tag: u64,
    /// It is done with when everything up to here is.
    position: u64,
}

impl Window {
    pub fn new(limits: Limits) -> Self {
        Self {
            after: 0,
            through: 0,
            events: VecDeque::new(),
            bytes: 0,
            members: HashMap::new(),
            unacknowledged: VecDeque::new(),
            done_since: None,
            limits,
        }
    }

    /// Takes in a message; what is known already is only noted for its acknowledgement.
    pub fn take(&mut self, tag: u64, incoming: Incoming, now: Instant) {
        let Incoming { previous, position, what } = incoming;
        if position > self.through {
            let begin = previous.unwrap_or(match what {
                What::Quiet => position,
                What::Event(_) | What::Partial => position.saturating_sub(1),
            });
            if begin > self.through {
                // A hole. What came before is in the log, and so is what lies in it.
                self.restart(begin);
            }
            self.through = position;
            match what {
                What::Quiet => {}
                What::Partial => self.keep(Kept { position, event: None }),
                What::Event(event) => self.keep(Kept { position, event: Some(event) }),
            }
        } else if what == What::Quiet && position < self.through {
            // It is old, or the log is: it was restored from a backup, and what the broker kept of
            // the time after it never happened. Either way what follows this is right.
            self.restart(position);
            self.through = position;
        }
        self.note(tag, position);
        self.settle(now);
    }
    /// Takes note of a message that changes nothing.
    pub fn refuse(&mut self, tag: u64) {
        self.note(tag, 0);
    }
    /// When the broker should be told what it may forget; `None` if there is nothing yet.
    pub fn due(&mut self, now: Instant) -> Option<Instant> {
        self.settle(now);
        let since = self.done_since?;
        let many = self.done() * ONE_IN >= usize::from(self.limits.messages);
        Some(if many { since } else { since + GATHER })
    }
    /// The tag up to which the broker may forget.
    pub fn acknowledge(&mut self, now: Instant) -> Option<u64> {
        self.settle(now);
        self.done_since = None;
        self.unacknowledged.drain(..self.done()).next_back().map(|last| last.tag)
    }
    /// How many messages, oldest first, the broker may forget.
    fn done(&self) -> usize {
        self.unacknowledged.partition_point(|message| message.position <= self.after)
    }
    /// Whether the broker has been told of everything that came.
    pub fn owes_nothing(&self) -> bool {
        self.unacknowledged.is_empty()
    }
    /// Tags of an earlier channel mean nothing on a new one; the broker delivers all of it again.
    pub fn reconnected(&mut self) {
        self.unacknowledged.clear();
        self.done_since = None;
    }

    /// The run after a position, if there is anything to tell. `after` of the page is greater than
    /// asked when the log has to be read.
    pub fn next(
        &mut self,
        member: u64,
        wanted: Wanted,
        after: u64,
        max: usize,
        now: Instant,
    ) -> Option<Page> {
        self.members.insert(member, Member { handled: after, seen: now });
        if after < self.after {
            return Some(gap(self.after));
        }
        if after >= self.through {
            return None;
        }
        let begin = self.events.partition_point(|kept| kept.position <= after);
        let ahead = self.events.range(begin..);
        if let Some(Kept { position, event: None }) = ahead.clone().next() {
            return Some(gap(*position));
        }
        let mut run: Vec<&Recorded> =
            ahead.map_while(|kept| kept.event.as_ref()).take(max.max(1)).collect();
        let last = run.last().copied();
        let through = match (last, self.events.len() - begin == run.len()) {
            (Some(last), false) => last.position,
            _ => self.through,
        };
        run.retain(|event| wanted.takes(event));
        let events = run.into_iter().cloned().collect();
        Some(Page { after, events, through, at: last.map(|event| event.recorded_at) })
    }
    /// A member has handled everything up to a position.
    pub fn handled(&mut self, member: u64, through: u64, now: Instant) {
        self.members.insert(member, Member { handled: through, seen: now });
        self.settle(now);
    }
    /// A member will not ask again.
    pub fn leave(&mut self, member: u64) {
        self.members.remove(&member);
    }

    fn restart(&mut self, after: u64) {
        self.after = after;
        self.events.clear();
        self.bytes = 0;
    }
    fn keep(&mut self, kept: Kept) {
        self.bytes += kept.bytes();
        self.events.push_back(kept);
    }
    fn note(&mut self, tag: u64, position: u64) {
        // One acknowledgement is for all before it, so none may wait for less than they do.
        let last = self.unacknowledged.back().map_or(0, |last| last.position);
        self.unacknowledged.push_back(Unacknowledged { tag, position: position.max(last) });
    }

    /// Forgets what every member has handled that is still with this window.
    fn settle(&mut self, now: Instant) {
        self.members.retain(|_, member| now.duration_since(member.seen) < GONE);
        let with_us = self.members.values().map(|m| m.handled).filter(|at| *at >= self.after);
        let slowest = with_us.clone().min();
        let fastest = with_us.max();
        if let Some(slowest) = slowest {
            self.forget(slowest);
        }
        if self.unacknowledged.len() - self.done() >= usize::from(self.limits.messages) {
            // Whoever is in the older half is left behind and reads the log, but only for the sake
            // of one who is ahead: if none is, the broker waits.
            self.forget(fastest.unwrap_or(self.through).min(self.middle()));
        }
        let most = usize::from(self.limits.messages) * 2;
        while self.events.len() > most || self.bytes > self.limits.bytes {
            self.forget(self.middle());
        }
        if self.done_since.is_none() && self.done() > 0 {
            self.done_since = Some(now);
        }
    }
    fn middle(&self) -> u64 {
        self.events.get(self.events.len() / 2).map_or(self.through, |kept| kept.position)
    }
    fn forget(&mut self, through: u64) {
        let through = through.min(self.through);
        if through <= self.after {
            return;
        }
        self.after = through;
        while let Some(kept) = self.events.pop_front_if(|kept| kept.position <= through) {
            self.bytes -= kept.bytes();
        }
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.event.as_ref().map_or(0, |event| event.payload.len() + event.metadata.len())
    }
}

/// What makes a consumer read the log.
fn gap(after: u64) -> Page {
    Page { after, through: after, ..Page::default() }
}

#[cfg(test)]
mod tests;
