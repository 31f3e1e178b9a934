-- Keys that sign access tokens. May live in a database of its own (KEYS_DATABASE_URL), so that a
-- copy of the main database can't forge a token.
CREATE TABLE signing_keys (
    -- Counts from 1; the greatest signs, all verify. Being the key of the table, it decides which
    -- of two processes that start at once made the first one.
    number bigint PRIMARY KEY CHECK (number > 0),
    -- What tokens name it by: a digest of the public key.
    kid text NOT NULL UNIQUE,
    -- The private part, encrypted under the master key with the kid as associated data, in base64.
    wrapped text NOT NULL,
    created_at timestamptz NOT NULL
);
