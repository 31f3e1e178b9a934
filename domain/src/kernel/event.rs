//! Events are contracts: declared once by [`events!`](crate::events), with name, version and
//! documentation, and readable for ever through [`Upcaster`]s.

use serde::Serialize;
use serde_json::Value;

/// Whether other subdomains and outside consumers may rely on an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Part of the contract with neighbours.
    Public,
    /// An inner fact of its aggregate; published, but free to change with a new version.
    Private,
}

/// One line of the event catalogue.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec {
    /// The subdomain, first part of the routing key.
    pub context: &'static str,
    /// The aggregate type whose streams hold it.
    pub aggregate: &'static str,
    /// Past tense, `snake_case`, unique within the aggregate.
    pub name: &'static str,
    /// Counts from 1; grows when the shape changes incompatibly.
    pub version: u16,
    /// Who may rely on it.
    pub visibility: Visibility,
    /// What happened, with units and zones.
    pub doc: &'static str,
    /// Field names as declared and their Rust types.
    pub fields: &'static [(&'static str, &'static str)],
    /// Those of them that are personal or secret, so that they are encrypted for their subject.
    pub sealed: &'static [&'static str],
}

/// The name that a field has on the wire: `email_address` is `emailAddress`, `r#type` is `type`.
#[must_use]
pub fn wire_name(field: &str) -> String {
    let mut words = field.trim_start_matches("r#").split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase).chain(letters));
    }
    name
}

/// `<context>.<event>.v<version>`: what an event is called where those of all aggregates come together.
#[must_use]
pub fn full_name<E: Event>(event: &E) -> String {
    let (name, version) = (event.name(), event.version());
    let spec = E::CATALOG.iter().find(|spec| spec.name == name);
    format!("{}.{name}.v{version}", spec.map_or("", |spec| spec.context))
}

/// Turns the payload of one released version into that of the next.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// Name and version that it accepts.
    pub from: (&'static str, u16),
    /// Name and version that it yields.
    pub to: (&'static str, u16),
    /// Pure; missing members get their defaults here.
    pub upcast: fn(Value) -> Value,
}

/// Why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No variant and no upcaster knows this name and version.
    #[error("event '{name}' v{version} is unknown")]
    Unknown {
        /// The stored name.
        name: String,
        /// The stored version.
        version: u16,
    },
    /// The payload does not fit the declared fields.
    #[error("event '{name}' v{version} is corrupt: {source}")]
    Corrupt {
        /// The stored name.
        name: String,
        /// The stored version.
        version: u16,
        /// What the decoder said.
        source: serde_json::Error,
    },
}

/// What the [`events!`](crate::events) macro implements for each enum of events.
/// Serializing an event writes its payload alone, without name or version.
pub trait Event: Serialize + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static {
    /// Every current event of the aggregate.
    const CATALOG: &'static [EventSpec];
    /// From released versions that are no longer written to current ones.
    const UPCASTERS: &'static [Upcaster];

    /// The stable name.
    fn name(&self) -> &'static str;
    /// The version that is written today.
    fn version(&self) -> u16;
    /// The names, as declared, of its fields that are personal or secret.
    fn sealed(&self) -> &'static [&'static str];
    /// Reads the payload of a current version; `None` if the name and version are not current.
    ///
    /// # Errors
    /// Whatever the JSON decoder says of a payload that does not fit.
    fn decode_current(
        name: &str,
        version: u16,
        payload: &str,
    ) -> Option<Result<Self, serde_json::Error>>;

    /// Reads a stored event of any released version.
    ///
    /// # Errors
    /// [`DecodeError::Unknown`] if nothing declares it, [`DecodeError::Corrupt`] if it does not fit.
    fn decode(name: &str, version: u16, payload: &str) -> Result<Self, DecodeError> {
        if let Some(event) = Self::decode_current(name, version, payload) {
            return event.map_err(|source| corrupt(name, version, source));
        }
        let mut current = (name, version);
        let mut value: Option<Value> = None;
        for _ in 0..Self::UPCASTERS.len() {
            let Some(step) = Self::UPCASTERS.iter().find(|u| u.from == current) else { break };
            let old = match value.take() {
                Some(value) => value,
                None => serde_json::from_str(payload)
                    .map_err(|source| corrupt(name, version, source))?,
            };
            value = Some((step.upcast)(old));
            current = step.to;
        }
        value
            .and_then(|value| Self::decode_current(current.0, current.1, &value.to_string()))
            .ok_or_else(|| DecodeError::Unknown { name: name.to_owned(), version })?
            .map_err(|source| corrupt(name, version, source))
    }
}

