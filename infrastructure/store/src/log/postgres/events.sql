-- Numbers and inserts the accepted events of a batch.
WITH appended AS (
    INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_id, event_type,
        event_version, payload, metadata, recorded_at)
    SELECT $1 + e.n, e.kind, e.id, e.sequence, e.event_id, e.name, e.version, e.payload::json,
        e.metadata::json, $2
    FROM unnest($3::text[], $4::text[], $5::int8[], $6::uuid[], $7::text[], $8::text[], $9::text[],
        $10::text[]) WITH ORDINALITY
        AS e (kind, id, sequence, event_id, name, version, payload, metadata, n)
)
