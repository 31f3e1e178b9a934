-- Which events were delivered to a subscription by message, and to which one last. Reactions follow
-- the log by themselves and leave nothing here.
CREATE TABLE event_notifications (
    position bigint PRIMARY KEY,
    -- The name as it was given.
    subscription text COLLATE "C" NOT NULL,
    delivered_at timestamptz NOT NULL
);
