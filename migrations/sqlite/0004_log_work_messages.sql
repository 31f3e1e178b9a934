-- Work that is done after the answer (audits, e-mails, usages and so on), until it is done: written
-- in the append that causes it, taken by whoever delivers.
CREATE TABLE work_messages (
    -- The order in which they wait. Never used again, so that a late answer finds no other message.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- '<queue>_<32 hex digits>'; derived from what caused it, so that repeating it adds nothing.
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    -- JSON text; may hold personal data, so it is gone once the work is done.
    body TEXT NOT NULL,
    -- By the clock of the host that appended it.
    enqueued_at TEXT NOT NULL,
    -- How often it was taken.
    tries INTEGER NOT NULL DEFAULT 0,
    -- Nobody takes it before: it is being handled, or pauses after a failure. NULL is at once.
    due_at TEXT,
    -- Why the last try failed.
    error TEXT,
    -- Tried too often: nobody takes it until an operator lets it begin again.
    poisoned_at TEXT
) STRICT;
-- Serves "the oldest of this queue that can be taken", however many are set aside.
CREATE INDEX work_messages_waiting ON work_messages (queue, number) WHERE poisoned_at IS NULL;
CREATE INDEX work_messages_poison ON work_messages (queue, number) WHERE poisoned_at IS NOT NULL;
