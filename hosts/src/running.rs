//! Tasks that run until they are told to stop, behind a server.

use std::collections::HashMap;

use actix_web::dev::ServerHandle;
use application::{
    Call, Caller,
    ports::{Recorder, Severity},
};
use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};

use crate::{cli::Stop, http::server::Bound};

/// A server with the tasks behind it. Dropping it aborts them.
pub struct Running {
    server: ServerHandle,
    /// Stops those that need a server that answers.
    rest: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

/// A task that ended although the process went on.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    task: &'static str,
    how: &'static str,
}

/// By itself.
const ENDED: &str = "ended";

impl Running {
    /// Runs a server.
    pub fn start(bound: Bound) -> Self {
        let server = bound.server.handle();
        let (rest, stop) = (watch::Sender::new(false), watch::Sender::new(false));
        let mut running = Self { server, rest, stop, tasks: JoinSet::new(), names: HashMap::new() };
        running.spawn("the HTTP server", |_| async {
            if let Err(error) = bound.server.await {
                tracing::error!(%error, "the HTTP server failed");
            }
        });
        running
    }

    /// Runs a task beside it, which ends once what it is given turns true.
    pub fn spawn<F>(
        &mut self,
        name: &'static str,
        task: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = self.tasks.spawn(task(self.stop.subscribe()));
        self.names.insert(task.id(), name);
    }

    /// As [`Self::spawn`], for a task that calls the server, so that it is told before that stops.
    pub fn spawn_client<F>(
        &mut self,
        name: &'static str,
        task: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = self.tasks.spawn(task(self.rest.subscribe()));
        self.names.insert(task.id(), name);
    }

    /// Waits until a task ends that should not, which means that the process must stop.
    pub async fn failed(&mut self) -> Broken {
        self.ended().await.unwrap_or(Broken { task: "every task", how: ENDED })
    }

    /// The next task that ends; `None` if there is none any more.
    async fn ended(&mut self) -> Option<Broken> {
        let (id, how) = match self.tasks.join_next_with_id().await? {
            Ok((id, ())) => (id, ENDED),
            Err(error) if error.is_panic() => (error.id(), "panicked"),
            Err(error) => (error.id(), "was aborted"),
        };
        Some(Broken { task: self.names.remove(&id).unwrap_or("a task"), how })
    }

    /// Stops accepting and finishes the requests that were begun.
    pub async fn stop_serving(&self) {
        self.rest.send_replace(true);
        self.server.stop(true).await;
    }

    /// Stops the tasks and waits until they have ended; those that did not end by themselves.
    pub async fn stop_tasks(mut self) -> Vec<Broken> {
        self.stop.send_replace(true);
        let mut broken = vec![];
        while let Some(ended) = self.ended().await {
            if ended.how != ENDED {
                broken.push(ended);
            }
        }
        broken
    }
}

impl Broken {
    /// Records it. Nobody called it: the task is its own cause.
    pub fn record(&self, recorder: &dyn Recorder) {
        let call = Call::new(Caller::maintenance(), self.task.to_owned());
        recorder.crash(&call, Severity::Critical, self.task, self.how);
    }
}

impl From<Broken> for Stop {
    fn from(Broken { task, how }: Broken) -> Self {
        Self(format!("The host stops because {task} {how}."))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use actix_web::HttpResponse;
    use application::{Result, ports::Audited};
    use async_trait::async_trait;
    use serde_json::Value;

    use super::*;
    use crate::http::{server::listen, settings::HttpSettings};

    #[derive(Default)]
    struct Crashes(Mutex<Vec<(Severity, &'static str, String)>>);

    #[async_trait]
    impl Recorder for Crashes {
        fn crash(&self, _: &Call, severity: Severity, source: &'static str, error: &str) {
            self.0.lock().unwrap().push((severity, source, error.to_owned()));
        }
        fn measure(&self, _: &Call, _: &str, _: &[(&str, Value)]) {}
        fn usage(&self, _: &Call, _: &'static str, _: &[(&'static str, Value)]) {}
        async fn audit(&self, _: &Call, _: Audited<'_>) -> Result<()> {
            Ok(())
        }
        async fn flush(&self) {}
    }

    fn running() -> Running {
        let settings = HttpSettings {
            addresses: vec!["127.0.0.1:0".parse().unwrap()],
            workers: 1,
            ..HttpSettings::default()
        };
        Running::start(listen(&settings, || |_, _| async { HttpResponse::Ok().finish() }).unwrap())
    }

    #[actix_web::test]
    async fn a_task_that_panics_is_a_critical_crash_and_ends_the_process() {
        let mut running = running();
        running.spawn("one task", |stop| async move {
            let _ = stop.clone().wait_for(|stop| *stop).await;
        });
        running.spawn("another task", |_| async { panic!("on purpose") });
        let broken = running.failed().await;
        assert_eq!(broken, Broken { task: "another task", how: "panicked" });
        let crashes = Crashes::default();
        broken.record(&crashes);
        let crash = (Severity::Critical, "another task", "panicked".to_owned());
        assert_eq!(*crashes.0.lock().unwrap(), [crash]);
        assert_eq!(Stop::from(broken).0, "The host stops because another task panicked.");
        running.stop_serving().await;
        assert_eq!(running.stop_tasks().await, []);
    }

    #[actix_web::test]
    async fn a_task_that_ends_ends_the_process_and_one_that_panics_while_stopping_is_told() {
        let mut running = running();
        running.spawn("a short task", |_| async {});
        assert_eq!(running.failed().await, Broken { task: "a short task", how: "ended" });
        running.spawn("a long task", |stop| async move {
            let _ = stop.clone().wait_for(|stop| *stop).await;
            panic!("on purpose")
        });
        running.stop_serving().await;
        assert_eq!(running.stop_tasks().await, [Broken { task: "a long task", how: "panicked" }]);
    }
}
