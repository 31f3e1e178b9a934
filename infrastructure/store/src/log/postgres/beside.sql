-- What accepted appends write beside events, as more parts of the same statement. The conditions
-- were checked under the log's lock, so nothing is checked again; no row is named by two parts.
, taken AS (
    INSERT INTO claims (scope, kind, value, aggregate_type, aggregate_id)
    SELECT * FROM unnest($13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
    ON CONFLICT (scope, kind, value) DO UPDATE
    SET aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id
), released AS (
    DELETE FROM claims AS c
    USING unnest($18::text[], $19::text[], $20::text[]) AS r (scope, kind, value)
    WHERE c.scope = r.scope AND c.kind = r.kind AND c.value = r.value
), moved AS (
    INSERT INTO checkpoints (consumer, part, position)
    SELECT * FROM unnest($21::text[], $22::int4[], $23::int8[])
    ON CONFLICT (consumer, part) DO UPDATE SET position = excluded.position
), keyed AS (
    INSERT INTO idempotency_keys
        (scope, key, fingerprint, position, aggregate_type, aggregate_id, expires_at)
    SELECT k.*, $30::timestamptz
    FROM unnest($24::text[], $25::text[], $26::text[], $27::int8[], $28::text[], $29::text[]) AS k
    -- An expired one that was not removed yet.
    ON CONFLICT (scope, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, position = excluded.position,
        aggregate_type = excluded.aggregate_type, aggregate_id = excluded.aggregate_id,
        response = NULL, expires_at = excluded.expires_at
), settled AS (
    DELETE FROM dead_letters AS d
    USING unnest($40::text[], $41::int8[]) AS s (consumer, position)
    WHERE d.consumer = s.consumer AND d.position = s.position
), parked AS (
    INSERT INTO dead_letters (consumer, part, position, aggregate_type, aggregate_id, event_type, error,
        attempts, parked_at)
    SELECT * FROM unnest($31::text[], $32::int4[], $33::int8[], $34::text[], $35::text[], $36::text[],
        $37::text[], $38::int4[], $39::timestamptz[])
    -- It was tried again, in vain.
    ON CONFLICT (consumer, position) DO UPDATE
    SET part = excluded.part, error = excluded.error, attempts = excluded.attempts,
        parked_at = excluded.parked_at
), enqueued AS (
    INSERT INTO work_messages (id, queue, body, enqueued_at)
    SELECT w.id, w.queue, w.body, $2
    FROM unnest($42::text[], $43::text[], $44::text[]) WITH ORDINALITY AS w (id, queue, body, n)
    ORDER BY w.n
    -- Whatever caused it was repeated.
    ON CONFLICT (id) DO NOTHING
)
