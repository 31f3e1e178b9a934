-- Access tokens that were used while they were new, for some minutes: of an answer with one of them
-- nobody can say that it was lost. Not made of events: a use is none.
CREATE TABLE used_access_tokens (
    -- Its jti.
    id TEXT PRIMARY KEY,
    -- RFC 3339, UTC, six digits of fraction.
    used_at TEXT NOT NULL
) STRICT;
-- Serves the removal of what is too old to matter.
CREATE INDEX used_access_tokens_age ON used_access_tokens (used_at);

-- Whose key it is, so that nothing is left of who is erased. Empty in rows from before until the key
-- is used again.
ALTER TABLE api_key_uses ADD COLUMN user_id TEXT;
CREATE INDEX api_key_uses_user ON api_key_uses (user_id);