fn corrupt(name: &str, version: u16, source: serde_json::Error) -> DecodeError {
    DecodeError::Corrupt { name: name.to_owned(), version, source }
}

/// Declares the events of one aggregate: the enum, its stored names and versions, its catalogue.
///
/// ```
/// domain::events! {
///     /// What happens to a kettle.
///     pub enum KettleEvent in "kitchen" for "kettle" {
///         /// It reached the boiling point.
///         public Boiled = "boiled" v 1 { litres: u32 },
///     }
/// }
/// ```
///
/// Payload members are camelCase on the wire. Old versions are listed after the enum with
/// `upcasters NAME_OF_A_CONST`. Fields that are personal or secret come in a second block,
/// `sealed { … }`: they are encrypted for the subject that the aggregate names, and read as their
/// type's default once its key is destroyed.
#[macro_export]
macro_rules! events {
    ($(#[$enum_meta:meta])* pub enum $enum:ident in $context:literal for $aggregate:literal {
        $($(#[doc = $doc:literal])* $visibility:ident $variant:ident = $name:literal v $version:literal
            { $($(#[$field_meta:meta])* $field:ident : $type:ty),* $(,)? }
            $(sealed { $($(#[$sealed_meta:meta])* $sealed:ident : $sealed_type:ty),* $(,)? })?),* $(,)?
    } $(upcasters $upcasters:path)?) => {
        $(#[$enum_meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize)]
        #[serde(untagged, rename_all_fields = "camelCase")]
        pub enum $enum {
            $($(#[doc = $doc])* $variant {
                $($(#[$field_meta])* #[doc = concat!("`", stringify!($field), "`")] $field: $type,)*
                $($($(#[$sealed_meta])* #[doc = concat!("`", stringify!($sealed), "`, sealed")] $sealed: $sealed_type,)*)?
            }),*
        }
        impl $crate::kernel::Event for $enum {
            const CATALOG: &'static [$crate::kernel::EventSpec] = &[$($crate::kernel::EventSpec {
                context: $context, aggregate: $aggregate, name: $name, version: $version,
                visibility: $crate::events!(@visibility $visibility), doc: concat!($($doc),*),
                fields: &[$((stringify!($field), stringify!($type)),)* $($((stringify!($sealed), stringify!($sealed_type)),)*)?],
                sealed: &[$($(stringify!($sealed)),*)?],
            }),*];
            const UPCASTERS: &'static [$crate::kernel::Upcaster] = $crate::events!(@upcasters $($upcasters)?);
            fn name(&self) -> &'static str { match self { $(Self::$variant { .. } => $name),* } }
            fn version(&self) -> u16 { match self { $(Self::$variant { .. } => $version),* } }
            fn sealed(&self) -> &'static [&'static str] {
                match self { $(Self::$variant { .. } => &[$($(stringify!($sealed)),*)?]),* }
            }
            fn decode_current(name: &str, version: u16, payload: &str)
                -> Option<Result<Self, ::serde_json::Error>> {
                match (name, version) {
                    $(($name, $version) => {
                        #[derive(::serde::Deserialize)]
                        #[serde(rename_all = "camelCase")]
                        struct Payload {
                            $($(#[$field_meta])* $field: $type,)*
                            $($($(#[$sealed_meta])* #[serde(default)] $sealed: $sealed_type,)*)?
                        }
                        Some(::serde_json::from_str(payload).map(
                            |Payload { $($field,)* $($($sealed,)*)? }|
                            Self::$variant { $($field,)* $($($sealed,)*)? }))
                    })*
                    _ => None,
                }
            }
        }
    };
    (@visibility public) => { $crate::kernel::Visibility::Public };
    (@visibility private) => { $crate::kernel::Visibility::Private };
    (@upcasters) => { &[] };
    (@upcasters $upcasters:path) => { $upcasters };
}

#[cfg(test)]
mod tests;
