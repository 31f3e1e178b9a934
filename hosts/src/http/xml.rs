//! Answers as XML, driven by the schema of the answer.

use quick_xml::escape::escape;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use utoipa::openapi::{
    KnownFormat, RefOr, Schema, SchemaFormat,
    schema::{ArrayItems, Type},
};

use super::{
    route::Described,
    shape::{name_of, only, resolve, type_of},
};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const NAMESPACES: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"";
/// Schemas nested deeper than this are written as they come.
const DEPTH: usize = 16;

/// What the JSON text alone does not tell: the name of the root, of items and of enumerations.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    name: String,
    part: Part,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Plain,
    Name,
    List(String, Box<Self>),
    Object(Vec<(String, Self)>),
}

impl Outline {
    /// Reads the schema of an answer.
    #[must_use]
    pub fn of(output: &Described) -> Self {
        Self { name: pascal(&output.name), part: part(&output.schema, output, DEPTH) }
    }

    /// Writes an answer.
    ///
    /// # Errors
    /// If the text is not JSON.
    pub fn write(&self, json: &str) -> serde_json::Result<String> {
        let node: Node = serde_json::from_str(json)?;
        let mut xml = String::with_capacity(json.len() * 2);
        xml.push_str(DECLARATION);
        element(&mut xml, &self.name, NAMESPACES, &node, &self.part);
        Ok(xml)
    }
}

/// Writes a problem (RFC 9457, appendix B).
///
/// # Errors
/// If the text is not JSON.
pub fn problem(json: &str) -> serde_json::Result<String> {
    let node: Node = serde_json::from_str(json)?;
    let mut xml = String::from(DECLARATION);
    as_it_is(&mut xml, "problem", " xmlns=\"urn:ietf:rfc:7807\"", &node);
    Ok(xml)
}

fn part(schema: &RefOr<Schema>, all: &Described, depth: usize) -> Part {
    let Some(depth) = depth.checked_sub(1) else { return Part::Plain };
    match resolve(schema, all) {
        Some(Schema::Object(object)) if object.enum_values.is_some() => Part::Name,
        Some(Schema::Object(object)) => Part::Object(
            object
                .properties
                .iter()
                .map(|(name, schema)| (name.clone(), part(schema, all, depth)))
                .collect(),
        ),
        Some(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(item) => {
                Part::List(type_name(item, all), Box::new(part(item, all, depth)))
            }
            ArrayItems::False => Part::Plain,
        },
        Some(Schema::OneOf(union)) => {
            only(&union.items).map_or(Part::Plain, |schema| part(schema, all, depth))
        }
        Some(Schema::AllOf(parts)) => Part::Object(
            parts
                .items
                .iter()
                .filter_map(|schema| match part(schema, all, depth) {
                    Part::Object(members) => Some(members),
                    _ => None,
                })
                .flatten()
                .collect(),
        ),
        _ => Part::Plain,
    }
}

/// What one item of a list is called: its schema, or its primitive type.
fn type_name(schema: &RefOr<Schema>, all: &Described) -> String {
    if let RefOr::Ref(reference) = schema {
        return pascal(name_of(&reference.ref_location));
    }
    let Some(Schema::Object(object)) = resolve(schema, all) else { return "anyType".to_owned() };
    let int32 = matches!(object.format, Some(SchemaFormat::KnownFormat(KnownFormat::Int32)));
    match type_of(&object.schema_type) {
        Some(Type::String) => "string",
        Some(Type::Integer) if int32 => "int",
        Some(Type::Integer) => "long",
        Some(Type::Number) => "double",
        Some(Type::Boolean) => "boolean",
        _ => "anyType",
    }
    .to_owned()
}

/// `aCamelName` and `a_snake_name` become `ACamelName` and `ASnakeName`.
fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut up = true;
    for c in name.chars() {
        if c == '_' {
            up = true;
        } else if up {
            pascal.extend(c.to_uppercase());
            up = false;
        } else {
            pascal.push(c);
        }
    }
    pascal
}

