-- Whether nothing is left to do: it had its effect, or none. What comes again then has none.
ALTER TABLE webhook_notifications ADD COLUMN handled boolean NOT NULL DEFAULT false;
UPDATE webhook_notifications SET handled = true WHERE status = 'processed';
