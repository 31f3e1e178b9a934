-- What third parties notified us of, and what became of it. Nothing in it is personal.
CREATE TABLE webhook_notifications (
    -- webhookevt_<source>.<event id>.<24 hex digits>
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    -- Theirs.
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    -- JSON.
    json_content TEXT NOT NULL,
    -- received, processed or failed
    status TEXT NOT NULL,
    -- The signature, where none is good twice.
    proof TEXT UNIQUE,
    -- RFC 3339, UTC, six digits of fraction.
    received_at TEXT NOT NULL
) STRICT;
