-- Where the relay is that publishes the log on a bus. Embedded stores have no bus and leave it
-- empty; it is here so that both engines have the same tables.
CREATE TABLE relays (
    name TEXT PRIMARY KEY,
    -- Every event up to here was published and confirmed.
    position INTEGER NOT NULL CHECK (position >= 0),
    -- Grows with every take-over; what an earlier holder writes is refused.
    epoch INTEGER NOT NULL,
    -- Grows while the holder lives; who sees it stand still takes over.
    beat INTEGER NOT NULL,
    -- Whether somebody holds it: 0 lets the next take over at once.
    held INTEGER NOT NULL,
    -- RFC 3339, UTC, six digits of fraction.
    updated_at TEXT NOT NULL
) STRICT;
