//! Which threads interrupt which.
//!
//! Threads that read, write and follow events wake up dozens of times for a sign-in and run for some
//! microseconds. While passwords are hashed on every core, each time would take a core away from a
//! hash, and its caches with it. So in a process that has its databases in itself they wait until
//! whoever runs has had its slice, some milliseconds at most, and find more to do at once then
//! (`SCHED_BATCH` of sched(7)). On a core that is idle nothing changes. Threads inherit this from the
//! one that starts them; those that serve requests interrupt others. Beside a database server nobody
//! waits: its processes would not, either.

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::config::Storage;

/// Whether threads of a runtime take cores away from others when they wake up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupting {
    /// They let others finish their slice.
    Nobody,
    /// As the system has it.
    Others,
}

impl Interrupting {
    /// What suits a process with these stores.
    #[must_use]
    pub fn beside(storage: &Storage) -> Self {
        match storage {
            Storage::Embedded { .. } => Self::Nobody,
            Storage::Postgres { .. } => Self::Others,
        }
    }
}

/// The runtime of a process. Two threads of its own are enough beside those of the HTTP server: what
/// runs here waits for databases.
///
/// # Errors
/// If threads can't be started.
pub fn runtime(interrupting: Interrupting) -> io::Result<Runtime> {
    if interrupting == Interrupting::Nobody {
        // Before any thread is started that inherits it.
        system::interrupt_nobody();
    }
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Lets the current thread interrupt others when it wakes up.
pub fn serves_requests() {
    system::interrupt_others();
}

#[cfg(target_os = "linux")]
mod system {
    use thread_priority::{
        NormalThreadSchedulePolicy::{Batch, Other},
        ThreadPriority, ThreadPriorityValue,
        ThreadSchedulePolicy::{self, Normal},
        set_thread_priority_and_policy, thread_native_id, thread_schedule_policy,
    };

    /// Of 0 to 99, what Linux knows as nice 0: the library sets it together with the policy.
    const ORDINARY: u8 = 47;

    pub fn interrupt_nobody() {
        schedule(Normal(Batch));
    }

    pub fn interrupt_others() {
        if thread_schedule_policy() == Ok(Normal(Batch)) {
            schedule(Normal(Other));
        }
    }

    /// Everything works without it, a little slower while passwords are hashed.
    fn schedule(policy: ThreadSchedulePolicy) {
        let scheduled = ThreadPriorityValue::try_from(ORDINARY).map(|ordinary| {
            let ordinary = ThreadPriority::Crossplatform(ordinary);
            set_thread_priority_and_policy(thread_native_id(), ordinary, policy)
        });
        if !matches!(scheduled, Ok(Ok(()))) {
            tracing::debug!(?scheduled, "threads interrupt each other as the system has it");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub fn interrupt_nobody() {}
    pub fn interrupt_others() {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use thread_priority::{
        NormalThreadSchedulePolicy::{Batch, Other},
        ThreadSchedulePolicy::Normal,
        thread_schedule_policy,
    };
    use tokio::task::JoinSet;

    use super::{Interrupting, runtime, serves_requests};

    #[test]
    fn only_who_serves_requests_interrupts_others() {
        let runtime = runtime(Interrupting::Nobody).unwrap();
        let of_a_task = runtime.block_on(async {
            let mut tasks = JoinSet::new();
            tasks.spawn(async { thread_schedule_policy() });
            tasks.join_next().await.unwrap().unwrap()
        });
        assert_eq!(of_a_task, Ok(Normal(Batch)));
        let of_a_server = std::thread::spawn(|| {
            serves_requests();
            thread_schedule_policy()
        });
        assert_eq!(of_a_server.join().unwrap(), Ok(Normal(Other)));
    }
}