fn element(xml: &mut String, name: &str, attributes: &str, node: &Node, part: &Part) {
    open(xml, name, attributes);
    match (node, part) {
        (Node::Text(text), Part::Name) => push_text(xml, &pascal(text)),
        (Node::Object(members), _) => {
            for (name, node) in members.iter().filter(|(_, node)| *node != Node::Null) {
                let part = match part {
                    Part::Object(known) => known.iter().find(|(k, _)| k == name).map(|(_, p)| p),
                    _ => None,
                };
                element(xml, &pascal(name), "", node, part.unwrap_or(&Part::Plain));
            }
        }
        (Node::List(items), part) => {
            let (name, part) = match part {
                Part::List(name, part) => (name.as_str(), part.as_ref()),
                _ => ("anyType", &Part::Plain),
            };
            for item in items {
                element(xml, name, "", item, part);
            }
        }
        (node, _) => scalar(xml, node),
    }
    close(xml, name);
}

fn as_it_is(xml: &mut String, name: &str, attributes: &str, node: &Node) {
    open(xml, name, attributes);
    match node {
        Node::Object(members) => {
            for (name, node) in members {
                as_it_is(xml, name, "", node);
            }
        }
        Node::List(items) => {
            for item in items {
                as_it_is(xml, "i", "", item);
            }
        }
        node => scalar(xml, node),
    }
    close(xml, name);
}

fn open(xml: &mut String, name: &str, attributes: &str) {
    xml.push('<');
    push_name(xml, name);
    xml.push_str(attributes);
    xml.push('>');
}

fn close(xml: &mut String, name: &str) {
    xml.push_str("</");
    push_name(xml, name);
    xml.push('>');
}

fn scalar(xml: &mut String, node: &Node) {
    match node {
        Node::Text(text) => push_text(xml, text),
        Node::Number(number) => xml.push_str(&number.to_string()),
        Node::Boolean(boolean) => xml.push_str(if *boolean { "true" } else { "false" }),
        Node::Null | Node::List(_) | Node::Object(_) => {}
    }
}

/// Names of members may hold what names of elements can't.
fn push_name(xml: &mut String, name: &str) {
    if name.starts_with(|c: char| !c.is_alphabetic() && c != '_') {
        xml.push('_');
    }
    xml.extend(
        name.chars().map(
            |c| {
                if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' }
            },
        ),
    );
}

/// Escapes, and replaces the control characters that XML 1.0 can't hold.
fn push_text(xml: &mut String, text: &str) {
    let holds = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
    };
    if text.chars().all(holds) {
        xml.push_str(&escape(text));
    } else {
        let text: String =
            text.chars().map(|c| if holds(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
        xml.push_str(&escape(text.as_str()));
    }
}

/// JSON that keeps the order of its members.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Null,
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Node::Null, Node::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = vec![];
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = vec![];
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use utoipa::{PartialSchema, ToSchema};

    use super::*;

    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    enum Colour {
        DarkRed,
    }

    #[derive(Serialize, ToSchema)]
    struct Wheel {
        size: i32,
    }

    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    struct VehicleAnswer {
        zone: &'static str,
        a_colour: Colour,
        wheels: Vec<Wheel>,
        words: Vec<&'static str>,
        numbers: Vec<i32>,
        spare: Option<Wheel>,
    }

    #[test]
    fn names_come_from_the_schema_and_order_from_the_answer() {
        let mut components = vec![];
        VehicleAnswer::schemas(&mut components);
        let described = Described {
            name: "VehicleAnswer".to_owned(),
            schema: VehicleAnswer::schema(),
            components,
        };
        let answer = VehicleAnswer {
            zone: "a<b&\u{1}",
            a_colour: Colour::DarkRed,
            wheels: vec![Wheel { size: 7 }],
            words: vec!["x"],
            numbers: vec![1, 2],
            spare: None,
        };
        let json = serde_json::to_string(&answer).expect("serializable");
        let xml = Outline::of(&described).write(&json).expect("JSON");
        assert_eq!(
            xml,
            format!(
                "{DECLARATION}<VehicleAnswer{NAMESPACES}><Zone>a&lt;b&amp;\u{FFFD}</Zone>\
                 <AColour>DarkRed</AColour><Wheels><Wheel><Size>7</Size></Wheel></Wheels>\
                 <Words><string>x</string></Words><Numbers><int>1</int><int>2</int></Numbers>\
                 </VehicleAnswer>"
            )
        );
    }

    #[test]
    fn problems_keep_their_names() {
        let xml = problem(r#"{"status":400,"errors":[{"reason":"no"}]}"#).expect("JSON");
        assert_eq!(
            xml,
            format!(
                "{DECLARATION}<problem xmlns=\"urn:ietf:rfc:7807\"><status>400</status>\
                 <errors><i><reason>no</reason></i></errors></problem>"
            )
        );
    }
}
