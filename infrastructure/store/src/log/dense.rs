//! Positions and sequences have no holes; a reader that meets one says so and goes no further.

use application::ports::{LogError, Recorded};

/// The most events that one read returns.
pub const MAX_PAGE: usize = 10_000;

/// Checks a run of one stream.
pub fn stream(after: u64, events: Vec<Recorded>) -> Result<Vec<Recorded>, LogError> {
    for (expected, event) in (after + 1..).zip(&events) {
        if event.sequence != expected {
            let (stream, sequence) = (&event.stream, event.sequence);
            return Err(LogError::Corrupt(format!(
                "stream {stream} goes on with {sequence} where {expected} is missing"
            )));
        }
    }
    Ok(events)
}

/// Checks a run of the log.
pub fn page(after: u64, events: Vec<Recorded>) -> Result<Vec<Recorded>, LogError> {
    let Some(first) = events.first() else { return Ok(events) };
    // What a testing build leaves at the beginning of an emptied log.
    let emptied = first.is_reset();
    let begin = if emptied { first.position } else { after + 1 };
    for (expected, event) in (begin..).zip(&events) {
        if event.position != expected {
            let position = event.position;
            return Err(LogError::Corrupt(format!(
                "the log goes on with {position} where {expected} is missing"
            )));
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use application::ports::StreamId;
    use domain::kernel::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn events(numbers: &[u64], name: &str) -> Vec<Recorded> {
        let event = |number: &u64| Recorded {
            position: *number,
            stream: StreamId::new("log", "log"),
            sequence: *number,
            event_id: Uuid::nil(),
            name: name.to_owned(),
            version: 1,
            payload: "{}".into(),
            metadata: "{}".into(),
            recorded_at: Timestamp::MIN,
        };
        numbers.iter().map(event).collect()
    }

    #[test]
    fn holes_are_corruption_except_before_a_reset() {
        assert!(page(4, events(&[5, 6, 7], "happened")).is_ok());
        assert!(page(4, events(&[6, 7], "happened")).is_err());
        assert!(page(4, events(&[5, 7], "happened")).is_err());
        assert!(page(0, events(&[6, 7], "log_reset")).is_ok());
        assert!(page(0, vec![]).is_ok());
        assert!(stream(1, events(&[2, 3], "happened")).is_ok());
        assert!(stream(0, events(&[2, 3], "happened")).is_err());
    }
}
