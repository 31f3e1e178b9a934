-- When API keys were used last. Not made of events: a use is none.
CREATE TABLE api_key_uses (
    key_id TEXT PRIMARY KEY,
    -- The minute: RFC 3339, UTC, six digits of fraction.
    used_at TEXT NOT NULL,
    -- When an audit last told that it was used; likewise.
    told_at TEXT
) STRICT;
