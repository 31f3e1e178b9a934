//! Compares what was acknowledged with what is there.

use std::collections::BTreeMap;

use acceptance::events::Row;

use crate::writer::Known;

/// What a car that was registered begins with.
const REGISTERED: [&str; 4] =
    ["created", "manufacturer_changed", "ownership_changed", "registration_changed"];

/// Whether the log holds exactly what was acknowledged, once, in dense positions.
///
/// # Errors
/// Says what is wrong.
pub fn judge(rows: &[Row], known: &BTreeMap<String, Known>) -> Result<(), String> {
    let mut streams: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (row, expected) in rows.iter().zip(1..) {
        if row.position != expected {
            return Err(format!("position {expected} is missing: {} follows", row.position));
        }
        if row.aggregate_type != "car" {
            continue;
        }
        let events = streams.entry(&row.aggregate_id).or_default();
        events.push(&row.event_type);
        if usize::try_from(row.sequence) != Ok(events.len()) {
            return Err(format!("{} has a hole before {}", row.aggregate_id, row.sequence));
        }
    }
    if let Some(id) = streams.keys().find(|id| !known.contains_key(**id)) {
        return Err(format!("{id} is there, but nobody was told of it: a change was doubled"));
    }
    for (id, known) in known {
        let expected = expected(known);
        let found = streams.remove(id.as_str()).unwrap_or_default();
        if found != expected {
            return Err(format!("{id} must have {expected:?}, but has {found:?}"));
        }
    }
    Ok(())
}

fn expected(known: &Known) -> Vec<&'static str> {
    let mut events = REGISTERED.to_vec();
    events.extend((0..known.offline).map(|_| "unavailability_slot_added"));
    events.extend(known.deleted.then_some("deleted"));
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(names: &[&str]) -> Vec<Row> {
        let row = |(name, position): (&&str, i64)| Row {
            position,
            aggregate_type: "car".to_owned(),
            aggregate_id: "car_1".to_owned(),
            sequence: position,
            event_type: (*name).to_owned(),
        };
        names.iter().zip(1..).map(row).collect()
    }

    fn told(offline: u64, deleted: bool) -> BTreeMap<String, Known> {
        BTreeMap::from([("car_1".to_owned(), Known { plate: "1".to_owned(), offline, deleted })])
    }

    #[test]
    fn what_was_acknowledged_must_be_there_exactly_once() {
        let added = "unavailability_slot_added";
        let whole = log(&[&REGISTERED[..], &[added, "deleted"]].concat());
        assert_eq!(judge(&whole, &told(1, true)), Ok(()));
        assert!(judge(&whole, &told(2, true)).is_err(), "lost");
        assert!(judge(&whole, &told(0, true)).is_err(), "doubled");
        assert!(judge(&whole, &BTreeMap::new()).is_err(), "a car out of nowhere");
        assert!(judge(&whole[..5], &told(1, true)).is_err(), "cut off");
        assert!(judge(&[], &told(0, false)).is_err(), "gone");
    }

    #[test]
    fn holes_are_found() {
        let mut rows = log(&REGISTERED);
        rows.remove(1);
        assert!(judge(&rows, &told(0, false)).is_err());
    }
}
