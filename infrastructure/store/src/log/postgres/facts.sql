-- Everything that a batch depends on, in one row of arrays, each in the order of its questions.
-- Scalar subqueries: each is one descent of an index, whatever the planner believes about sizes.
SELECT
    (SELECT coalesce(max(position), 0) FROM events),
    ARRAY(
        SELECT coalesce((
            SELECT e.sequence FROM events AS e
            WHERE e.aggregate_type = s.kind AND e.aggregate_id = s.id
            ORDER BY e.sequence DESC LIMIT 1), 0)
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s (kind, id, n) ORDER BY s.n),
    ARRAY(
        SELECT (SELECT c.aggregate_type FROM claims AS c
            WHERE c.scope = q.scope AND c.kind = q.kind AND c.value = q.value)
        FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS q (scope, kind, value, n)
        ORDER BY q.n),
    ARRAY(
        SELECT (SELECT c.aggregate_id FROM claims AS c
            WHERE c.scope = q.scope AND c.kind = q.kind AND c.value = q.value)
        FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS q (scope, kind, value, n)
        ORDER BY q.n),
    ARRAY(
        SELECT coalesce((SELECT c.position FROM checkpoints AS c
            WHERE c.consumer = q.consumer AND c.part = q.part), 0)
        FROM unnest($9::text[], $10::int4[]) WITH ORDINALITY AS q (consumer, part, n) ORDER BY q.n),
    known.fingerprints, known.positions, known.kinds, known.ids, known.responses,
    ARRAY(
        SELECT EXISTS (SELECT 1 FROM dead_letters AS d
            WHERE d.consumer = q.consumer AND d.position = q.position AND d.part = q.part)
        FROM unnest($11::text[], $12::int4[], $13::int8[]) WITH ORDINALITY
            AS q (consumer, part, position, n)
        ORDER BY q.n)
FROM (
    SELECT
        array_agg(k.fingerprint ORDER BY q.n) AS fingerprints,
        array_agg(k.position ORDER BY q.n) AS positions,
        array_agg(k.aggregate_type ORDER BY q.n) AS kinds,
        array_agg(k.aggregate_id ORDER BY q.n) AS ids,
        array_agg(k.response ORDER BY q.n) AS responses
    FROM unnest($6::text[], $7::text[]) WITH ORDINALITY AS q (scope, key, n)
    LEFT JOIN idempotency_keys AS k
        ON k.scope = q.scope AND k.key = q.key AND k.expires_at > $8
) AS known
