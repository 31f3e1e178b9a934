//! Following a value to its owner and on to another stream, as both engines do it.

use application::ports::{Lead, LogError, Recorded, Snapshot, StreamId, Trail};

use super::{dense, shared::unsigned};

/// One row for each event since what was kept of its stream, at least one for each stream. Every
/// join is served by a key. The first ten columns are those of an event with its stream; the last
/// ones are which of the two it is, and what was kept, the state with the first row only.
pub const FOLLOW: &str = "WITH owner AS (SELECT aggregate_type, aggregate_id FROM claims \
        WHERE scope = $1 AND kind = $2 AND value = $3), \
    streams AS (SELECT 1 AS place, aggregate_type, aggregate_id, CAST($4 AS bigint) AS state_version \
        FROM owner UNION ALL \
        SELECT 2, CAST($5 AS text), e.payload ->> CAST($6 AS text), CAST($7 AS bigint) \
        FROM owner o JOIN events e ON e.aggregate_id = o.aggregate_id \
            AND e.aggregate_type = o.aggregate_type AND e.sequence = 1), \
    kept AS (SELECT s.place, s.aggregate_type, s.aggregate_id, n.sequence, n.state \
        FROM streams s LEFT JOIN snapshots n ON n.aggregate_type = s.aggregate_type \
            AND n.aggregate_id = s.aggregate_id AND n.state_version = s.state_version) \
    SELECT e.position, e.sequence, e.event_id, e.event_type, e.event_version, e.payload, e.metadata, \
        e.recorded_at, k.aggregate_type, k.aggregate_id, CAST(k.place AS bigint) AS place, \
        k.sequence AS kept, \
        CASE WHEN e.sequence IS NULL OR e.sequence = coalesce(k.sequence, 0) + 1 THEN k.state END \
        AS state \
    FROM kept k LEFT JOIN events e ON e.aggregate_id = k.aggregate_id \
        AND e.aggregate_type = k.aggregate_type AND e.sequence > coalesce(k.sequence, 0) \
    ORDER BY k.place, e.sequence";

/// A row of [`FOLLOW`].
pub struct Step {
    /// 1 for the owner, 2 for the other stream.
    pub place: i64,
    /// Which stream; the other one has no id if the owner does not name it.
    pub kind: String,
    /// See `kind`.
    pub id: Option<String>,
    /// Of the last event in the snapshot.
    pub kept: Option<i64>,
    /// The snapshot's state.
    pub state: Option<String>,
    /// What happened.
    pub event: Option<Recorded>,
}

/// Puts rows together.
pub fn trails(steps: Vec<Step>, lead: &Lead<'_>) -> Result<Vec<Trail>, LogError> {
    let (mut trails, mut last) = (Vec::<Trail>::new(), 0);
    for Step { place, kind, id, kept, state, event } in steps {
        if last != place {
            last = place;
            let Some(id) = id else { continue };
            let state_version = if place == 1 { lead.state_version } else { lead.kind_version };
            let snapshot = kept.zip(state).map(|(sequence, state)| Snapshot {
                sequence: unsigned(sequence),
                state_version,
                state,
                subject: None,
            });
            let stream = StreamId { kind: kind.into(), id };
            trails.push(Trail { stream, snapshot, events: vec![] });
        }
        if let Some(trail) = trails.last_mut() {
            trail.events.extend(event);
        }
    }
    trails.retain(|trail| trail.snapshot.is_some() || !trail.events.is_empty());
    for trail in &mut trails {
        let after = trail.snapshot.as_ref().map_or(0, |kept| kept.sequence);
        trail.events = dense::stream(after, std::mem::take(&mut trail.events))?;
    }
    Ok(trails)
}
