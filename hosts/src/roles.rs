//! What one process does of everything that a deployment needs.

use std::collections::BTreeSet;

use clap::ValueEnum;

use crate::{
    config::{InvalidSettings, Settings, Storage},
    http::route::Side,
};

/// The part of the API that a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Commands, queries and the documentation.
    All,
    /// What changes something.
    Commands,
    /// What only reads, and the documentation.
    Queries,
    /// Nothing but its own health and measures.
    None,
}

impl Api {
    /// Whether it serves what belongs to this side.
    #[must_use]
    pub fn serves(self, side: Side) -> bool {
        match (self, side) {
            (Self::All, _) | (_, Side::Every) => true,
            (Self::Commands, side) => side == Side::Commands,
            (Self::Queries, side) => side == Side::Queries,
            (Self::None, _) => false,
        }
    }
}

/// Work that goes on behind the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Role {
    /// Feeds the read models.
    Projectors,
    /// Does in one subdomain what follows from events of another.
    Reactions,
    /// Carries events and work to the message broker.
    Relay,
    /// Delivers what waits in the queues of work.
    Queues,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Projectors, Self::Reactions, Self::Relay, Self::Queues];
}

/// What a process does. A deployment needs each of it somewhere, and may have any number of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// What it answers.
    pub api: Api,
    /// What goes on behind.
    work: BTreeSet<Role>,
}

impl Roles {
    /// Everything, as `groundwork serve` does.
    #[must_use]
    pub fn all() -> Self {
        Self { api: Api::All, work: Role::ALL.into() }
    }
    /// A part of the API alone.
    #[must_use]
    pub fn serving(api: Api) -> Self {
        Self { api, work: BTreeSet::new() }
    }
    /// Work alone.
    #[must_use]
    pub fn working(work: impl IntoIterator<Item = Role>) -> Self {
        Self { api: Api::None, work: work.into_iter().collect() }
    }
    /// Whether it does this work.
    #[must_use]
    pub fn does(&self, role: Role) -> bool {
        self.work.contains(&role)
    }
    /// Refuses to do less than everything where other processes can't do the rest, and to deliver
    /// work to an API that nobody named.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn check(&self, settings: &Settings) -> Result<(), InvalidSettings> {
        match settings.storage {
            Storage::Embedded { .. } if *self != Self::all() => Err(InvalidSettings(vec![
                "DATABASE_URL is missing: processes that share the work need PostgreSQL; on \
                 embedded stores `groundwork serve` does everything in one."
                    .to_owned(),
            ])),
            Storage::Postgres { .. }
                if self.does(Role::Queues)
                    && !self.api.serves(Side::Commands)
                    && settings.api_url.is_none() =>
            {
                Err(InvalidSettings(vec![
                    "GROUNDWORK_API_URL is missing: a process that delivers queued work and does \
                     not serve commands itself has to know who does."
                        .to_owned(),
                ]))
            }
            Storage::Embedded { .. } | Storage::Postgres { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_is_served_by_whom_it_names() {
        let serving = |side| {
            let all = [Api::All, Api::Commands, Api::Queries, Api::None];
            all.map(|api| api.serves(side))
        };
        assert_eq!(serving(Side::Commands), [true, true, false, false]);
        assert_eq!(serving(Side::Queries), [true, false, true, false]);
        assert_eq!(serving(Side::Every), [true; 4]);
    }

    #[test]
    fn who_delivers_work_knows_where_to() {
        let read = |pairs: &[(&str, &str)]| {
            let mut all = vec![("DATABASE_URL", "postgres://postgres@127.0.0.1/groundwork")];
            all.extend(pairs);
            let text = |text: &str| text.to_owned();
            let all = all.into_iter().map(|(name, value)| (text(name), text(value)));
            Settings::read(all.collect()).expect("valid")
        };
        let nowhere = read(&[]);
        for roles in [Roles::working(Role::ALL), Roles::working([Role::Queues])] {
            let refusal = roles.check(&nowhere).expect_err("refused").to_string();
            assert!(refusal.starts_with("GROUNDWORK_API_URL is missing"), "{refusal}");
            let somewhere = read(&[("GROUNDWORK_API_URL", "http://127.0.0.1:5001")]);
            assert!(roles.check(&somewhere).is_ok());
        }
        for roles in [Roles::all(), Roles::working([Role::Projectors])] {
            assert!(roles.check(&nowhere).is_ok());
        }
    }

    #[test]
    fn only_everything_runs_on_embedded_stores() {
        let embedded = Settings::read([].into()).expect("the defaults");
        assert!(Roles::all().check(&embedded).is_ok());
        let picked = [
            Roles::serving(Api::Commands),
            Roles::serving(Api::Queries),
            Roles::working(Role::ALL),
        ];
        for roles in picked {
            let refusal = roles.check(&embedded).expect_err("refused").to_string();
            assert!(refusal.starts_with("DATABASE_URL is missing"), "{refusal}");
        }
    }
}
