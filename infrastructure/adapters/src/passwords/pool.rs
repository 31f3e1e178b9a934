//! The threads that hash: as many as there are cores, below everything else that runs, and with a
//! queue that ends.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use application::{Error, Result};
use argon2::Block;
use domain::identities::Password;
use domain::kernel::ErrorKind;
use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::sync::oneshot;

use super::phc::{Cost, OUTPUT, SALT};

/// A thread that had nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(5);

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

struct Waiting {
    job: Job,
    answer: oneshot::Sender<Option<[u8; OUTPUT]>>,
}

/// The threads. They end when this is dropped.
pub(super) struct Pool {
    queue: Option<SyncSender<Waiting>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub fn start(Threads { count, waiting }: Threads) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        let thread = |number: usize| {
            let jobs = jobs.clone();
            thread::Builder::new().name(format!("passwords-{number}")).spawn(move || work(&jobs))
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

fn work(jobs: &Mutex<Receiver<Waiting>>) {
    if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
        tracing::warn!(?error, "hashing passwords has the same priority as requests");
    }
    let mut memory = vec![];
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(IDLE);
        match next {
            // Whoever has gone needs no answer.
            Ok(waiting) if waiting.answer.is_closed() => {}
            Ok(Waiting { job, answer }) => {
                let _ = answer.send(compute(&job, &mut memory));
            }
            Err(RecvTimeoutError::Timeout) => memory = vec![],
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The memory is kept for the next one: fresh pages cost as much as a pass.
fn compute(job: &Job, memory: &mut Vec<Block>) -> Option<[u8; OUTPUT]> {
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
