//! One after the other, for each name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use domain::kernel::ErrorKind;
use tokio::sync::OwnedMutexGuard;

use crate::{Error, Result};

/// So many have or wait for the turn of one name; nobody needs more.
const LINE: usize = 64;
/// Names without anybody waiting are forgotten once there are so many.
const REMEMBERED: usize = 1024;

/// Lets whoever has the same name wait for each other, in order.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn of a name; it ends when this is dropped.
    ///
    /// # Errors
    /// Unavailable, if too many wait for it already.
    pub async fn take(&self, name: &str) -> Result<OwnedMutexGuard<()>> {
        let turn = self.turn(name);
        if Arc::strong_count(&turn) > LINE {
            let message = "too many passwords wait to be checked; try again in a moment";
            return Err(Error::refused(ErrorKind::Unavailable, "too_many_sign_ins", message));
        }
        Ok(turn.lock_owned().await)
    }

    fn turn(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        // A poisoned map is whole: it is changed by single calls.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(name).and_then(Weak::upgrade) {
            return turn;
        }
        if turns.len() >= REMEMBERED {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::default();
        turns.insert(name.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_name_waits_and_another_does_not() {
        let turns = Turns::default();
        let first = turns.take("a").await.unwrap();
        let _other = turns.take("b").await.unwrap();
        assert!(turns.turn("a").try_lock().is_err());
        drop(first);
        drop(turns.take("a").await.unwrap());
    }

    #[tokio::test]
    async fn the_line_for_one_name_is_short() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("a").await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..LINE {
            let turns = turns.clone();
            waiting.spawn(async move { turns.take("a").await.is_ok() });
        }
        // All but one have a place behind the first.
        assert!(!waiting.join_next().await.unwrap().unwrap());
        drop(first);
        assert!(waiting.join_all().await.into_iter().all(|has_place| has_place));
        assert!(turns.take("a").await.is_ok());
    }

    #[tokio::test]
    async fn names_that_nobody_waits_for_are_forgotten() {
        let turns = Turns::default();
        for number in 0..10 * REMEMBERED {
            drop(turns.take(&number.to_string()).await);
        }
        assert!(turns.0.lock().unwrap().len() <= REMEMBERED);
    }
}
