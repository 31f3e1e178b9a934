//! What a batch may contain, and which of its appends are accepted: pure, for both engines.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use application::ports::{
    Append, AppendError, Appended, Claim, ClaimRef, Consumed, DeadLetter, IdempotencyKey, NewEvent,
    StoredAnswer, StreamId, WorkMessage,
};
use domain::kernel::Timestamp;

use super::shared;

/// An append that was checked and waits for its batch.
pub struct Entry {
    pub append: Append,
    /// JSON text for each of its events.
    pub metadata: String,
}

impl Entry {
    /// Bytes of payload, about.
    pub fn bytes(&self) -> usize {
        let events = self.append.streams.iter().flat_map(|part| &part.events);
        let sealed = |event: &NewEvent| event.sealed.as_ref().map_or(0, |sealed| sealed.text.len());
        let bytes = |event: &NewEvent| event.payload.len() + sealed(event) + self.metadata.len();
        let events: usize = events.map(bytes).sum();
        events + self.append.work.iter().map(|message| message.body.len()).sum::<usize>()
    }
}

/// Keeps appends that touch the same thing out of one batch, and in their order.
#[derive(Default)]
pub struct Admission {
    hasher: RandomState,
    /// Hashes of everything that was touched; that two things share one only costs a batch.
    touched: HashSet<u64>,
}

impl Admission {
    /// Whether nothing that the append touches was touched by an earlier one, admitted or not.
    pub fn admit(&mut self, append: &Append) -> bool {
        let Self { hasher, touched } = self;
        let mut free = true;
        let mut touch = |hash: u64, own: bool| free &= touched.insert(hash) || own;
        for part in &append.streams {
            touch(hasher.hash_one((0, &part.stream)), false);
        }
        for take in &append.take {
            touch(hasher.hash_one((1, &take.claim)), false);
        }
        for release in &append.release {
            let handed_over = append.take.iter().any(|take| take.claim == release.claim);
            touch(hasher.hash_one((1, &release.claim)), handed_over);
        }
        if let Some(key) = &append.idempotency {
            touch(hasher.hash_one((2, &key.scope, &key.key)), false);
        }
        if let Some(consumed) = &append.consumed {
            touch(hasher.hash_one((3, &consumed.consumer, consumed.part)), false);
        }
        free
    }
}

/// What has to be known to decide on a batch.
pub struct Questions<'a> {
    /// Idempotency keys that expire by now are free again.
    pub now: Timestamp,
    pub streams: Vec<&'a StreamId>,
    pub claims: Vec<&'a ClaimRef>,
    pub keys: Vec<&'a IdempotencyKey>,
    pub checkpoints: Vec<(&'a str, u16)>,
    /// Dead letters that are to be settled: consumer, part, position.
    pub letters: Vec<(&'a str, u16, u64)>,
}

impl<'a> Questions<'a> {
    pub fn about(entries: impl Iterator<Item = &'a Entry>, now: Timestamp) -> Self {
        let mut all = Self {
            now,
            streams: vec![],
            claims: vec![],
            keys: vec![],
            checkpoints: vec![],
            letters: vec![],
        };
        for Entry { append, .. } in entries {
            all.streams.extend(append.streams.iter().map(|part| &part.stream));
            all.claims.extend(append.take.iter().chain(&append.release).map(|claim| &claim.claim));
            all.keys.extend(&append.idempotency);
            if let Some(consumed) = &append.consumed {
                let (consumer, part) = (consumed.consumer.as_str(), consumed.part);
                all.checkpoints.push((consumer, part));
                all.letters.extend(consumed.settles.map(|position| (consumer, part, position)));
            }
        }
        all
    }
}

/// The answers, each list in the order of its questions.
#[derive(Debug, Default)]
pub struct Facts {
    pub head: u64,
    pub versions: Vec<u64>,
    pub owners: Vec<Option<StreamId>>,
    pub answers: Vec<Option<StoredAnswer>>,
    pub checkpoints: Vec<u64>,
    /// Whether each letter is there.
    pub letters: Vec<bool>,
}

impl Facts {
    /// What the appends of a batch expect to find, from the head of the log on as if it were empty.
    /// `None` if one has a condition that writing it does not check by itself.
    pub fn expected<'a>(entries: impl Iterator<Item = &'a Entry>) -> Option<Self> {
        let mut facts = Self::default();
        for Entry { append, .. } in entries {
            let checked = append.release.is_empty()
                && append.idempotency.is_none()
                && append.consumed.is_none()
                && append.parked.is_empty()
                && append.work.is_empty()
                && append.streams.iter().all(|part| !part.events.is_empty());
            if !checked {
                return None;
            }
            facts.versions.extend(append.streams.iter().map(|part| part.expected));
            facts.owners.extend(append.take.iter().map(|_| None));
        }
        Some(facts)
    }
}

