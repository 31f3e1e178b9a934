-- What third parties notified us of, and what became of it. Nothing in it is personal.
CREATE TABLE webhook_notifications (
    -- webhookevt_<source>.<event id>.<24 hex digits>
    id text COLLATE "C" PRIMARY KEY,
    source text COLLATE "C" NOT NULL,
    -- Theirs.
    event_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    -- JSON.
    json_content text NOT NULL,
    -- received, processed or failed
    status text COLLATE "C" NOT NULL,
    -- The signature, where none is good twice.
    proof text COLLATE "C" UNIQUE,
    received_at timestamptz NOT NULL
);
