-- A batch of events and claims, written by this one statement if everything is as its appends
-- expect; otherwise nothing is written, and there is no row.
--
-- Its snapshot may be older than the lock. Then another writer's events lie where these would, and
-- the primary key refuses the statement. The other conditions can't be wrong by being old: events
-- stay, and the unique constraints of streams and claims see everything.
WITH free AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock($1) AND NOT EXISTS (
        SELECT FROM unnest($13::text[], $14::text[], $15::int8[]) AS s (kind, id, sequence)
        WHERE NOT EXISTS (
            SELECT FROM events AS e
            WHERE e.aggregate_type = s.kind AND e.aggregate_id = s.id AND e.sequence = s.sequence)
    ) AS yes
), head AS MATERIALIZED (
    SELECT coalesce(max(position), 0) AS position FROM events
), appended AS (
    INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_id, event_type,
        event_version, payload, metadata, recorded_at)
    SELECT (SELECT position FROM head) + e.n, e.kind, e.id, e.sequence, e.event_id, e.name,
        e.version, e.payload::json, e.metadata::json, $2
    FROM unnest($3::text[], $4::text[], $5::int8[], $6::uuid[], $7::text[], $8::text[], $9::text[],
        $10::text[]) WITH ORDINALITY
        AS e (kind, id, sequence, event_id, name, version, payload, metadata, n)
    WHERE (SELECT yes FROM free)
), taken AS (
    INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id)
    SELECT * FROM unnest($16::text[], $17::text[], $18::text[], $19::text[], $20::text[])
    WHERE (SELECT yes FROM free)
)
SELECT head.position, pg_notify($11, (head.position + $12::text::int8)::text)::text
FROM head WHERE (SELECT yes FROM free)