/// An event that is to be written; its place in the list makes its position.
pub struct Row<'a> {
    pub stream: &'a StreamId,
    pub sequence: u64,
    pub event: &'a NewEvent,
    pub metadata: Cow<'a, str>,
}

/// An idempotency key that is to be written.
pub struct KeyRow<'a> {
    pub key: &'a IdempotencyKey,
    pub position: u64,
    pub stream: Option<&'a StreamId>,
}

/// What the accepted appends of a batch write.
pub struct Write<'a> {
    /// The position before the first event.
    pub head: u64,
    pub now: Timestamp,
    pub events: Vec<Row<'a>>,
    pub take: Vec<&'a Claim>,
    /// Only what its owner gives back and nobody takes in the same append.
    pub release: Vec<&'a ClaimRef>,
    pub keys: Vec<KeyRow<'a>>,
    pub checkpoints: Vec<&'a Consumed>,
    pub parked: Vec<&'a DeadLetter>,
    /// Some may be there already.
    pub work: Vec<&'a WorkMessage>,
}

impl Write<'_> {
    /// The head of the log once this is written.
    pub fn next_head(&self) -> u64 {
        self.head + self.events.len() as u64
    }
    /// Whether there is nothing but events.
    pub fn is_plain(&self) -> bool {
        self.take.is_empty()
            && self.release.is_empty()
            && self.keys.is_empty()
            && self.checkpoints.is_empty()
            && self.parked.is_empty()
            && self.work.is_empty()
    }
    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.is_plain()
    }
}

/// What each caller is told.
pub type Verdict = Result<Appended, AppendError>;

/// Decides on the appends of one batch, in order. No two of them touch the same thing, so none
/// depends on another.
pub fn decide<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    facts: &Facts,
    now: Timestamp,
) -> Result<(Vec<Verdict>, Write<'a>), AppendError> {
    let mut write = Write {
        head: facts.head,
        now,
        events: vec![],
        take: vec![],
        release: vec![],
        keys: vec![],
        checkpoints: vec![],
        parked: vec![],
        work: vec![],
    };
    let mut known = Known {
        versions: facts.versions.iter(),
        owners: facts.owners.iter(),
        answers: facts.answers.iter(),
        checkpoints: facts.checkpoints.iter(),
        letters: facts.letters.iter(),
    };
    let mut verdicts = vec![];
    for entry in entries {
        let own = known
            .of(&entry.append)
            .ok_or_else(|| AppendError::Corrupt("a look-up was left without an answer".into()))?;
        verdicts.push(match own.refusal(&entry.append) {
            Some(error) => Err(error),
            None => Ok(Appended { position: own.write(entry, &mut write) }),
        });
    }
    Ok((verdicts, write))
}

/// The answers that were not yet given to an append.
struct Known<'f> {
    versions: std::slice::Iter<'f, u64>,
    owners: std::slice::Iter<'f, Option<StreamId>>,
    answers: std::slice::Iter<'f, Option<StoredAnswer>>,
    checkpoints: std::slice::Iter<'f, u64>,
    letters: std::slice::Iter<'f, bool>,
}

/// The answers that are about one append.
struct Own<'f> {
    versions: &'f [u64],
    taken: &'f [Option<StreamId>],
    released: &'f [Option<StreamId>],
    answer: Option<&'f StoredAnswer>,
    checkpoint: Option<u64>,
    /// False if the append settles a dead letter that is not there.
    settled: bool,
}

