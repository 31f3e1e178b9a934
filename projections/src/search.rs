//! The one place that assembles statements: a page of a read model, sorted and counted.

use application::{
    Result,
    search::{Direction, Found, Rows, Search, Sort},
};
use store::db::{Db, DbError, Row, Value};

/// What a search looks through.
pub(crate) struct Source<'a> {
    /// Tables with their aliases.
    pub from: &'a str,
    /// What to read of each row.
    pub columns: &'a str,
    /// Which rows; names the first values as `$1`, `$2` and so on.
    pub filter: &'a str,
    /// The column that makes the order of equal rows stable.
    pub key: &'a str,
    /// What callers may sort by, each with its column. The first is the order without a wish.
    /// Names of one column mean the same: a caller who asks to fill one of them gets the member
    /// of the answer that is called by any.
    pub sortable: &'a [(&'a str, &'a str)],
    /// Those of these columns that are never empty. An index serves their order in both directions,
    /// because nothing has to be said about where nothing goes.
    pub complete: &'a [&'a str],
}

/// One page, and how many rows there are in all.
pub(crate) async fn page<T>(
    db: &Db,
    source: &Source<'_>,
    mut values: Vec<Value>,
    search: &Search,
    read: fn(&Row) -> Result<T, DbError>,
) -> Result<Found<T>> {
    let statement = statement(source, values.len(), search.sort.as_ref());
    values.extend([search.limit.into(), search.skip().into()]);
    let rows = db.fetch(&statement, &values).await?;
    let total = if let Some(total) = last(rows.len(), search) {
        total
    } else {
        values.truncate(values.len() - 2);
        let counted = db.fetch_one(&count(source), &values).await?;
        counted.map_or(Ok(0), |row| row.count("total"))?
    };
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Found { rows: Rows::new(rows, filled(source, search)), total })
}

/// How many rows there are in all, if a page of so many is seen to be the last one. Most lists are
/// short, and counting costs as much as reading them.
fn last(rows: usize, search: &Search) -> Option<u64> {
    let (rows, skipped) = (u64::try_from(rows).ok()?, u64::try_from(search.skip()).ok()?);
    let is_last = rows < u64::try_from(search.limit).ok()? && (rows > 0 || skipped == 0);
    is_last.then_some(skipped + rows)
}

/// The names of the caller's filter, and for each the other names of its column.
fn filled<'a>(source: &Source<'a>, search: &'a Search) -> Vec<&'a str> {
    let column = |wish: &str| column(source, wish);
    let columns: Vec<&str> = search.filter.iter().filter_map(|wish| column(wish)).collect();
    let others = source.sortable.iter().filter(|(_, column)| columns.contains(column));
    let others = others.map(|(name, _)| *name);
    search.filter.iter().map(String::as_str).chain(others).collect()
}

fn column<'a>(source: &Source<'a>, wish: &str) -> Option<&'a str> {
    let known = source.sortable.iter().find(|(name, _)| name.eq_ignore_ascii_case(wish));
    known.map(|(_, column)| *column)
}

fn count(source: &Source<'_>) -> String {
    format!("SELECT count(*) AS total FROM {} WHERE {}", source.from, source.filter)
}

/// The statement of a page in every order that callers may wish for, each by its name and direction.
pub(crate) fn statements(source: &Source<'_>, values: usize) -> Vec<(String, String)> {
    let mut statements = vec![];
    for (by, _) in source.sortable {
        for (sign, direction) in [('+', Direction::Ascending), ('-', Direction::Descending)] {
            let sort = Sort { by: (*by).to_owned(), direction };
            statements.push((format!("{sign}{by}"), statement(source, values, Some(&sort))));
        }
    }
    statements
}

fn statement(source: &Source<'_>, values: usize, sort: Option<&Sort>) -> String {
    format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT ${} OFFSET ${}",
        source.columns,
        source.from,
        source.filter,
        order(source, sort),
        values + 1,
        values + 2
    )
}

/// Only columns that the source names get into a statement, never a caller's text.
fn order(source: &Source<'_>, sort: Option<&Sort>) -> String {
    let wish = sort.and_then(|sort| Some((column(source, &sort.by)?, sort.direction)));
    let first = source.sortable.first().map_or(source.key, |(_, column)| column);
    let (column, direction) = wish.unwrap_or((first, Direction::Ascending));
    let direction = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    if column == source.key {
        format!("{column} {direction}")
    } else if source.complete.contains(&column) {
        format!("{column} {direction}, {} {direction}", source.key)
    } else {
        // The engines disagree about where nothing goes unless they are told.
        format!("{column} {direction} NULLS LAST, {} {direction}", source.key)
    }
}

#[cfg(test)]
mod tests {
    use application::search::SearchOptions;

    use super::*;

    const SOURCE: Source<'_> = Source {
        from: "kettles",
        columns: "id",
        filter: "organization_id = $1",
        key: "id",
        sortable: &[
            ("LastPersistedAtUtc", "last_persisted_at"),
            ("Id", "id"),
            ("Litres", "litres"),
            ("Size.Litres", "litres"),
            ("Colour", "colour"),
        ],
        complete: &["litres"],
    };

    fn order_of(sort: &str) -> String {
        let options = SearchOptions { sort: Some(sort.into()), ..Default::default() };
        order(&SOURCE, options.parse().expect("valid").sort.as_ref())
    }

    #[test]
    fn fields_are_found_whatever_their_case() {
        assert_eq!(order_of("-litres"), "litres DESC, id DESC");
        assert_eq!(order_of("ID"), "id ASC");
    }

    #[test]
    fn what_may_be_empty_comes_last() {
        assert_eq!(order_of("-colour"), "colour DESC NULLS LAST, id DESC");
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert_eq!(order_of("-size"), "last_persisted_at ASC NULLS LAST, id ASC");
    }

    #[test]
    fn a_filter_may_use_any_name_of_a_column() {
        let filled_by = |filter: &str| {
            let options = SearchOptions { filter: Some(filter.into()), ..Default::default() };
            filled(&SOURCE, &options.parse().expect("valid")).join(" ")
        };
        assert_eq!(filled_by("LITRES,weight"), "LITRES weight Litres Size.Litres");
        assert_eq!(filled_by("size;size.Litres"), "size size.Litres Litres Size.Litres");
        assert_eq!(filled_by("weight"), "weight");
    }

    #[test]
    fn only_what_a_page_does_not_show_is_counted() {
        let total = |rows, limit, offset| {
            let options =
                SearchOptions { limit: Some(limit), offset: Some(offset), ..Default::default() };
            last(rows, &options.parse().expect("valid"))
        };
        assert_eq!(total(0, 10, -1), Some(0));
        assert_eq!(total(9, 10, -1), Some(9));
        assert_eq!(total(9, 10, 20), Some(29));
        assert_eq!(total(10, 10, -1), None, "there may be more");
        assert_eq!(total(0, 10, 20), None, "the offset may be past the end");
    }

    #[test]
    fn the_page_is_bound_after_the_filter() {
        assert!(statement(&SOURCE, 1, None).ends_with("LIMIT $2 OFFSET $3"));
    }
}
