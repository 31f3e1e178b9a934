-- Where the relay is that publishes the log on the bus, and which process is it. One row.
CREATE TABLE relays (
    name text COLLATE "C" PRIMARY KEY,
    -- Every event up to here was published and confirmed.
    position bigint NOT NULL CHECK (position >= 0),
    -- Grows with every take-over; what an earlier holder writes is refused.
    epoch bigint NOT NULL,
    -- Grows while the holder lives; who sees it stand still takes over.
    beat bigint NOT NULL,
    -- Whether somebody holds it: false lets the next take over at once.
    held boolean NOT NULL,
    updated_at timestamptz NOT NULL
);
