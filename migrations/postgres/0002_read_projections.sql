-- Read models. Their tables are made by the engine from the projections' definitions, as
-- rm_<table>_v<version>_g<generation>, and served through views; here is what the engine itself
-- keeps. A projection's checkpoint moves in the transaction that writes its rows.

CREATE TABLE projections (
    name text COLLATE "C" NOT NULL,
    -- Of the definition in the code.
    version bigint NOT NULL,
    -- Grows with every rebuild of the version.
    generation bigint NOT NULL,
    -- The part of the log that the checkpoint is about.
    part bigint NOT NULL,
    -- building: not served yet; active: served and fed; paused: served, not fed; retired: replaced
    -- by another version, kept for hosts that still read it.
    state text COLLATE "C" NOT NULL CHECK (state IN ('building', 'active', 'paused', 'retired')),
    -- The definition that the tables were made from, to notice one that changed without a new
    -- version.
    definition text NOT NULL,
    -- The last position that was handled.
    position bigint NOT NULL CHECK (position >= 0),
    -- How many events changed something, ever.
    applied bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (name, version, generation, part)
);

-- What operators want of a running engine; it looks here every half second, and answers.
CREATE TABLE consumer_requests (
    id text COLLATE "C" PRIMARY KEY,
    consumer text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL
        CHECK (action IN ('rebuild', 'pause', 'resume', 'replay', 'discard')),
    -- The dead letter that a replay or discard is about.
    position bigint,
    requested_at timestamptz NOT NULL,
    -- What came of it; empty while it waits.
    outcome text,
    -- Whether it was refused or failed.
    failed boolean NOT NULL
);
