//! Opening the databases of a deployment.

use std::path::{Path, PathBuf};

use adapters::secret::Secret;
use store::{
    db::{Db, DbError, Durability, PoolSettings},
    migrations::{self, SchemaError, Store},
};

use crate::{
    cli::Stop,
    config::{Mode, Storage},
    data_folder::{self, SchemaTurn},
};

/// A handful is enough for keys: they are read at start.
const KEYS_CONNECTIONS: u32 = 2;

/// The databases, open. On PostgreSQL some of them are the same.
#[derive(Clone)]
pub struct Stores {
    /// Events, claims, reactions' checkpoints.
    pub log: Db,
    /// Read models and their checkpoints.
    pub read: Db,
    /// Keys.
    pub keys: Db,
    /// Which schemas each database holds.
    schemas: Vec<(Db, Vec<Store>)>,
    /// Of the embedded stores.
    folder: Option<PathBuf>,
}

impl Stores {
    /// Opens all of them.
    ///
    /// # Errors
    /// A sentence that says which one can't be opened.
    pub async fn open(storage: &Storage) -> Result<Self, Stop> {
        match storage {
            Storage::Embedded { folder } => {
                data_folder::prepare(folder)?;
                let log = sqlite(folder, "log.db", Durability::Full).await?;
                let read = sqlite(folder, "read.db", Durability::Rebuildable).await?;
                let keys = sqlite(folder, "keys.db", Durability::Full).await?;
                let schemas = vec![
                    (log.clone(), vec![Store::Log]),
                    (read.clone(), vec![Store::Read]),
                    (keys.clone(), vec![Store::Keys]),
                ];
                Ok(Self { log, read, keys, schemas, folder: Some(folder.clone()) })
            }
            Storage::Postgres { url, keys_url, connections, wait } => {
                let settings = PoolSettings { connections: *connections, wait: *wait };
                let main = postgres("DATABASE_URL", url, settings)?;
                let (keys, schemas) = match keys_url {
                    None => {
                        let all = vec![Store::Log, Store::Read, Store::Keys];
                        (main.clone(), vec![(main.clone(), all)])
                    }
                    Some(url) => {
                        let settings = PoolSettings { connections: KEYS_CONNECTIONS, ..settings };
                        let keys = postgres("KEYS_DATABASE_URL", url, settings)?;
                        let main_schemas = (main.clone(), vec![Store::Log, Store::Read]);
                        (keys.clone(), vec![main_schemas, (keys, vec![Store::Keys])])
                    }
                };
                Ok(Self { log: main.clone(), read: main, keys, schemas, folder: None })
            }
        }
    }

    /// Brings every schema to the one that this binary needs.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub async fn migrate(&self) -> Result<(), Stop> {
        let _turn = match &self.folder {
            Some(folder) => Some(SchemaTurn::take(folder).await?),
            None => None,
        };
        for (db, schemas) in &self.schemas {
            migrate(db, schemas).await.map_err(schema)?;
        }
        Ok(())
    }

    /// Whether every schema is the one that this binary needs; changes nothing.
    ///
    /// # Errors
    /// A sentence that says what is missing or unknown.
    pub async fn check(&self) -> Result<(), Stop> {
        for (db, schemas) in &self.schemas {
            check(db, schemas).await.map_err(schema)?;
        }
        Ok(())
    }

    /// Migrates in development; in production that is an operator's decision, so it only checks.
    ///
    /// # Errors
    /// As [`Self::migrate`] and [`Self::check`].
    pub async fn make_ready(&self, mode: Mode) -> Result<(), Stop> {
        match mode {
            Mode::Development => self.migrate().await,
            Mode::Production => self.check().await,
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        for (db, _) in &self.schemas {
            db.close().await;
        }
    }
}

async fn migrate(db: &Db, schemas: &[Store]) -> Result<(), SchemaError> {
    match db {
        Db::Postgres { pool, .. } => migrations::migrate_postgres(pool, schemas).await,
        Db::Sqlite { writer, .. } => {
            for schema in schemas {
                migrations::migrate_sqlite(writer, *schema).await?;
            }
            Ok(())
        }
    }
}

async fn check(db: &Db, schemas: &[Store]) -> Result<(), SchemaError> {
    match db {
        Db::Postgres { pool, .. } => migrations::check_postgres(pool, schemas).await,
        Db::Sqlite { writer, .. } => {
            for schema in schemas {
                migrations::check_sqlite(writer, *schema).await?;
            }
            Ok(())
        }
    }
}

async fn sqlite(folder: &Path, file: &str, durability: Durability) -> Result<Db, Stop> {
    let path = folder.join(file);
    Db::sqlite(&path, durability)
        .await
        .map_err(|error| Stop::because(&format!("{} can't be opened", path.display()), error))
}

fn postgres(name: &str, url: &Secret, settings: PoolSettings) -> Result<Db, Stop> {
    // What the parser says may repeat the URL, which holds a password.
    let malformed = |_: DbError| Stop(format!("{name} is not a valid PostgreSQL URL."));
    Db::postgres(url.expose(), settings).map_err(malformed)
}

fn schema(error: SchemaError) -> Stop {
    Stop::because("The stores can't be used", error)
}
