//! The table of subjects' keys.

use std::fmt::Write;

use application::{
    Error, Result,
    ports::{StoredSubjectKey, SubjectKeyStore},
};
use async_trait::async_trait;

use crate::db::{Db, Row, Value};

const KEEP: &str = "INSERT INTO subject_keys (subject, wrapped) VALUES ($1, $2)
    ON CONFLICT (subject) DO NOTHING";
const DESTROY: &str = "DELETE FROM subject_keys WHERE subject = $1";
/// As many as every engine binds to one statement.
const AT_ONCE: usize = 500;

/// The keys of subjects in the database for keys.
#[derive(Clone, Debug)]
pub struct SubjectKeys(Db);

impl SubjectKeys {
    /// In this database.
    #[must_use]
    pub fn new(keys: Db) -> Self {
        Self(keys)
    }
}

#[async_trait]
impl SubjectKeyStore for SubjectKeys {
    async fn find(&self, subjects: &[&str]) -> Result<Vec<StoredSubjectKey>> {
        let mut found = Vec::with_capacity(subjects.len());
        for subjects in subjects.chunks(AT_ONCE) {
            let values: Vec<Value> = subjects.iter().map(|subject| (*subject).into()).collect();
            let rows = self.0.fetch(&find(values.len()), &values).await?;
            let key = |row: &Row| -> Result<StoredSubjectKey> {
                Ok(StoredSubjectKey {
                    subject: row.text("subject")?,
                    wrapped: row.text("wrapped")?,
                })
            };
            for row in &rows {
                found.push(key(row)?);
            }
        }
        Ok(found)
    }

    async fn keep(&self, key: &StoredSubjectKey) -> Result<StoredSubjectKey> {
        let values = [key.subject.as_str().into(), key.wrapped.as_str().into()];
        self.0.execute(KEEP, &values).await?;
        let found = self.find(&[&key.subject]).await?;
        let erased = || Error::unavailable("the key of a subject was destroyed as it was made");
        found.into_iter().next().ok_or_else(erased)
    }

    async fn destroy(&self, subject: &str) -> Result<bool> {
        Ok(self.0.execute(DESTROY, &[subject.into()]).await? > 0)
    }
}

/// Finds so many. The number changes rarely, so that engines know the statement already.
fn find(count: usize) -> String {
    let mut places = String::new();
    for place in 1..=count {
        // Writing to a string can't fail.
        let _ = write!(places, "{}${place}", if place > 1 { ", " } else { "" });
    }
    format!("SELECT subject, wrapped FROM subject_keys WHERE subject IN ({places})")
}
