-- The event log: the truth, and the outbox. Everything here is written by one transaction at a
-- time, under a transaction-scoped advisory lock that is held through the commit, so positions are
-- dense and in commit order. Ids and names compare bytewise (COLLATE "C"): no locale can reorder
-- or equate them, and comparing is faster.

-- A superset of the table of postgres-es, so its repositories can read it.
CREATE TABLE events (
    -- Global, from 1, without holes; the only cursor that anything uses.
    position bigint PRIMARY KEY CHECK (position > 0),
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    -- Within the stream, from 1, without holes.
    sequence bigint NOT NULL CHECK (sequence > 0),
    -- Version 7; what a receiver uses to notice a repetition.
    event_id uuid NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    event_version text COLLATE "C" NOT NULL,
    -- json, not jsonb: an event is kept exactly as it was written, nothing here looks inside, and
    -- writing and reading cost less.
    payload json NOT NULL,
    metadata json NOT NULL,
    -- By the clock of the host that appended it.
    recorded_at timestamptz NOT NULL,
    -- Decides on streams that an append begins, which are not looked up; for all others the safety
    -- net under the version check that is made before, which must never fire. The id comes
    -- first because it tells streams apart: types are mostly equal, and comparing them costs time.
    CONSTRAINT events_stream UNIQUE (aggregate_id, aggregate_type, sequence)
);

-- History can't be changed, not even by a mistake in psql.
CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: % is refused', TG_OP;
END
$$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();

-- Values that only one stream can own; taken and released in the append that decides it. Also the
-- command side's only look-up by natural key.
CREATE TABLE claims (
    -- A tenant's id, or 'platform'.
    scope text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    -- Normalized; an HMAC where it is personal.
    value text COLLATE "C" NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, kind, value)
);

-- How far reactions are: moved in the append that holds the effect. Projections keep theirs beside
-- their rows.
CREATE TABLE checkpoints (
    consumer text COLLATE "C" NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (consumer, part)
);

-- Requests that must not be handled twice, for 24 hours.
CREATE TABLE idempotency_keys (
    -- Caller and route.
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- Digest of the request.
    fingerprint text COLLATE "C" NOT NULL,
    -- The last position of the append.
    position bigint NOT NULL,
    -- The first stream of the append, if it had one.
    aggregate_type text COLLATE "C",
    aggregate_id text COLLATE "C",
    -- Sealed; stored after the commit, so it may be missing.
    response bytea,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
-- Serves the removal of what has expired.
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- A cache of aggregates' states; may be emptied at any time.
CREATE TABLE snapshots (
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    -- The shape of the state; a binary ignores all but its own.
    state_version bigint NOT NULL,
    -- Of the last event in it.
    sequence bigint NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, state_version)
);

-- Events that a consumer gave up on, and those of the same stream that wait behind one: written in
-- the transaction that moves the consumer's checkpoint. Shared by reactions and projections.
CREATE TABLE dead_letters (
    consumer text COLLATE "C" NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    -- Why; never holds a payload.
    error text NOT NULL,
    -- 0 for one that waits behind another.
    attempts integer NOT NULL,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, position)
);
-- Serves "does an earlier event of this stream wait?".
CREATE INDEX dead_letters_stream ON dead_letters (consumer, aggregate_type, aggregate_id);
