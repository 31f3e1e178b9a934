-- Keys that sign access tokens (keys.db): a file of its own, so that a copy of the log can't forge
-- a token.
CREATE TABLE signing_keys (
    -- Counts from 1; the greatest signs, all verify. Being the key of the table, it decides which
    -- of two processes that start at once made the first one.
    number INTEGER PRIMARY KEY CHECK (number > 0),
    -- What tokens name it by: a digest of the public key.
    kid TEXT NOT NULL UNIQUE,
    -- The private part, encrypted under the master key with the kid as associated data, in base64.
    wrapped TEXT NOT NULL,
    -- RFC 3339, UTC, six digits of fraction.
    created_at TEXT NOT NULL
) STRICT;