impl<'f> Known<'f> {
    fn of(&mut self, append: &Append) -> Option<Own<'f>> {
        Some(Own {
            versions: next(&mut self.versions, append.streams.len())?,
            taken: next(&mut self.owners, append.take.len())?,
            released: next(&mut self.owners, append.release.len())?,
            answer: match append.idempotency {
                Some(_) => self.answers.next()?.as_ref(),
                None => None,
            },
            checkpoint: match append.consumed {
                Some(_) => Some(*self.checkpoints.next()?),
                None => None,
            },
            settled: match append.consumed.as_ref().and_then(|consumed| consumed.settles) {
                Some(_) => *self.letters.next()?,
                None => true,
            },
        })
    }
}

fn next<'f, T>(all: &mut std::slice::Iter<'f, T>, count: usize) -> Option<&'f [T]> {
    let (these, rest) = all.as_slice().split_at_checked(count)?;
    *all = rest.iter();
    Some(these)
}

impl Own<'_> {
    fn refusal(&self, append: &Append) -> Option<AppendError> {
        if let Some(answer) = self.answer {
            return Some(AppendError::Duplicate(answer.clone()));
        }
        if let (Some(consumed), Some(actual)) = (&append.consumed, self.checkpoint)
            && (consumed.from != actual || !self.settled)
        {
            return Some(AppendError::Superseded { consumer: consumed.consumer.clone(), actual });
        }
        for (part, actual) in append.streams.iter().zip(self.versions) {
            if part.expected != *actual {
                return Some(AppendError::Conflict {
                    stream: part.stream.clone(),
                    expected: part.expected,
                    actual: *actual,
                });
            }
        }
        for (take, owner) in append.take.iter().zip(self.taken) {
            let foreign = owner.as_ref().is_some_and(|owner| *owner != take.owner);
            let given_back = || {
                append
                    .release
                    .iter()
                    .any(|r| r.claim == take.claim && Some(&r.owner) == owner.as_ref())
            };
            if foreign && !given_back() {
                return Some(AppendError::Taken(take.claim.clone()));
            }
        }
        None
    }

    fn write<'a>(&self, entry: &'a Entry, write: &mut Write<'a>) -> u64 {
        let append = &entry.append;
        for part in &append.streams {
            for (sequence, event) in (part.expected + 1..).zip(&part.events) {
                let metadata = shared::metadata(&entry.metadata, event);
                write.events.push(Row { stream: &part.stream, sequence, event, metadata });
            }
        }
        let position = write.next_head();
        write.take.extend(&append.take);
        for (release, owner) in append.release.iter().zip(self.released) {
            let taken = append.take.iter().any(|take| take.claim == release.claim);
            if owner.as_ref() == Some(&release.owner) && !taken {
                write.release.push(&release.claim);
            }
        }
        if let Some(key) = &append.idempotency {
            let stream = append.streams.first().map(|part| &part.stream);
            write.keys.push(KeyRow { key, position, stream });
        }
        write.checkpoints.extend(&append.consumed);
        write.parked.extend(&append.parked);
        write.work.extend(&append.work);
        position
    }
}

/// The versions that streams have after a batch.
pub fn versions<'a>(
    questions: &Questions<'a>,
    facts: &Facts,
    write: &Write<'a>,
) -> HashMap<StreamId, u64> {
    let mut versions: HashMap<StreamId, u64> = questions
        .streams
        .iter()
        .map(|stream| (*stream).clone())
        .zip(facts.versions.iter().copied())
        .collect();
    for row in &write.events {
        if let Some(version) = versions.get_mut(row.stream) {
            *version = row.sequence;
        }
    }
    versions
}

/// Why an append that still waits can't be accepted any more: versions only grow, so it needs no
/// batch of its own to learn that it lost a race.
pub fn outrun(append: &Append, versions: &HashMap<StreamId, u64>) -> Option<AppendError> {
    if append.idempotency.is_some() || append.consumed.is_some() {
        return None; // they have the first say, and only a batch can look them up
    }
    append.streams.iter().find_map(|part| {
        let actual = *versions.get(&part.stream)?;
        let (stream, expected) = (part.stream.clone(), part.expected);
        (actual > expected).then_some(AppendError::Conflict { stream, expected, actual })
    })
}

#[cfg(test)]
mod tests;
