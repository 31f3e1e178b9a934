-- Wrong passwords for addresses that nobody has, which lock as an account does. Not made of events:
-- nobody's history is nowhere.
CREATE TABLE strangers (
    -- Keyed digest of the e-mail address.
    address_digest text COLLATE "C" PRIMARY KEY,
    in_a_row bigint NOT NULL,
    locked_until timestamptz,
    tried_at timestamptz NOT NULL
);
-- Serves the removal of what is a day old.
CREATE INDEX strangers_age ON strangers (tried_at);
