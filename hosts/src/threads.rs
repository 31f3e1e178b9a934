//! Which threads interrupt which.
//!
//! Threads that read, write and follow events wake up a hundred times for a request and run for some
//! microseconds. While passwords are hashed on every core, each time would take a core away from a
//! hash, and its caches with it. So they wait until whoever runs has had its slice, some milliseconds
//! at most, and find more to do at once then (`SCHED_BATCH` of sched(7)). On a core that is idle
//! nothing changes. Threads inherit this from the one that starts them; those that serve requests
//! interrupt others.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Of 0 to 99, what Linux knows as nice 0.
#[cfg(target_os = "linux")]
const ORDINARY: u8 = 47;

/// The runtime of a process whose threads, and the current one, let others finish their slice. Two
/// of its own are enough beside those of the HTTP server: what runs here waits for databases.
///
/// # Errors
/// If threads can't be started.
pub fn runtime() -> io::Result<Runtime> {
    // Before any thread is started that inherits it.
    told(schedule(Interrupting::Nobody));
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Lets the current thread interrupt others when it wakes up.
pub fn serves_requests() {
    told(schedule(Interrupting::Others));
}

#[derive(Clone, Copy)]
enum Interrupting {
    Nobody,
    Others,
}

#[cfg(target_os = "linux")]
fn schedule(interrupting: Interrupting) -> Result<(), String> {
    use thread_priority::{
        NormalThreadSchedulePolicy::{Batch, Other},
        ThreadPriority, ThreadPriorityValue,
        ThreadSchedulePolicy::Normal,
        set_thread_priority_and_policy, thread_native_id,
    };

    let policy = match interrupting {
        Interrupting::Nobody => Batch,
        Interrupting::Others => Other,
    };
    let ordinary = ThreadPriority::Crossplatform(ThreadPriorityValue::try_from(ORDINARY)?);
    set_thread_priority_and_policy(thread_native_id(), ordinary, Normal(policy))
        .map_err(|error| format!("{error:?}"))
}

#[cfg(not(target_os = "linux"))]
fn schedule(_interrupting: Interrupting) -> Result<(), String> {
    Ok(())
}

/// Everything works without it, a little slower while passwords are hashed.
fn told(scheduled: Result<(), String>) {
    if let Err(error) = scheduled {
        tracing::debug!(error, "threads interrupt each other as the system has it");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use thread_priority::{
        NormalThreadSchedulePolicy::{Batch, Other},
        ThreadSchedulePolicy::Normal,
        thread_schedule_policy,
    };
    use tokio::task::JoinSet;

    #[test]
    fn only_who_serves_requests_interrupts_others() {
        let runtime = super::runtime().unwrap();
        let of_a_task = runtime.block_on(async {
            let mut tasks = JoinSet::new();
            tasks.spawn(async { thread_schedule_policy() });
            tasks.join_next().await.unwrap().unwrap()
        });
        assert_eq!(of_a_task, Ok(Normal(Batch)));
        let of_a_server = std::thread::spawn(|| {
            super::serves_requests();
            thread_schedule_policy()
        });
        assert_eq!(of_a_server.join().unwrap(), Ok(Normal(Other)));
    }
}
