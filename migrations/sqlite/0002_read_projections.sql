-- Read models (read.db). Their tables are made by the engine from the projections' definitions, as
-- rm_<table>_v<version>_g<generation>, and served through views; here is what the engine itself
-- keeps. A projection's checkpoint moves in the transaction that writes its rows.

CREATE TABLE projections (
    name TEXT NOT NULL,
    -- Of the definition in the code.
    version INTEGER NOT NULL,
    -- Grows with every rebuild of the version.
    generation INTEGER NOT NULL,
    -- The part of the log that the checkpoint is about.
    part INTEGER NOT NULL,
    -- building: not served yet; active: served and fed; paused: served, not fed; retired: replaced
    -- by another version, kept for hosts that still read it.
    state TEXT NOT NULL CHECK (state IN ('building', 'active', 'paused', 'retired')),
    -- The definition that the tables were made from, to notice one that changed without a new
    -- version.
    definition TEXT NOT NULL,
    -- The last position that was handled.
    position INTEGER NOT NULL CHECK (position >= 0),
    -- How many events changed something, ever.
    applied INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (name, version, generation, part)
) STRICT, WITHOUT ROWID;

-- What operators want of a running engine; it looks here every half second, and answers.
CREATE TABLE consumer_requests (
    id TEXT PRIMARY KEY,
    consumer TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('rebuild', 'pause', 'resume', 'replay', 'discard')),
    -- The dead letter that a replay or discard is about.
    position INTEGER,
    requested_at TEXT NOT NULL,
    -- What came of it; empty while it waits.
    outcome TEXT,
    -- Whether it was refused or failed.
    failed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that a projection gave up on, and those of the same stream that wait behind one: written
-- in the transaction that moves the projection's checkpoint. Reactions have theirs in log.db.
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
