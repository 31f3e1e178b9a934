//! One after the other, for each name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// Names without anybody waiting are forgotten once there are so many.
const REMEMBERED: usize = 1024;

/// Lets whoever has the same name wait for each other, in order.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn of a name; it ends when this is dropped.
    pub async fn take(&self, name: &str) -> OwnedMutexGuard<()> {
        self.turn(name).lock_owned().await
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
        let first = turns.take("a").await;
        let _other = turns.take("b").await;
        assert!(turns.turn("a").try_lock().is_err());
        drop(first);
        drop(turns.take("a").await);
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
