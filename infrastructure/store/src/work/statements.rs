//! What is asked of the table, as text.

/// Whether there is anything to take, and whether the oldest was tried before.
pub(super) const DUE: &str = "SELECT tries > 0 AS tried FROM work_messages \
    WHERE queue = $1 AND poisoned_at IS NULL AND (due_at IS NULL OR due_at <= $2) \
    ORDER BY number LIMIT 1";
/// Takes the oldest that were not tried more often than so; what another process is just taking is
/// passed over instead of waited for.
pub(super) const TAKE_POSTGRES: &str = "UPDATE work_messages SET tries = tries + 1, due_at = $3, carried_at = NULL \
    WHERE number IN (SELECT number FROM work_messages \
        WHERE queue = $1 AND poisoned_at IS NULL AND (due_at IS NULL OR due_at <= $2) \
        AND tries <= $4 ORDER BY number LIMIT $5 FOR UPDATE SKIP LOCKED) \
    RETURNING number, id, body, CAST(tries AS bigint) AS tries";
/// The same where only one connection writes.
pub(super) const TAKE_SQLITE: &str = "UPDATE work_messages SET tries = tries + 1, due_at = $3, carried_at = NULL \
    WHERE number IN (SELECT number FROM work_messages \
        WHERE queue = $1 AND poisoned_at IS NULL AND (due_at IS NULL OR due_at <= $2) \
        AND tries <= $4 ORDER BY number LIMIT $5) \
    RETURNING number, id, body, tries";
/// Takes those that a broker told of, unless they are gone, pause, or somebody else has them.
pub(super) const TAKE_CALLED_POSTGRES: &str = "UPDATE work_messages \
    SET tries = tries + 1, due_at = $3, carried_at = NULL \
    WHERE id IN (SELECT jsonb_array_elements_text($4)) AND queue = $1 \
        AND poisoned_at IS NULL AND (due_at IS NULL OR due_at <= $2) \
    RETURNING number, id, body, CAST(tries AS bigint) AS tries";
/// The same.
pub(super) const TAKE_CALLED_SQLITE: &str = "UPDATE work_messages \
    SET tries = tries + 1, due_at = $3, carried_at = NULL \
    WHERE id IN (SELECT value FROM json_each($4)) AND queue = $1 \
        AND poisoned_at IS NULL AND (due_at IS NULL OR due_at <= $2) \
    RETURNING number, id, body, tries";
/// Also of messages that somebody else has taken since: they were handled all the same. Numbers come as
/// one JSON array, which is one text for any number of them.
pub(super) const HANDLED_POSTGRES: &str = "DELETE FROM work_messages \
    WHERE number IN (SELECT jsonb_array_elements_text($1)::bigint)";
pub(super) const HANDLED_SQLITE: &str =
    "DELETE FROM work_messages WHERE number IN (SELECT value FROM json_each($1))";
/// Only of the last taking: an earlier one says nothing about the try that is under way.
pub(super) const FAIL: &str = "UPDATE work_messages SET error = $3, due_at = $4 \
    WHERE number = $1 AND tries = $2 AND poisoned_at IS NULL";
pub(super) const POSTPONE: &str = "UPDATE work_messages SET tries = tries - 1, due_at = $3 \
    WHERE number = $1 AND tries = $2 AND poisoned_at IS NULL";
pub(super) const POISON: &str = "UPDATE work_messages SET error = $3, poisoned_at = $4 \
    WHERE number = $1 AND tries = $2 AND poisoned_at IS NULL";
pub(super) const STANDINGS: &str = "SELECT queue, \
    count(*) FILTER (WHERE poisoned_at IS NULL) AS waiting, \
    count(*) FILTER (WHERE poisoned_at IS NOT NULL) AS poison \
    FROM work_messages GROUP BY queue";
pub(super) const POISONED: &str = "SELECT id, body, coalesce(error, '') AS error \
    FROM work_messages WHERE queue = $1 AND poisoned_at IS NOT NULL ORDER BY number LIMIT 1000";
pub(super) const REVIVE: &str = "UPDATE work_messages \
    SET tries = 0, due_at = NULL, poisoned_at = NULL, carried_at = NULL \
    WHERE queue = $1 AND id = $2 AND poisoned_at IS NOT NULL";
pub(super) const DISCARD: &str =
    "DELETE FROM work_messages WHERE queue = $1 AND id = $2 AND poisoned_at IS NOT NULL";
/// Whether there may be anything to give to a broker.
pub(super) const TO_CARRY: &str = "SELECT 1 AS one FROM work_messages \
    WHERE poisoned_at IS NULL AND carried_at IS NULL AND (due_at IS NULL OR due_at <= $1) LIMIT 1";
/// The oldest of every queue together, marked before they are on their way: a taker may be faster than
/// whoever would mark them after. Those of a queue that this binary does not know stay.
pub(super) const CARRY_POSTGRES: &str = "UPDATE work_messages SET carried_at = $1 \
    WHERE number IN (SELECT number FROM work_messages \
        WHERE poisoned_at IS NULL AND carried_at IS NULL AND (due_at IS NULL OR due_at <= $1) \
        AND queue IN (SELECT jsonb_array_elements_text($2)) \
        ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED) \
    RETURNING number, id, queue, body, CAST(tries AS bigint) AS tries";
/// The same where only one connection writes.
pub(super) const CARRY_SQLITE: &str = "UPDATE work_messages SET carried_at = $1 \
    WHERE number IN (SELECT number FROM work_messages \
        WHERE poisoned_at IS NULL AND carried_at IS NULL AND (due_at IS NULL OR due_at <= $1) \
        AND queue IN (SELECT value FROM json_each($2)) ORDER BY number LIMIT $3) \
    RETURNING number, id, queue, body, tries";
pub(super) const NOT_CARRIED_POSTGRES: &str = "UPDATE work_messages SET carried_at = NULL \
    WHERE number IN (SELECT jsonb_array_elements_text($1)::bigint)";
pub(super) const NOT_CARRIED_SQLITE: &str = "UPDATE work_messages SET carried_at = NULL \
    WHERE number IN (SELECT value FROM json_each($1))";
/// How many of each queue the broker has had since before a time.
pub(super) const CARRIED: &str = "SELECT queue, count(*) AS messages FROM work_messages \
    WHERE poisoned_at IS NULL AND carried_at <= $1 GROUP BY queue";
/// Of these, the oldest.
pub(super) const MISSED: &str = "UPDATE work_messages SET carried_at = NULL \
    WHERE number IN (SELECT number FROM work_messages \
        WHERE queue = $1 AND poisoned_at IS NULL AND carried_at <= $2 \
        ORDER BY carried_at, number LIMIT $3)";

/// Every statement that both engines take, so that a test can ask them.
#[must_use]
pub fn statements() -> Vec<&'static str> {
    vec![
        DUE, FAIL, POSTPONE, POISON, STANDINGS, POISONED, REVIVE, DISCARD, TO_CARRY, CARRIED,
        MISSED,
    ]
}

/// Those of one engine each: PostgreSQL, then SQLite.
#[must_use]
pub fn statements_of_one() -> (Vec<&'static str>, Vec<&'static str>) {
    (
        vec![
            TAKE_POSTGRES,
            TAKE_CALLED_POSTGRES,
            HANDLED_POSTGRES,
            CARRY_POSTGRES,
            NOT_CARRIED_POSTGRES,
        ],
        vec![TAKE_SQLITE, TAKE_CALLED_SQLITE, HANDLED_SQLITE, CARRY_SQLITE, NOT_CARRIED_SQLITE],
    )
}
