//! Kettles: a read model to test with.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering},
};

use application::ports::{Append, NewEvent, Recorded, StreamAppend, StreamId};
use domain::kernel::Event;
use store::projections::{Changes, Column, ProjectError, Projection, Table};
use uuid::Uuid;

domain::events! {
    /// What happens to a kettle.
    pub enum KettleEvent in "kitchen" for "kettle" {
        /// It was bought.
        public Bought = "bought" v 1 { owner: String },
        /// Water was poured into it.
        public Filled = "filled" v 1 { litres: i64 },
        /// It was thrown away.
        public Dropped = "dropped" v 1 {},
        /// Its owner threw everything away.
        public OwnerLeft = "owner_left" v 1 { owner: String },
    }
}

static KETTLES: Table = Table {
    name: "kettles",
    key: "id",
    columns: &[
        Column::text("owner"),
        Column::int("litres"),
        Column::int("fills"),
        Column::bool("wet"),
        Column::time("touched_at"),
        Column::json("notes").or_null(),
    ],
    indexes: &[&["owner"]],
};

const HANDLES: &[(&str, &str)] =
    &[("kettle", "bought"), ("kettle", "filled"), ("kettle", "dropped"), ("kettle", "owner_left")];

/// The first version.
pub const V1: Projection =
    Projection { name: "kettles", version: 1, tables: &[&KETTLES], handles: HANDLES, project };

/// Another definition, shamelessly under the same version.
pub const CHANGED: Projection = Projection { handles: HANDLES.split_at(2).0, ..V1 };

/// The same change, as it should be made.
pub const V2: Projection = Projection { version: 2, ..CHANGED };

fn project(event: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let id = event.stream.id.as_str();
    match event.decode::<KettleEvent>()? {
        KettleEvent::Bought { owner } => changes.upsert(
            &KETTLES,
            id,
            [
                ("owner", owner.into()),
                ("litres", 0_i64.into()),
                ("fills", event.sequence.into()),
                ("wet", false.into()),
                ("touched_at", event.recorded_at.into()),
            ],
        ),
        KettleEvent::Filled { litres } => changes.set(
            &KETTLES,
            id,
            [
                ("litres", litres.into()),
                ("fills", event.sequence.into()),
                ("wet", true.into()),
                ("touched_at", event.recorded_at.into()),
                ("notes", store::db::Value::json(&[litres])?),
            ],
        ),
        KettleEvent::Dropped {} => {
            changes.delete(&KETTLES, id);
            Ok(())
        }
        KettleEvent::OwnerLeft { owner } => changes.delete_where(&KETTLES, "owner", owner),
    }
}

/// An append of events to a kettle that has `expected` events.
pub fn append(id: &str, expected: u64, events: &[KettleEvent]) -> Append {
    let events = events
        .iter()
        .map(|event| NewEvent {
            id: next_id(),
            name: event.name().into(),
            version: event.version(),
            payload: serde_json::to_string(event).unwrap(),
            sealed: None,
        })
        .collect();
    to_stream(id, expected, events)
}

/// An append of one event whose payload fits no kettle.
pub fn corrupt(id: &str, expected: u64) -> Append {
    let event = NewEvent {
        id: next_id(),
        name: Cow::Borrowed("filled"),
        version: 1,
        payload: r#"{"litres":"a secret"}"#.to_owned(),
        sealed: None,
    };
    to_stream(id, expected, vec![event])
}

fn to_stream(id: &str, expected: u64, events: Vec<NewEvent>) -> Append {
    let stream = StreamAppend { stream: StreamId::new("kettle", id), expected, events };
    Append { streams: vec![stream], ..Append::default() }
}

/// Bought by somebody.
pub fn bought(owner: &str) -> KettleEvent {
    KettleEvent::Bought { owner: owner.to_owned() }
}

/// Filled.
pub fn filled(litres: i64) -> KettleEvent {
    KettleEvent::Filled { litres }
}

/// Unique, and that is all that a log asks of the id of an event.
pub fn next_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::SeqCst);
    Uuid::from_u128((u128::from(std::process::id()) << 64) | u128::from(next))
}
