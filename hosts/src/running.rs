//! Tasks that run until they are told to stop, behind a server.

use actix_web::dev::ServerHandle;
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use crate::{cli::Stop, http::server::Bound};

/// A server with the tasks behind it. Dropping it aborts them.
pub struct Running {
    server: ServerHandle,
    /// Stops those that need a server that answers.
    rest: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<&'static str>,
}

impl Running {
    /// Runs a server.
    pub fn start(bound: Bound) -> Self {
        let server = bound.server.handle();
        let (rest, stop) = (watch::Sender::new(false), watch::Sender::new(false));
        let mut running = Self { server, rest, stop, tasks: JoinSet::new() };
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
        let task = task(self.stop.subscribe());
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }

    /// As [`Self::spawn`], for a task that calls the server, so that it is told before that stops.
    pub fn spawn_client<F>(
        &mut self,
        name: &'static str,
        task: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = task(self.rest.subscribe());
        self.tasks.spawn(async move {
            task.await;
            name
        });
    }

    /// Waits until a task ends that should not, which means that the process must stop.
    pub async fn failed(&mut self) -> Stop {
        let name = self.tasks.join_next().await.map_or(Ok("every task"), |ended| ended);
        match name {
            Ok(name) => Stop(format!("The host stops because {name} ended.")),
            Err(error) => Stop(format!("The host stops because a task failed: {}.", cause(&error))),
        }
    }

    /// Stops accepting and finishes the requests that were begun.
    pub async fn stop_serving(&self) {
        self.rest.send_replace(true);
        self.server.stop(true).await;
    }

    /// Stops the tasks and waits until they have ended.
    pub async fn stop_tasks(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = cause(&error), "a task failed while stopping");
            }
        }
    }
}

fn cause(error: &JoinError) -> &'static str {
    if error.is_panic() { "it panicked" } else { "it was aborted" }
}
