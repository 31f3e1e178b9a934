//! Folds the changes of many events into the fewest writes: only the last state of each row.

use std::collections::HashMap;

use crate::{
    db::Value,
    projections::{Op, Table},
};

/// What is written for one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pending {
    /// The whole row.
    Row(Vec<Value>),
    /// These columns, if the row is there; in the order of the table.
    Patch(Vec<(usize, Value)>),
    /// Its removal.
    Gone,
}

/// The changes of one table, to be written in this order: `clear`, `removals`, `rows`.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Column and text of rows that go before anything else is written.
    pub removals: Vec<(usize, String)>,
    /// By key.
    pub rows: HashMap<String, Pending>,
}

/// A run of changes that can be written table by table.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Whether everything that is stored goes first.
    pub clear: bool,
    /// Each table that changes.
    pub tables: Vec<(&'static Table, Folded)>,
}

/// The changes of a batch, in order.
#[derive(Debug, Default)]
pub(super) struct Fold {
    segments: Vec<Segment>,
    current: Segment,
}

impl Fold {
    /// Forgets everything: the log began anew.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.current = Segment { clear: true, tables: vec![] };
    }

    /// Adds one change.
    pub fn add(&mut self, op: Op) {
        match op {
            Op::Upsert { table, key, row } => {
                self.table(table).rows.insert(key, Pending::Row(row));
            }
            Op::Set { table, key, columns } => self.set(table, key, columns),
            Op::Delete { table, key } => {
                self.table(table).rows.insert(key, Pending::Gone);
            }
            Op::DeleteWhere { table, column, value } => self.delete_where(table, column, value),
        }
    }

    /// Everything that is to be written.
    pub fn finish(mut self) -> Vec<Segment> {
        self.segments.push(self.current);
        self.segments.retain(|segment| segment.clear || !segment.tables.is_empty());
        self.segments
    }

    fn table(&mut self, table: &'static Table) -> &mut Folded {
        let tables = &mut self.current.tables;
        let known = tables.iter().position(|(t, _)| std::ptr::eq(*t, table));
        let at = known.unwrap_or_else(|| {
            tables.push((table, Folded::default()));
            tables.len() - 1
        });
        &mut tables[at].1
    }

    fn set(&mut self, table: &'static Table, key: String, columns: Vec<(usize, Value)>) {
        match self.table(table).rows.entry(key) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Pending::Patch(columns));
            }
            std::collections::hash_map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Pending::Row(row) => {
                    for (at, value) in columns {
                        row[at] = value;
                    }
                }
                Pending::Patch(patch) => {
                    for (at, value) in columns {
                        match patch.binary_search_by_key(&at, |(at, _)| *at) {
                            Ok(found) => patch[found].1 = value,
                            Err(free) => patch.insert(free, (at, value)),
                        }
                    }
                }
                Pending::Gone => {}
            },
        }
    }

    /// Removals are written before the rows of their segment. That is right for rows of which the
    /// whole is written and for those that are patched elsewhere; a row of which just this column
    /// is patched is the exception, so it goes into a segment before.
    fn delete_where(&mut self, table: &'static Table, column: usize, value: String) {
        let touched = |pending: &Pending| matches!(pending, Pending::Patch(patch) if patch.iter().any(|(at, _)| *at == column));
        if self.table(table).rows.values().any(touched) {
            let full = std::mem::take(&mut self.current);
            self.segments.push(full);
        }
        let folded = self.table(table);
        for pending in folded.rows.values_mut() {
            if let Pending::Row(row) = pending
                && matches!(&row[column], Value::Text(text) if *text == value)
            {
                *pending = Pending::Gone;
            }
        }
        folded.removals.push((column, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projections::{Changes, Column};

    static SEATS: Table = Table {
        name: "seats",
        key: "id",
        columns: &[Column::text("car_id"), Column::text("colour").or_null()],
        indexes: &[&["car_id"]],
    };

    fn fold(project: impl FnOnce(&mut Changes)) -> Vec<Segment> {
        let mut changes = Changes::default();
        project(&mut changes);
        let mut fold = Fold::default();
        for op in changes.drain() {
            fold.add(op);
        }
        fold.finish()
    }

    fn upsert(changes: &mut Changes, id: &str, car: &str) {
        changes.upsert(&SEATS, id, [("car_id", car.into())]).expect("fits");
    }

    fn pending<'a>(segments: &'a [Segment], id: &str) -> Option<&'a Pending> {
        segments.last()?.tables.first()?.1.rows.get(id)
    }

    #[test]
    fn only_the_last_state_of_a_row_is_written() {
        let segments = fold(|c| {
            upsert(c, "s1", "a");
            c.set(&SEATS, "s1", [("colour", "red".into())]).expect("fits");
            c.set(&SEATS, "s1", [("colour", "blue".into())]).expect("fits");
        });
        let row = vec![Value::from("a"), Value::from("blue")];
        assert_eq!(pending(&segments, "s1"), Some(&Pending::Row(row)));
    }

    #[test]
    fn nothing_comes_back_by_being_changed() {
        let segments = fold(|c| {
            upsert(c, "s1", "a");
            c.delete(&SEATS, "s1");
            c.set(&SEATS, "s1", [("colour", "red".into())]).expect("fits");
        });
        assert_eq!(pending(&segments, "s1"), Some(&Pending::Gone));
    }

    #[test]
    fn removal_by_column_takes_rows_of_the_same_batch_too() {
        let segments = fold(|c| {
            upsert(c, "s1", "a");
            upsert(c, "s2", "b");
            c.delete_where(&SEATS, "car_id", "a").expect("fits");
            upsert(c, "s3", "a");
        });
        assert_eq!(pending(&segments, "s1"), Some(&Pending::Gone));
        assert!(matches!(pending(&segments, "s2"), Some(Pending::Row(_))));
        assert!(matches!(pending(&segments, "s3"), Some(Pending::Row(_))));
        assert_eq!(segments[0].tables[0].1.removals, [(0, "a".to_owned())]);
    }

    #[test]
    fn a_row_that_moved_away_before_a_removal_is_written_before_it() {
        let segments = fold(|c| {
            c.set(&SEATS, "s1", [("car_id", "b".into())]).expect("fits");
            c.delete_where(&SEATS, "car_id", "a").expect("fits");
        });
        assert_eq!(segments.len(), 2);
        assert!(segments[0].tables[0].1.removals.is_empty());
    }

    #[test]
    fn clearing_forgets_what_came_before() {
        let mut fold = Fold::default();
        let mut changes = Changes::default();
        upsert(&mut changes, "s1", "a");
        for op in changes.drain() {
            fold.add(op);
        }
        fold.clear();
        let segments = fold.finish();
        assert!(segments.len() == 1 && segments[0].clear && segments[0].tables.is_empty());
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        let mut changes = Changes::default();
        assert!(changes.upsert(&SEATS, "s1", [("car_id", 1_i64.into())]).is_err());
        assert!(changes.upsert(&SEATS, "s1", []).is_err());
        assert!(changes.set(&SEATS, "s1", [("size", 1_i64.into())]).is_err());
    }
}
