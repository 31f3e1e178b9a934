-- What accepted appends write beside events. The conditions were checked under the log's lock, so
-- nothing is checked again here; no row is named by two of the parts.
WITH taken AS (
    INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    ON CONFLICT (scope, kind, value) DO UPDATE
    SET aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id
), released AS (
    DELETE FROM claims AS c
    USING unnest($6::text[], $7::text[], $8::text[]) AS r (scope, kind, value)
    WHERE c.scope = r.scope AND c.kind = r.kind AND c.value = r.value
), moved AS (
    INSERT INTO checkpoints (consumer, part, position)
    SELECT * FROM unnest($9::text[], $10::int4[], $11::int8[])
    ON CONFLICT (consumer, part) DO UPDATE SET position = excluded.position
), keyed AS (
    INSERT INTO idempotency_keys
        (scope, key, fingerprint, position, aggregate_type, aggregate_id, expires_at)
    SELECT k.*, $18::timestamptz
    FROM unnest($12::text[], $13::text[], $14::text[], $15::int8[], $16::text[], $17::text[]) AS k
    -- An expired one that was not removed yet.
    ON CONFLICT (scope, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, position = excluded.position,
        aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id,
        response = NULL, expires_at = excluded.expires_at
), settled AS (
    DELETE FROM dead_letters AS d
    USING unnest($28::text[], $29::int8[]) AS s (consumer, position)
    WHERE d.consumer = s.consumer AND d.position = s.position
)
INSERT INTO dead_letters (consumer, part, position, aggregate_type, aggregate_id, event_type, error,
    attempts, parked_at)
SELECT * FROM unnest($19::text[], $20::int4[], $21::int8[], $22::text[], $23::text[], $24::text[],
    $25::text[], $26::int4[], $27::timestamptz[])
-- It was tried again, in vain.
ON CONFLICT (consumer, position) DO UPDATE
SET part = excluded.part, error = excluded.error, attempts = excluded.attempts,
    parked_at = excluded.parked_at
