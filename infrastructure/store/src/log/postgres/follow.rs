//! Learns of what other processes append.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::time::{sleep, timeout};

use super::CHANNEL;
use crate::log::{
    appender::Head,
    shared::{HEAD, unsigned},
};

/// How often the head is read while notifications come: they may be lost with a connection.
const IDLE: Duration = Duration::from_secs(1);
/// How often it is read without them, as long as it moves.
const BUSY: Duration = Duration::from_millis(50);

/// Runs until it is dropped. Notifications are the fast way and may fail; polling is the safe one.
pub async fn follow(pool: PgPool, head: Arc<Head>) {
    let mut pause = BUSY;
    loop {
        if let Ok(listener) = listen(&pool).await {
            pause = BUSY;
            hear(listener, &pool, &head).await;
            tracing::warn!("notifications of new events stopped; the log is polled meanwhile");
        }
        let moved = poll(&pool, &head).await;
        pause = if moved { BUSY } else { (pause * 2).min(IDLE) };
        sleep(pause).await;
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    // Not one of the pool's connections: it is held as long as the process lives.
    let own = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with((*pool.connect_options()).clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Follows notifications until they fail.
async fn hear(mut listener: PgListener, pool: &PgPool, head: &Head) {
    // What was appended before the channel was listened to.
    poll(pool, head).await;
    loop {
        match timeout(IDLE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                if let Ok(position) = notification.payload().parse() {
                    head.advance(position);
                }
            }
            // The connection was lost; it is made anew by whoever called.
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => {
                poll(pool, head).await;
            }
        }
    }
}

/// Reads the head; whether it had moved.
async fn poll(pool: &PgPool, head: &Head) -> bool {
    let before = *head.watch().borrow();
    match sqlx::query_scalar::<_, i64>(HEAD).fetch_one(pool).await {
        Ok(position) => {
            head.advance(unsigned(position));
            unsigned(position) > before
        }
        Err(error) => {
            tracing::debug!(%error, "the head of the log could not be read; it is tried again");
            false
        }
    }
}
