//! Old events stay readable.

use serde_json::{Value, json};

use super::*;

const OLD_KETTLES: &[Upcaster] = &[
    Upcaster { from: ("heated", 1), to: ("boiled", 1), upcast: |_| json!({ "cups": 4 }) },
    Upcaster { from: ("boiled", 1), to: ("boiled", 2), upcast: cups_to_litres },
];

#[expect(clippy::needless_pass_by_value, reason = "upcasters own what they change")]
fn cups_to_litres(old: Value) -> Value {
    json!({ "milliLitres": old["cups"].as_u64().unwrap_or(0) * 250 })
}

crate::events! {
    /// What happens to a kettle.
    pub enum KettleEvent in "kitchen" for "kettle" {
        /// Reached the boiling point.
        public Boiled = "boiled" v 2 { milli_litres: u32 },
        /// Went cold.
        private Cooled = "cooled" v 1 {
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<String>,
        },
        /// Somebody bought it.
        private Sold = "sold" v 1 { pence: u32 } sealed { first_name: String, phone: Option<String> },
    }
    upcasters OLD_KETTLES
}

#[test]
fn a_payload_is_bare_and_camel_case() {
    let boiled = KettleEvent::Boiled { milli_litres: 5 };
    assert_eq!(serde_json::to_value(&boiled).expect("serializes"), json!({ "milliLitres": 5 }));
    assert_eq!((boiled.name(), boiled.version()), ("boiled", 2));
}

#[test]
fn current_versions_read_back() {
    let read = KettleEvent::decode("boiled", 2, r#"{"milliLitres":5,"later":true}"#);
    assert_eq!(read.expect("reads"), KettleEvent::Boiled { milli_litres: 5 });
    assert_eq!(
        KettleEvent::decode("cooled", 1, "{}").expect("reads"),
        KettleEvent::Cooled { note: None }
    );
}

#[test]
fn old_versions_go_through_the_whole_chain() {
    let read = KettleEvent::decode("boiled", 1, r#"{"cups":2}"#).expect("reads");
    assert_eq!(read, KettleEvent::Boiled { milli_litres: 500 });
    let read = KettleEvent::decode("heated", 1, "{}").expect("reads");
    assert_eq!(read, KettleEvent::Boiled { milli_litres: 1000 });
}

#[test]
fn unknown_and_corrupt_events_are_told_apart() {
    assert!(matches!(KettleEvent::decode("frozen", 1, "{}"), Err(DecodeError::Unknown { .. })));
    assert!(matches!(KettleEvent::decode("boiled", 3, "{}"), Err(DecodeError::Unknown { .. })));
    for broken in ["", "null", r#"{"milliLitres":"x"}"#, "{}"] {
        let read = KettleEvent::decode("boiled", 2, broken);
        assert!(matches!(read, Err(DecodeError::Corrupt { .. })), "{broken}");
    }
    assert!(matches!(KettleEvent::decode("boiled", 1, "{"), Err(DecodeError::Corrupt { .. })));
}

#[test]
fn the_catalogue_tells_name_version_and_fields() {
    let boiled = KettleEvent::CATALOG[0];
    assert_eq!((boiled.context, boiled.aggregate, boiled.name), ("kitchen", "kettle", "boiled"));
    assert_eq!(boiled.fields, [("milli_litres", "u32")]);
    assert_eq!(boiled.doc.trim(), "Reached the boiling point.");
}

#[test]
fn what_is_sealed_reads_as_nothing_once_it_is_gone() {
    let sold = KettleEvent::Sold { pence: 5, first_name: "Ann".into(), phone: None };
    assert_eq!(sold.sealed(), ["first_name", "phone"]);
    assert_eq!(KettleEvent::Boiled { milli_litres: 5 }.sealed(), [""; 0]);
    let read = KettleEvent::decode("sold", 1, r#"{"pence":5}"#).expect("reads");
    assert_eq!(read, KettleEvent::Sold { pence: 5, first_name: String::new(), phone: None });
    assert_eq!(KettleEvent::CATALOG[2].sealed, ["first_name", "phone"]);
    assert_eq!(wire_name("first_name"), "firstName");
    assert_eq!(wire_name("r#type"), "type");
}
