-- Wrong passwords for addresses that nobody has, which lock as an account does. Not made of events:
-- nobody's history is nowhere.
CREATE TABLE strangers (
    -- Keyed digest of the e-mail address.
    address_digest TEXT PRIMARY KEY,
    in_a_row INTEGER NOT NULL,
    -- RFC 3339, UTC, six digits of fraction.
    locked_until TEXT,
    tried_at TEXT NOT NULL
) STRICT;
-- Serves the removal of what is a day old.
CREATE INDEX strangers_age ON strangers (tried_at);
