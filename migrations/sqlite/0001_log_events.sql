-- The event log (log.db): the truth, and the outbox. One connection writes, in immediate
-- transactions, so positions are dense and in commit order. Times are RFC 3339 text, UTC, with
-- exactly six digits of fraction, so that text order is time order.

-- A superset of the table of sqlite-es, so its repositories can read it.
CREATE TABLE events (
    -- Global, from 1, without holes; the only cursor that anything uses.
    position INTEGER PRIMARY KEY CHECK (position > 0),
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    -- Within the stream, from 1, without holes.
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    -- Version 7, hyphenated; what a receiver uses to notice a repetition.
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_version TEXT NOT NULL,
    -- JSON text, exactly as it was written.
    payload TEXT NOT NULL,
    metadata TEXT NOT NULL,
    -- By the clock of the host that appended it.
    recorded_at TEXT NOT NULL,
    -- The safety net under the version check that is made before: it must never fire. The id comes
    -- first because it tells streams apart: types are mostly equal, and comparing them costs time.
    UNIQUE (aggregate_id, aggregate_type, sequence)
) STRICT;

-- History can't be changed, not even by a mistake in the sqlite3 shell.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: UPDATE is refused');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: DELETE is refused');
END;

-- Values that only one stream can own; taken and released in the append that decides it. Also the
-- command side's only look-up by natural key.
CREATE TABLE claims (
    -- A tenant's id, or 'platform'.
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Normalized; an HMAC where it is personal.
    value TEXT NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    PRIMARY KEY (scope, kind, value)
) STRICT, WITHOUT ROWID;

-- How far reactions are: moved in the append that holds the effect. Projections keep theirs beside
-- their rows, in read.db.
CREATE TABLE checkpoints (
    consumer TEXT NOT NULL,
    part INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    PRIMARY KEY (consumer, part)
) STRICT, WITHOUT ROWID;

-- Requests that must not be handled twice, for 24 hours.
CREATE TABLE idempotency_keys (
    -- Caller and route.
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Digest of the request.
    fingerprint TEXT NOT NULL,
    -- The last position of the append.
    position INTEGER NOT NULL,
    -- The first stream of the append, if it had one.
    aggregate_type TEXT,
    aggregate_id TEXT,
    -- Sealed; stored after the commit, so it may be missing.
    response BLOB,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
-- Serves the removal of what has expired.
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- A cache of aggregates' states; may be emptied at any time.
CREATE TABLE snapshots (
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    -- The shape of the state; a binary ignores all but its own.
    state_version INTEGER NOT NULL,
    -- Of the last event in it.
    sequence INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, state_version)
) STRICT;

-- Events that a reaction gave up on, and those of the same stream that wait behind one: written in
-- the append that moves the reaction's checkpoint. Projections have theirs in read.db.
CREATE TABLE dead_letters (
    consumer TEXT NOT NULL,
    part INTEGER NOT NULL,
    position INTEGER NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    -- Why; never holds a payload.
    error TEXT NOT NULL,
    -- 0 for one that waits behind another.
    attempts INTEGER NOT NULL,
    parked_at TEXT NOT NULL,
    PRIMARY KEY (consumer, position)
) STRICT;
-- Serves "does an earlier event of this stream wait?".
CREATE INDEX dead_letters_stream ON dead_letters (consumer, aggregate_type, aggregate_id);
