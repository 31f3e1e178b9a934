//! JSON of queues: member names fold case wherever the type has fields; the keys of maps do not.

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Map, Value};

/// Reads a whole text.
///
/// # Errors
/// If it is no JSON of that type, or has a NUL character, which no store takes.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let value: Value = serde_json::from_str(text)?;
    if !value.is_object() || has_nul(&value) {
        return Err(Error::custom("not an object of text without NUL"));
    }
    T::deserialize(Folding(value))
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value whose objects are read by the names that their types ask for, whatever the case.
struct Folding(Value);

impl<'de> Deserializer<'de> for Folding {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(members) => visitor.visit_map(Members::new(members)),
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Object(members) = self.0 else { return self.deserialize_any(visitor) };
        let known = |name: String| match fields.iter().find(|f| f.eq_ignore_ascii_case(&name)) {
            Some(field) => (*field).to_owned(),
            None => name,
        };
        let members: Map<_, _> =
            members.into_iter().map(|(name, value)| (known(name), value)).collect();
        visitor.visit_map(Members::new(members))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Folding {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(Folding(item))).transpose()
    }
}

struct Members {
    rest: serde_json::map::IntoIter,
    value: Value,
}

impl Members {
    fn new(members: Map<String, Value>) -> Self {
        Self { rest: members.into_iter(), value: Value::Null }
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Folding(self.value.take()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Outer {
        an_inner: Option<Inner>,
        more: Vec<Inner>,
        map: BTreeMap<String, u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inner {
        a_name: String,
    }

    #[test]
    fn names_fold_case_at_every_depth_but_not_in_maps() {
        let text =
            r#"{"anInner":{"ANAME":"x"},"MORE":[{"aName":"y"}],"Map":{"KeY":1},"other":null}"#;
        let inner = |name: &str| Inner { a_name: name.into() };
        let expected = Outer {
            an_inner: Some(inner("x")),
            more: vec![inner("y")],
            map: [("KeY".to_owned(), 1)].into(),
        };
        assert_eq!(read::<Outer>(text).expect("readable"), expected);
        let absent = read::<Outer>(r#"{"anInner":null,"more":[],"map":{}}"#).expect("readable");
        assert_eq!(absent.an_inner, None);
    }

    #[test]
    fn what_no_store_takes_is_refused() {
        for text in ["", "[]", "1", r#"{"AName":1}"#, r#"{"AName":"\u0000"}"#, r#"{"\u0000":1}"#] {
            assert!(read::<Inner>(text).is_err(), "{text}");
        }
    }
}
