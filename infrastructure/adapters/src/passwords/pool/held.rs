//! Answers that are given together.
//!
//! What follows a hash (a signature, an append, what consumers make of it) takes turns of many
//! threads, each of which takes a core away from a hash and finds its caches full of that. For many
//! answers at once it is a quarter less work. So while passwords wait for every thread anyway, answers
//! wait, too, for a while. They are given before a thread has nothing to do: whoever gets one may ask
//! again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::Output;

/// The answers of all threads.
pub(super) struct Held {
    threads: usize,
    longest: Duration,
    group: Mutex<Group>,
}

#[derive(Default)]
struct Group {
    answers: Vec<(oneshot::Sender<Output>, Output)>,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Held {
    /// None yet, of so many threads; each is to be held for about so long at most.
    pub fn of(threads: usize, longest: Duration) -> Self {
        Self { threads, longest, group: Mutex::default() }
    }

    /// Keeps an answer, unless fewer passwords wait than there are threads, or the next answer would
    /// come too late for it: a hash takes so long now.
    pub fn hold(
        &self,
        answer: oneshot::Sender<Output>,
        output: Output,
        waiting: usize,
        hash: Duration,
    ) {
        let mut group = self.group();
        group.answers.push((answer, output));
        let since = *group.since.get_or_insert_with(Instant::now);
        drop(group);
        if waiting < self.threads || since.elapsed() + hash > self.longest {
            self.give();
        }
    }

    /// Gives all that there are.
    pub fn give(&self) {
        let group = std::mem::take(&mut *self.group());
        for (answer, output) in group.answers {
            // Whoever has gone needs none.
            let _ = answer.send(output);
        }
    }

    fn group(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_mins(1);

    fn hold(held: &Held, waiting: usize, hash: Duration) -> oneshot::Receiver<Output> {
        let (answer, answered) = oneshot::channel();
        held.hold(answer, None, waiting, hash);
        answered
    }

    #[test]
    fn answers_wait_until_they_are_given() {
        let held = Held::of(2, LONGEST);
        let mut all = [(); 3].map(|()| hold(&held, 2, QUICK));
        assert!(all.iter_mut().all(|one| one.try_recv().is_err()));
        held.give();
        assert!(all.iter_mut().all(|one| one.try_recv().is_ok()));
    }

    #[test]
    fn they_are_given_before_a_thread_has_nothing_to_do() {
        let held = Held::of(2, LONGEST);
        let mut first = hold(&held, 2, QUICK);
        let mut next = hold(&held, 1, QUICK);
        assert!(first.try_recv().is_ok() && next.try_recv().is_ok());
    }

    #[test]
    fn none_waits_for_a_hash_that_takes_long() {
        let held = Held::of(1, LONGEST);
        let mut quick = hold(&held, 9, QUICK);
        assert!(quick.try_recv().is_err());
        let mut slow = hold(&held, 9, LONGEST);
        assert!(quick.try_recv().is_ok() && slow.try_recv().is_ok());
    }

    #[test]
    fn none_waits_for_longer_than_others_before_it() {
        let held = Held::of(1, LONGEST);
        let mut first = hold(&held, 9, QUICK);
        held.group().since = Instant::now().checked_sub(LONGEST);
        let mut next = hold(&held, 9, QUICK);
        assert!(first.try_recv().is_ok() && next.try_recv().is_ok());
        assert!(hold(&held, 9, QUICK).try_recv().is_err(), "the next group begins anew");
    }
}
