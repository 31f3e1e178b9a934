-- When API keys were used last. Not made of events: a use is none.
CREATE TABLE api_key_uses (
    key_id text COLLATE "C" PRIMARY KEY,
    -- The minute.
    used_at timestamptz NOT NULL,
    -- When an audit last told that it was used.
    told_at timestamptz
);
