//! The rules of the log as statements that both engines understand. Each selects sentences about
//! violations, at most 100.

use application::ports::LogError;

/// Count, least and greatest position of the last thousand events.
pub const TAIL: &str = "SELECT count(*), coalesce(min(position), 0), coalesce(max(position), 0) \
    FROM events WHERE position > (SELECT coalesce(max(position), 0) FROM events) - 1000";

/// The head, if the end of the log has no holes: what is cheap to know whenever it is opened.
pub fn tail(count: i64, least: i64, greatest: i64) -> Result<u64, LogError> {
    let expected = if greatest == 0 { 0 } else { greatest - least + 1 };
    if count != expected {
        return Err(LogError::Corrupt(format!(
            "there are {count} events from position {least} to {greatest}"
        )));
    }
    Ok(u64::try_from(greatest).unwrap_or(0))
}

/// What `verify` runs.
pub const CHECKS: [&str; 6] = [
    // The first event of a log is at 1, or tells that a testing build emptied it.
    "SELECT 'the log begins at ' || position FROM events \
     WHERE position = (SELECT min(position) FROM events) \
       AND position <> 1 AND event_type <> 'log_reset'",
    "SELECT 'the log has a hole before ' || position FROM \
       (SELECT position, lag(position) OVER (ORDER BY position) AS before FROM events) AS pairs \
     WHERE position <> before + 1 LIMIT 100",
    "SELECT 'stream ' || aggregate_type || '/' || aggregate_id || ' has ' || count(*) \
       || ' events from ' || min(sequence) || ' to ' || max(sequence) FROM events \
     GROUP BY aggregate_type, aggregate_id \
     HAVING min(sequence) <> 1 OR max(sequence) <> count(*) LIMIT 100",
    "SELECT 'stream ' || aggregate_type || '/' || aggregate_id || ' has ' || sequence \
       || ' before its predecessor' FROM \
       (SELECT aggregate_type, aggregate_id, sequence, position, lag(position) OVER \
          (PARTITION BY aggregate_type, aggregate_id ORDER BY sequence) AS before FROM events) \
       AS pairs \
     WHERE position < before LIMIT 100",
    "SELECT 'a claim of kind ' || kind || ' belongs to ' || aggregate_type || '/' || aggregate_id \
       || ', which has no events' FROM claims WHERE NOT EXISTS \
       (SELECT 1 FROM events WHERE events.aggregate_type = claims.aggregate_type \
          AND events.aggregate_id = claims.aggregate_id) LIMIT 100",
    "SELECT 'checkpoint of ' || consumer || ' is at ' || position || ', beyond the head' \
     FROM checkpoints WHERE position > (SELECT coalesce(max(position), 0) FROM events) LIMIT 100",
];
