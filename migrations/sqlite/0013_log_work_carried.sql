-- When a message was given to a broker to find a taker; NULL if it is not there. Whoever takes it, and
-- whatever goes wrong, sets it back, so that it is given again when it is due.
ALTER TABLE work_messages ADD COLUMN carried_at TEXT;
-- Serves "the oldest that is to be given to the broker", however many are there already.
CREATE INDEX work_messages_to_carry ON work_messages (number)
    WHERE poisoned_at IS NULL AND carried_at IS NULL;
-- Serves "those that the broker has had for too long".
CREATE INDEX work_messages_carried ON work_messages (queue, carried_at)
    WHERE poisoned_at IS NULL AND carried_at IS NOT NULL;
