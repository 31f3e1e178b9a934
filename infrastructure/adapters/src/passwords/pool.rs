//! The threads that hash: as many as there are cores, below everything else that runs, and with a
//! queue that ends.

mod held;

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use application::{Error, Result};
use argon2::Block;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use domain::identities::Password;
use domain::kernel::ErrorKind;
use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::sync::oneshot;

use super::phc::{Cost, OUTPUT, SALT};
use held::Held;

/// A thread that had nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(5);

/// About how long an answer is held at most.
const HELD: Duration = Duration::from_millis(250);

/// How much hashing may go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// How many there are.
    pub count: usize,
    /// How many passwords may wait for one.
    pub waiting: usize,
}

/// What is to be computed.
pub(super) struct Job {
    pub password: Password,
    pub cost: Cost,
    pub salt: [u8; SALT],
}

/// `None` if argon2 refuses the parameters.
type Output = Option<[u8; OUTPUT]>;

struct Waiting {
    job: Job,
    answer: oneshot::Sender<Output>,
}

/// The threads. They end when this is dropped.
pub(super) struct Pool {
    queue: Option<Sender<Waiting>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub fn start(Threads { count, waiting }: Threads) -> std::io::Result<Self> {
        let (queue, jobs) = crossbeam_channel::bounded(waiting);
        let held = Arc::new(Held::of(count.max(1), HELD));
        let thread = |number: usize| {
            let (jobs, held) = (jobs.clone(), held.clone());
            let name = format!("passwords-{number}");
            thread::Builder::new().name(name).spawn(move || work(&jobs, &held))
        };
        let threads = (0..count.max(1)).map(thread).collect::<std::io::Result<_>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Computes; waits its turn.
    ///
    /// # Errors
    /// Unavailable, if too many wait already.
    pub async fn run(&self, job: Job) -> Result<[u8; OUTPUT]> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| Error::unexpected("the pool has ended"))?;
        match queue.try_send(Waiting { job, answer }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(busy()),
            Err(TrySendError::Disconnected(_)) => {
                return Err(Error::unexpected("the threads that hash passwords have ended"));
            }
        }
        let output = answered.await.map_err(Error::unexpected)?;
        output.ok_or_else(|| Error::unexpected("argon2 refused its parameters"))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // It has nothing to tell, not even if it panicked.
            let _ = thread.join();
        }
    }
}

fn busy() -> Error {
    Error::refused(
        ErrorKind::Unavailable,
        "too_many_sign_ins",
        "too many passwords wait to be checked; try again in a moment",
    )
}

fn work(jobs: &Receiver<Waiting>, held: &Held) {
    if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
        tracing::warn!(?error, "hashing passwords has the same priority as requests");
    }
    let mut memory = vec![];
    loop {
        let next = jobs.try_recv().or_else(|_| {
            held.give();
            jobs.recv_timeout(IDLE)
        });
        match next {
            // Whoever has gone needs no answer.
            Ok(waiting) if waiting.answer.is_closed() => {}
            Ok(Waiting { job, answer }) => {
                let begun = Instant::now();
                let output = compute(&job, &mut memory);
                held.hold(answer, output, jobs.len(), begun.elapsed());
            }
            Err(RecvTimeoutError::Timeout) => memory = vec![],
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The memory is kept for the next one: fresh pages cost as much as a pass.
fn compute(job: &Job, memory: &mut Vec<Block>) -> Output {
    let blocks = job.cost.blocks();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut output = [0; OUTPUT];
    let password = job.password.expose().as_bytes();
    let argon2 = job.cost.argon2()?;
    let memory = memory.get_mut(..blocks)?;
    argon2.hash_password_into_with_memory(password, &job.salt, &mut output, memory).ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_comes_when_the_last_password_was_taken() {
        let (queue, jobs) = crossbeam_channel::unbounded();
        let password = Password::parse("1Password!").unwrap();
        let cost = Cost::new(64, 1, 1).unwrap();
        let ask = |_| {
            let (answer, answered) = oneshot::channel();
            let job = Job { password: password.clone(), cost, salt: [7; SALT] };
            queue.send(Waiting { job, answer }).unwrap();
            answered
        };
        let mut all: Vec<_> = (0..100).map(ask).collect();
        let waiting = jobs.clone();
        let thread = thread::spawn(move || work(&jobs, &Held::of(1, Duration::from_mins(1))));
        assert!(all.remove(0).blocking_recv().unwrap().is_some());
        assert_eq!(waiting.len(), 0);
        assert!(all.into_iter().all(|one| one.blocking_recv().unwrap().is_some()));
        drop(queue);
        thread.join().unwrap();
    }
}
