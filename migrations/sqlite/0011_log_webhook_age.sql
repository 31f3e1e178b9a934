-- Notifications that are older than any repetition are forgotten: this finds them.
CREATE INDEX webhook_notifications_received_at ON webhook_notifications (received_at);
