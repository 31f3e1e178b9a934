-- One key for each subject of sealed data: a person, or a mailbox of which nobody knows whose it
-- is. Destroying a row makes everything that was sealed with it unreadable for ever, in the log and
-- in every copy of it; so copies of this file must not outlive an erasure.
CREATE TABLE subject_keys (
    subject TEXT PRIMARY KEY,
    -- The key, encrypted under the master key with the subject as associated data, in base64.
    wrapped TEXT NOT NULL
) STRICT, WITHOUT ROWID;
