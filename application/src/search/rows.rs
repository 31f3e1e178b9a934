//! The rows of an answer, and which of their fields it fills.

use std::{fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::Error,
};
use serde_json::value::{RawValue, to_raw_value};

/// The member that is there whatever the caller asked for.
const ID: &str = "id";

/// Rows that fill only what the caller's `filter` names: what it leaves out is absent from the
/// answer, and so is a whole member of which nothing is left. Names that a row does not have fill
/// nothing, so a filter of unknown names alone leaves each row its `id`.
///
/// In an answer, `#[schema(value_type = Vec<T>)]` documents them as the list that they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<T> {
    rows: Vec<T>,
    fields: Vec<String>,
}

impl<T> Rows<T> {
    /// Fills the fields of these names, everything if there are none. Case does not matter, and a
    /// dot leads into a member: `manufacturer.make`. In a list it leads into every item.
    #[must_use]
    pub fn new<'n>(rows: Vec<T>, fields: impl IntoIterator<Item = &'n str>) -> Self {
        Self { rows, fields: fields.into_iter().map(str::to_ascii_lowercase).collect() }
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self::new(vec![], [])
    }
}

impl<T> Deref for Rows<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// For JSON alone, from which answers in other formats are made.
impl<T: Serialize> Serialize for Rows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fields.is_empty() {
            return self.rows.serialize(serializer);
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).chain([ID]).collect();
        let rows: Result<Vec<_>, serde_json::Error> = self
            .rows
            .iter()
            .map(|row| to_raw_value(&Part::of(&to_raw_value(row)?, &fields)?))
            .collect();
        rows.map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// What is left of a JSON text.
enum Part<'a> {
    Nothing,
    Whole(&'a RawValue),
    Members(Vec<(String, Self)>),
    Items(Vec<Self>),
}

impl<'a> Part<'a> {
    /// Keeps what lower-case names lead to.
    fn of(json: &'a RawValue, names: &[&str]) -> serde_json::Result<Self> {
        let text = json.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Members(all) = serde_json::from_str(text)?;
                let mut kept = vec![];
                for (member, json) in all {
                    let part = Self::member(&member.to_ascii_lowercase(), json, names)?;
                    if !part.is_empty() {
                        kept.push((member, part));
                    }
                }
                Self::Members(kept)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Items(
                    items.into_iter().map(|i| Self::of(i, names)).collect::<Result<_, _>>()?,
                )
            }
            _ => Self::Nothing,
        })
    }

    fn member(name: &str, json: &'a RawValue, names: &[&str]) -> serde_json::Result<Self> {
        if names.contains(&name) {
            return Ok(Self::Whole(json));
        }
        let paths = names.iter().filter_map(|path| path.strip_prefix(name));
        let within: Vec<&str> = paths.filter_map(|path| path.strip_prefix('.')).collect();
        if within.is_empty() { Ok(Self::Nothing) } else { Self::of(json, &within) }
    }

    /// A list that had no items is what was asked for.
    fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Whole(_) => false,
            Self::Members(members) => members.is_empty(),
            Self::Items(items) => !items.is_empty() && items.iter().all(Self::is_empty),
        }
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Whole(json) => json.serialize(serializer),
            Self::Members(members) => {
                serializer.collect_map(members.iter().map(|(name, part)| (name, part)))
            }
            Self::Items(items) => serializer.collect_seq(items),
        }
    }
}

/// The members of an object in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members<'de>, A::Error> {
        let mut all = vec![];
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Members(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Kettle {
        litres: f64,
        id: &'static str,
        maker: Option<Maker>,
        owned_by: Vec<Maker>,
        words: Vec<&'static str>,
    }

    #[derive(Serialize)]
    struct Maker {
        name: &'static str,
        id: u8,
    }

    fn shown(fields: &[&str]) -> String {
        let kettle = Kettle {
            litres: 1.5,
            id: "kettle_1",
            maker: Some(Maker { name: "a\"b", id: 1 }),
            owned_by: vec![Maker { name: "c", id: 2 }, Maker { name: "d", id: 3 }],
            words: vec!["x"],
        };
        let json = serde_json::to_string(&Rows::new(vec![kettle], fields.iter().copied()));
        let json = json.expect("JSON");
        json.trim_matches(['[', ']']).to_owned()
    }

    #[test]
    fn no_names_fill_everything() {
        let all = shown(&[]);
        assert!(all.starts_with(r#"{"litres":1.5,"id":"kettle_1","maker":{"name":"#), "{all}");
        assert!(all.ends_with(r#","words":["x"]}"#), "{all}");
    }

    #[test]
    fn names_fill_their_members_in_the_order_of_the_row_and_the_id_is_always_there() {
        let some = r#"{"litres":1.5,"id":"kettle_1","words":["x"]}"#;
        assert_eq!(shown(&["WORDS", "Litres"]), some);
        assert_eq!(shown(&["id"]), r#"{"id":"kettle_1"}"#);
    }

    #[test]
    fn a_dot_leads_into_members_and_items() {
        let name = r#"{"id":"kettle_1","maker":{"name":"a\"b"}}"#;
        assert_eq!(shown(&["maker.name"]), name);
        let whole = r#"{"id":"kettle_1","maker":{"name":"a\"b","id":1}}"#;
        assert_eq!(shown(&["Maker"]), whole);
        assert_eq!(shown(&["maker.name", "maker"]), whole);
        let each = r#"{"id":"kettle_1","ownedBy":[{"id":2},{"id":3}]}"#;
        assert_eq!(shown(&["ownedby.id"]), each);
    }

    #[test]
    fn unknown_names_fill_nothing() {
        let unknown = ["colour", "maker.colour", "ownedBy.colour", "words.x", "litres.x", "mak"];
        for name in unknown {
            assert_eq!(shown(&[name]), r#"{"id":"kettle_1"}"#, "{name}");
        }
        assert_eq!(shown(&["colour", "litres"]), r#"{"litres":1.5,"id":"kettle_1"}"#);
    }

    #[test]
    fn a_list_without_items_is_filled() {
        let kettle = Kettle { litres: 1.0, id: "k", maker: None, owned_by: vec![], words: vec![] };
        let rows = Rows::new(vec![kettle], ["ownedBy.name", "maker.name"]);
        let json = serde_json::to_string(&rows).expect("JSON");
        assert_eq!(json, r#"[{"id":"k","ownedBy":[]}]"#);
    }
}
