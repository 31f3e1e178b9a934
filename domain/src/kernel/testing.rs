//! Given, when, then: how a decision is tested.

use super::{Event, Evolve};

/// State made of past events.
#[must_use]
pub fn given<D: Evolve>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let mut state = D::default();
    for event in events {
        state.evolve(&event);
    }
    Given(state)
}

/// See [`given`].
#[derive(Debug)]
pub struct Given<D>(D);

impl<D: Evolve> Given<D> {
    /// Decides.
    pub fn when<E>(
        self,
        decide: impl FnOnce(&D) -> Result<Vec<D::Event>, E>,
    ) -> Outcome<D::Event, E> {
        Outcome(decide(&self.0))
    }
    /// The state itself, for assertions on what events made of it.
    #[must_use]
    pub fn state(self) -> D {
        self.0
    }
}

/// What was decided.
#[derive(Debug)]
pub struct Outcome<T, E>(Result<Vec<T>, E>);

impl<T: Event, E: PartialEq + std::fmt::Debug> Outcome<T, E> {
    /// Expects exactly these events.
    ///
    /// # Panics
    /// If the decision was another one.
    pub fn then(self, events: impl IntoIterator<Item = T>) {
        assert_eq!(self.0, Ok(events.into_iter().collect()));
    }
    /// Expects a refusal.
    ///
    /// # Panics
    /// If the decision was another one.
    pub fn then_error(self, error: &E) {
        assert_eq!(self.0.as_ref().err(), Some(error));
    }
}
