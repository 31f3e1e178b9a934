//! The one place that assembles statements: a page of a read model, sorted and counted.

use application::{
    Result,
    search::{Direction, Found, Search},
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
    pub sortable: &'a [(&'a str, &'a str)],
}

/// One page, and how many rows there are in all.
pub(crate) async fn page<T>(
    db: &Db,
    source: &Source<'_>,
    mut values: Vec<Value>,
    search: &Search,
    read: fn(&Row) -> Result<T, DbError>,
) -> Result<Found<T>> {
    let total = match db.fetch_one(&count(source), &values).await? {
        Some(row) => row.count("total")?,
        None => 0,
    };
    let statement = statement(source, values.len(), search);
    values.extend([search.limit.into(), search.skip().into()]);
    let rows = db.fetch(&statement, &values).await?;
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Found { rows, total })
}

fn count(source: &Source<'_>) -> String {
    format!("SELECT count(*) AS total FROM {} WHERE {}", source.from, source.filter)
}

fn statement(source: &Source<'_>, values: usize, search: &Search) -> String {
    format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT ${} OFFSET ${}",
        source.columns,
        source.from,
        source.filter,
        order(source, search),
        values + 1,
        values + 2
    )
}

/// Only columns that the source names get into a statement, never a caller's text.
fn order(source: &Source<'_>, search: &Search) -> String {
    let wish = search.sort.as_ref().and_then(|sort| {
        let (_, column) =
            source.sortable.iter().find(|(name, _)| name.eq_ignore_ascii_case(&sort.by))?;
        Some((*column, sort.direction))
    });
    let first = source.sortable.first().map_or(source.key, |(_, column)| column);
    let (column, direction) = wish.unwrap_or((first, Direction::Ascending));
    let direction = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    if column == source.key {
        format!("{column} {direction}")
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
        ],
    };

    fn order_of(sort: &str) -> String {
        let options = SearchOptions { sort: Some(sort.into()), ..Default::default() };
        order(&SOURCE, &options.parse().expect("valid"))
    }

    #[test]
    fn fields_are_found_whatever_their_case() {
        assert_eq!(order_of("-litres"), "litres DESC NULLS LAST, id DESC");
        assert_eq!(order_of("ID"), "id ASC");
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert_eq!(order_of("-colour"), "last_persisted_at ASC NULLS LAST, id ASC");
    }

    #[test]
    fn the_page_is_bound_after_the_filter() {
        let search = SearchOptions::default().parse().expect("valid");
        assert!(statement(&SOURCE, 1, &search).ends_with("LIMIT $2 OFFSET $3"));
    }
}
