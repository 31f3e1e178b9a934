-- Whether nothing is left to do, 0 or 1: it had its effect, or none. What comes again then has none.
ALTER TABLE webhook_notifications ADD COLUMN handled INTEGER NOT NULL DEFAULT 0;
UPDATE webhook_notifications SET handled = 1 WHERE status = 'processed';
