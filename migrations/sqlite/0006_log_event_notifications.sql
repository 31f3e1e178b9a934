-- Which events were delivered to a subscription by message, and to which one last. Reactions follow
-- the log by themselves and leave nothing here.
CREATE TABLE event_notifications (
    position INTEGER PRIMARY KEY,
    -- The name as it was given.
    subscription TEXT NOT NULL,
    -- RFC 3339, UTC, six digits of fraction.
    delivered_at TEXT NOT NULL
) STRICT;
