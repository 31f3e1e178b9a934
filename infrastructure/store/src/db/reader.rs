//! Connections kept at hand for reads.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Connection, Database, Execute, Executor, Pool, pool::PoolConnection};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout},
};

/// How long a connection may idle before it is tried out when it is taken again.
pub(super) const UNTRIED: Duration = Duration::from_secs(2);
/// How long a connection is kept before its pool decides about it again, once somebody reads.
const KEPT: Duration = Duration::from_mins(5);

/// Connections of a pool that go from one read to the next. A pool asks its server about each
/// connection that is given back, which would make two turns of each read.
///
/// Only who has read to the end leaves a connection here; with every other one the pool gets it back,
/// and tries it out. Cheap to clone.
pub struct Reader<DB: Database>(Arc<Shared<DB>>);

struct Shared<DB: Database> {
    pool: Pool<DB>,
    turns: Semaphore,
    idle: Mutex<Vec<Kept<DB>>>,
}

struct Kept<DB: Database> {
    connection: PoolConnection<DB>,
    taken: Instant,
    used: Instant,
}

impl<DB: Database> Reader<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Keeps no more than `most` connections of a pool. Others who need some of the same pool must be
    /// left with a few: what is kept here they can't have. So a pool has one of these, and its copies.
    #[must_use]
    pub fn new(pool: Pool<DB>, most: u32) -> Self {
        let turns = Semaphore::new(most.max(1) as usize);
        Self(Arc::new(Shared { pool, turns, idle: Mutex::default() }))
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// [`sqlx::Error`]; `PoolTimedOut` if no connection became free in the pool's time.
    pub async fn all<'q, Q>(&self, query: Q) -> Result<Vec<DB::Row>, sqlx::Error>
    where
        Q: Execute<'q, DB> + 'q,
    {
        let (_turn, mut kept) = self.lend().await?;
        let rows = kept.connection.fetch_all(query).await?;
        self.keep(kept);
        Ok(rows)
    }

    /// The first row of a query.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn first<'q, Q>(&self, query: Q) -> Result<Option<DB::Row>, sqlx::Error>
    where
        Q: Execute<'q, DB> + 'q,
    {
        let (_turn, mut kept) = self.lend().await?;
        let row = kept.connection.fetch_optional(query).await?;
        self.keep(kept);
        Ok(row)
    }

    /// Closes the pool, as soon as whoever reads has ended.
    pub async fn close(&self) {
        self.0.turns.close();
        let idle = std::mem::take(&mut *self.lock());
        drop(idle);
        self.0.pool.close().await;
    }

    /// How many connections its pool has, and how many of them nobody uses.
    #[must_use]
    pub fn connections(&self) -> (u32, usize) {
        (self.0.pool.size(), self.0.pool.num_idle() + self.lock().len())
    }

    /// A turn, and a connection that answered not long ago.
    async fn lend(&self) -> Result<(SemaphorePermit<'_>, Kept<DB>), sqlx::Error> {
        let lent = async {
            let turn = self.0.turns.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
            Ok((turn, self.take().await?))
        };
        timeout(self.wait(), lent).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// How long anybody waits for a connection.
    fn wait(&self) -> Duration {
        self.0.pool.options().get_acquire_timeout()
    }

    async fn take(&self) -> Result<Kept<DB>, sqlx::Error> {
        loop {
            let last = self.lock().pop();
            let Some(mut kept) = last else { break };
            if kept.used.elapsed() <= UNTRIED {
                return Ok(kept);
            }
            // Half of the time is left for another one.
            match timeout(self.wait() / 2, kept.connection.ping()).await {
                Ok(Ok(())) => return Ok(kept),
                // The pool would wait for its answer.
                _ => drop(kept.connection.detach()),
            }
        }
        let (connection, now) = (self.0.pool.acquire().await?, Instant::now());
        Ok(Kept { connection, taken: now, used: now })
    }

    fn keep(&self, mut kept: Kept<DB>) {
        kept.used = Instant::now();
        let mut idle = self.lock();
        if !self.0.turns.is_closed() {
            idle.push(kept);
            idle.retain(|kept| kept.taken.elapsed() < KEPT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept<DB>>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> Clone for Reader<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: Database> fmt::Debug for Reader<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.0.pool).finish()
    }
}
