//! Options and results of every search: bounded pages with metadata.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Result,
    error::FieldError,
    input::{Field, check},
};

mod rows;

pub use rows::Rows;

/// Rows per page when the caller does not say.
pub const DEFAULT_LIMIT: i64 = 100;
/// Rows per page at most, and the largest offset.
pub const MAX: i64 = 1000;

/// What a caller may ask of a search; flattened into the input of each search.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct SearchOptions {
    /// Rows per page, 0 to 1000; 0 or absent means 100.
    pub limit: Option<i64>,
    /// Rows to skip, -1 to 1000; -1 or absent means none.
    pub offset: Option<i64>,
    /// `[+|-]field`; unknown fields are ignored.
    pub sort: Option<String>,
    /// Fields to fill, separated by `,` or `;`.
    pub filter: Option<String>,
    /// Resources to embed: `off`, `*`, or up to 10 separated by `,`.
    pub embed: Option<String>,
}

/// Valid options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Rows per page, 1 to 1000.
    pub limit: i64,
    /// Rows to skip; -1 for none.
    pub offset: i64,
    /// What to sort by.
    pub sort: Option<Sort>,
    /// Fields to fill; all if empty.
    pub filter: Vec<String>,
}

/// What a search is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Sort {
    /// The field as the caller wrote it.
    pub by: String,
    /// Which way.
    pub direction: Direction,
}

/// Which way a search is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// What a search answers besides its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SearchMetadata {
    /// Which fields were filled.
    pub filter: Filter,
    /// Rows per page.
    pub limit: i64,
    /// Rows skipped; -1 for none.
    pub offset: i64,
    /// What it is sorted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// Matches before paging.
    pub total: u64,
}

/// Which fields were filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Filter {
    /// Empty means all.
    pub fields: Vec<String>,
}

/// A page of rows, and how many there are in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T> {
    /// This page.
    pub rows: Rows<T>,
    /// Matches before paging.
    pub total: u64,
}

impl SearchOptions {
    /// Judges the options.
    ///
    /// # Errors
    /// [`Error::Validation`] with every failing one.
    pub fn parse(&self) -> Result<Search> {
        let limit = self.limit.unwrap_or(0);
        let offset = self.offset.unwrap_or(-1);
        let checks = [
            bounds(limit, 0, "The Limit for this operation must be between 0 and 1000"),
            bounds(offset, -1, "The offset must be between -1 and 1000"),
            list(self.sort.as_deref(), 5, true, "The format of the Sort expression is invalid"),
            list(
                self.filter.as_deref(),
                25,
                false,
                "The format of the Filter expression is invalid",
            ),
            embed(self.embed.as_deref()),
        ];
        let failures: Vec<FieldError> = checks.into_iter().filter_map(Result::err).collect();
        if !failures.is_empty() {
            return Err(Error::Validation(failures));
        }
        Ok(Search {
            limit: if limit == 0 { DEFAULT_LIMIT } else { limit },
            offset,
            sort: self.sort.as_deref().and_then(sort),
            filter: items(self.filter.as_deref().unwrap_or_default()).map(str::to_owned).collect(),
        })
    }
}

impl Search {
    /// The metadata of an answer with so many matches.
    #[must_use]
    pub fn metadata(&self, total: u64) -> SearchMetadata {
        SearchMetadata {
            filter: Filter { fields: self.filter.clone() },
            limit: self.limit,
            offset: self.offset,
            sort: self.sort.clone(),
            total,
        }
    }
    /// Rows that no query of a read model made, with the fields filled that the caller named.
    #[must_use]
    pub fn rows<T>(&self, rows: Vec<T>) -> Rows<T> {
        Rows::new(rows, self.filter.iter().map(String::as_str))
    }
    /// Rows to skip, never negative.
    #[must_use]
    pub fn skip(&self) -> i64 {
        self.offset.max(0)
    }
}

fn bounds(value: i64, min: i64, reason: &str) -> Field<()> {
    check("InclusiveBetweenValidator", (min..=MAX).contains(&value), reason, value.into())
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';']).map(str::trim).filter(|item| !item.is_empty())
}

fn is_reference(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

fn list(text: Option<&str>, most: usize, signed: bool, reason: &str) -> Field<()> {
    let Some(text) = text else { return Ok(()) };
    let bare = |item| if signed { str::trim_start_matches(item, ['+', '-', ' ']) } else { item };
    let count = items(text).count();
    let fits = (1..=most).contains(&count) && items(text).all(|item| is_reference(bare(item), 25));
    check("RegularExpressionValidator", fits, reason, text.into())
}

fn sort(text: &str) -> Option<Sort> {
    let first = items(text).next()?;
    let direction =
        if first.starts_with('-') { Direction::Descending } else { Direction::Ascending };
    Some(Sort { by: first.trim_start_matches(['+', '-', ' ']).to_owned(), direction })
}

fn embed(text: Option<&str>) -> Field<()> {
    let Some(text) = text.filter(|text| *text != "off" && *text != "*") else { return Ok(()) };
    let too_many = "The Embed expression contains too many resources. Maximum of 10 allowed";
    check("PredicateValidator", text.split(',').count() <= 10, too_many, Value::from(text))?;
    let fits = text.split(',').all(|item| is_reference(item.trim(), 100));
    check(
        "RegularExpressionValidator",
        fits,
        "The format of the Embed expression is invalid",
        Value::from(text),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_options_have_defaults() {
        let search = SearchOptions::default().parse().expect("valid");
        assert_eq!(search, Search { limit: 100, offset: -1, sort: None, filter: vec![] });
    }

    #[test]
    fn the_first_sign_and_field_decide_the_sort() {
        let options = SearchOptions { sort: Some("-Name,+Id".into()), ..Default::default() };
        let sort = options.parse().expect("valid").sort.expect("given");
        assert_eq!((sort.by.as_str(), sort.direction), ("Name", Direction::Descending));
    }

    #[test]
    fn every_bad_option_is_reported() {
        let options = SearchOptions {
            limit: Some(1001),
            offset: Some(-2),
            sort: Some("*".into()),
            filter: Some("!".into()),
            embed: Some("a,b,c,d,e,f,g,h,i,j,k".into()),
        };
        let Err(Error::Validation(failures)) = options.parse() else { panic!("expected failures") };
        assert_eq!(failures.len(), 5);
    }
}
