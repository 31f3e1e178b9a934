//! A past to read: cars that were registered, and now and then taken.

use store::db::{Db, DbError};

/// Writes so many events in bulk: of each five, four register a car and the fifth takes a car of
/// before for an hour. Rounded down to whole fives.
pub async fn write(log: &Db, events: u64) -> Result<u64, DbError> {
    let events = events / 5 * 5;
    let (id, cast) = match log {
        Db::Postgres { .. } => (
            "(lpad(to_hex(g), 8, '0') || '-0000-7000-8000-000000000000')::uuid",
            ["::json", "::json", "::timestamptz"],
        ),
        Db::Sqlite { .. } => ("printf('%08x-0000-7000-8000-000000000000', g)", ["", "", ""]),
    };
    let [payload, metadata, time] = cast;
    log.execute(
        &format!(
            "WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < {events}), \
             e(g, c, k) AS (SELECT g, (g - 1) / 5, (g - 1) % 5 FROM n), \
             f(g, c, k, o) AS (SELECT g, c, k, CASE WHEN k = 4 THEN c / 2 ELSE c END FROM e) \
             INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_id, \
             event_type, event_version, payload, metadata, recorded_at) \
             SELECT g, 'car', 'car_' || substr('0000000000' || o, length(o || '') + 1), \
             CASE WHEN k = 4 THEN 5 + c % 2 ELSE k + 1 END, {id}, \
             CASE k WHEN 0 THEN 'created' WHEN 1 THEN 'manufacturer_changed' \
               WHEN 2 THEN 'ownership_changed' WHEN 3 THEN 'registration_changed' \
               ELSE 'unavailability_slot_added' END, '1', \
             (CASE k \
               WHEN 0 THEN '{{\"organizationId\":\"org_0123456789\",\"status\":\"unregistered\"}}' \
               WHEN 1 THEN '{{\"organizationId\":\"org_0123456789\",\"make\":\"Honda\",' \
                 || '\"model\":\"Civic\",\"year\":2020}}' \
               WHEN 2 THEN '{{\"organizationId\":\"org_0123456789\",\"owner\":\"user_0123456789\",' \
                 || '\"managers\":[\"user_0123456789\"]}}' \
               WHEN 3 THEN '{{\"organizationId\":\"org_0123456789\",\"jurisdiction\":' \
                 || '\"New Zealand\",\"number\":\"ABC ' || (c % 1000) \
                 || '\",\"status\":\"registered\"}}' \
               ELSE '{{\"organizationId\":\"org_0123456789\",\"unavailabilityId\":\"unavail_' \
                 || substr('0000000000' || c, length(c || '') + 1) \
                 || '\",\"from\":\"2030-01-01T0' || (c % 2) || ':00:00.000000Z\",' \
                 || '\"to\":\"2030-01-01T0' || (c % 2 + 1) || ':00:00.000000Z\",' \
                 || '\"causedByReason\":\"offline\"}}' END){payload}, \
             '{{\"tenant\":\"org_0123456789\",\"actor\":\"user_0123456789\"}}'{metadata}, \
             '2026-01-01T00:00:00.000000Z'{time} FROM f"
        ),
        &[],
    )
    .await?;
    let statistics = if matches!(log, Db::Postgres { .. }) { "ANALYZE events" } else { "ANALYZE" };
    log.execute(statistics, &[]).await?;
    Ok(events)
}
