//! Messages: the form of `application::eventing::message`, and headers from which a consumer makes
//! exactly what the log has. Both are signed together.

use std::{borrow::Cow, collections::BTreeMap};

use application::{
    eventing::{
        integration::translation,
        message::{BusEvent, BusMessage, full_name},
    },
    ports::{
        Announcement, BusError, DueWork, News, Partition, Recorded, StreamId, WorkMessage,
        WorkQueue,
    },
};
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable, ShortString},
};

use crate::signatures::Signatures;

/// Longer bodies go without their payload, in bytes.
const BODY: usize = 128 * 1024;
/// Headers have to fit into one frame, of 128 KiB at least.
const METADATA: usize = 32 * 1024;
/// The type of a message that tells that nothing happened.
const WATERMARK: &str = "_watermark";
/// The header of the signature, as HTTP names it.
const SIGNATURE: &str = "X-HMAC-Signature";
const PERSISTENT: u8 = 2;

/// A message that is ready to be published.
pub(super) struct Outgoing {
    /// Where it is published; the default exchange is empty, and takes the name of a queue as key.
    pub exchange: ShortString,
    /// Whether there has to be a queue for it.
    pub mandatory: bool,
    pub key: ShortString,
    pub body: Vec<u8>,
    pub properties: BasicProperties,
}

/// What a message of a part says.
#[derive(Debug, PartialEq)]
pub(super) struct Incoming {
    /// The position of the part's event before it.
    pub previous: Option<u64>,
    pub position: u64,
    pub what: What,
}

/// See [`Incoming`].
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// The event at the position.
    Event(Recorded),
    /// There is an event at the position, which only the log has whole.
    Partial,
    /// Nothing happened up to the position.
    Quiet,
}

/// Why a message changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It isn't what we publish.
    Malformed,
    /// Whoever made it does not have the secret, or it was changed.
    Signature,
    /// It is of another division into parts.
    Parts,
    /// It contradicts itself.
    Contradiction,
}

impl Refusal {
    /// All that there are.
    pub const ALL: &'static [Self] =
        &[Self::Malformed, Self::Signature, Self::Parts, Self::Contradiction];

    /// Whether it is a sign of somebody else at work, and not of other settings of ours.
    pub fn is_foreign(self) -> bool {
        self != Self::Parts
    }
    /// For metrics and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Parts => "parts",
            Self::Contradiction => "contradiction",
        }
    }
}

/// The message of an announcement.
pub(super) fn announce(
    announcement: &Announcement,
    partition: Partition,
    signatures: &Signatures,
) -> Result<Outgoing, BusError> {
    let mut headers = Headers::default();
    headers.number("part", announcement.part.into());
    headers.number("parts", partition.parts().into());
    if let Some(previous) = announcement.previous {
        headers.number("prev", previous);
    }
    let event = match &announcement.news {
        News::Quiet(through) => {
            headers.number("pos", *through);
            let id = format!("{WATERMARK}_{}_{through}", announcement.part);
            let key = format!("{WATERMARK}.q{}", announcement.part);
            return outgoing(&headers, key, WATERMARK, id, b"{}".to_vec(), signatures);
        }
        News::Event(event) => event,
    };
    headers.number("pos", event.position);
    headers.number("seq", event.sequence);
    headers.number("ver", event.version.into());
    headers.text("stream", &event.stream.id);
    let mut message = BusMessage::of(event);
    let mut body = json(&message)?;
    if body.len() > BODY || event.metadata.len() > METADATA {
        headers.number("partial", 1);
        message.event.data.clear();
        body = json(&message)?;
    } else {
        headers.text("meta", &event.metadata);
    }
    let key = format!("{}.q{}", full_name(event), announcement.part);
    outgoing(&headers, key, &event.name, message.message_id, body, signatures)
}

/// The message that tells other systems of an announcement, if they are to know. Nobody has to
/// listen, and what can't be translated does not keep the rest back.
pub(super) fn translated(
    announcement: &Announcement,
    signatures: &Signatures,
) -> Result<Option<Outgoing>, BusError> {
    let News::Event(event) = &announcement.news else { return Ok(None) };
    let message = translation(event).unwrap_or_else(|error| {
        tracing::error!(position = event.position, %error, "other systems can't be told of an event");
        None
    });
    let Some(message) = message else { return Ok(None) };
    let mut headers = Headers::default();
    headers.number("pos", event.position);
    let body = json(&message)?;
    let BusEvent { event_type, metadata, .. } = message.event;
    let (key, id) = (metadata.fqn, message.message_id);
    let told = outgoing(&headers, key, &event_type, id, body, signatures)?;
    Ok(Some(Outgoing { mandatory: false, ..told }))
}

/// The message of a piece of work; its routing key is the caller's.
pub(super) fn work(work: &DueWork, signatures: &Signatures) -> Result<Outgoing, BusError> {
    let DueWork { message, tries } = work;
    let mut headers = Headers::default();
    headers.text("queue", message.queue.name());
    headers.number("tries", u64::from(*tries));
    let body = message.body.clone().into_bytes();
    outgoing(&headers, String::new(), "work", message.id.clone(), body, signatures)
}

/// Reads a message of a part, of which only what is signed is believed.
pub(super) fn read(
    delivery: &Delivery,
    part: u16,
    partition: Partition,
    signatures: &Signatures,
) -> Result<Incoming, Refusal> {
    let headers = Headers::signed(&delivery.properties, &delivery.data, signatures)?;
    let number = |name| headers.as_number(name).ok_or(Refusal::Malformed);
    if number("part")? != u64::from(part) || number("parts")? != u64::from(partition.parts()) {
        return Err(Refusal::Parts);
    }
    let (position, previous) = (number("pos")?, headers.as_number("prev"));
    if kind(&delivery.properties)? == WATERMARK {
        if previous.is_some_and(|previous| previous > position) {
            return Err(Refusal::Contradiction);
        }
        return Ok(Incoming { previous, position, what: What::Quiet });
    }
    if position == 0 || previous.is_some_and(|previous| previous >= position) {
        return Err(Refusal::Contradiction);
    }
    if headers.as_number("partial").is_some() {
        return Ok(Incoming { previous, position, what: What::Partial });
    }
    let message: BusMessage =
        serde_json::from_slice(&delivery.data).map_err(|_| Refusal::Malformed)?;
    let event_id = message.event_id().ok_or(Refusal::Malformed)?;
    let at = message.event.last_persisted_at_utc.ok_or(Refusal::Malformed)?;
    let event = Recorded {
        position,
        stream: StreamId {
            kind: Cow::Owned(message.event.root_aggregate_type),
            id: headers.as_text("stream").ok_or(Refusal::Malformed)?.to_owned(),
        },
        sequence: number("seq")?,
        event_id,
        name: message.event.event_type,
        version: u16::try_from(number("ver")?).map_err(|_| Refusal::Malformed)?,
        payload: message.event.data,
        metadata: headers.as_text("meta").ok_or(Refusal::Malformed)?.to_owned(),
        recorded_at: at.into(),
    };
    let is_elsewhere = partition.part(&event.stream) != part && !event.is_reset();
    if is_elsewhere || event.sequence != message.event.version {
        return Err(Refusal::Contradiction);
    }
    Ok(Incoming { previous, position, what: What::Event(event) })
}

/// Reads a message of a queue of work.
pub(super) fn read_work(
    delivery: &Delivery,
    queue: WorkQueue,
    signatures: &Signatures,
) -> Result<DueWork, Refusal> {
    let headers = Headers::signed(&delivery.properties, &delivery.data, signatures)?;
    if headers.as_text("queue") != Some(queue.name()) {
        return Err(Refusal::Contradiction);
    }
    let id = delivery.properties.message_id().as_ref().ok_or(Refusal::Malformed)?;
    let body = String::from_utf8(delivery.data.clone()).map_err(|_| Refusal::Malformed)?;
    let tries = headers.as_number("tries").and_then(|tries| u32::try_from(tries).ok());
    let message = WorkMessage { id: id.as_str().to_owned(), queue, body, subject: None };
    Ok(DueWork { message, tries: tries.ok_or(Refusal::Malformed)? })
}

/// The value of a header that holds a number.
fn count(properties: &BasicProperties, name: &str) -> Option<u64> {
    let value = properties.headers().as_ref()?.inner().get(name)?;
    match *value {
        AMQPValue::LongLongInt(number) => u64::try_from(number).ok(),
        AMQPValue::LongInt(number) => u64::try_from(number).ok(),
        AMQPValue::LongUInt(number) => Some(number.into()),
        AMQPValue::ShortInt(number) => u64::try_from(number).ok(),
        AMQPValue::ShortUInt(number) => Some(number.into()),
        AMQPValue::ShortShortInt(number) => u64::try_from(number).ok(),
        AMQPValue::ShortShortUInt(number) => Some(number.into()),
        _ => None,
    }
}

fn json(message: &BusMessage) -> Result<Vec<u8>, BusError> {
    serde_json::to_vec(message)
        .map_err(|error| BusError::Misconfigured(format!("An event has no JSON form: {error}.")))
}

fn outgoing(
    headers: &Headers,
    key: String,
    kind: &str,
    id: String,
    body: Vec<u8>,
    signatures: &Signatures,
) -> Result<Outgoing, BusError> {
    let signature = signatures.sign(&headers.canonical(kind, &id, &body));
    let mut table = headers.table();
    table.insert(SIGNATURE.into(), AMQPValue::LongString(signature.into()));
    let short = |text: String| {
        ShortString::try_new(text).map_err(|_| {
            BusError::Misconfigured(
                "The name of an event or the id of a message is longer than RabbitMQ takes (255 \
                 bytes): shorten it."
                    .to_owned(),
            )
        })
    };
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(short(id)?)
        .with_type(short(kind.to_owned())?)
        .with_headers(table);
    let (exchange, key) = (ShortString::default(), short(key)?);
    Ok(Outgoing { exchange, mandatory: true, key, body, properties })
}

fn kind(properties: &BasicProperties) -> Result<&str, Refusal> {
    properties.kind().as_ref().map(ShortString::as_str).ok_or(Refusal::Malformed)
}

/// The headers that are signed.
#[derive(Default)]
struct Headers<'a>(BTreeMap<&'static str, Value<'a>>);

enum Value<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> Headers<'a> {
    /// All that there are.
    const NAMES: &'static [&'static str] = &[
        "meta", "part", "partial", "parts", "pos", "prev", "queue", "seq", "stream", "tries", "ver",
    ];

    /// Of a message that was received.
    fn signed(
        properties: &'a BasicProperties,
        body: &[u8],
        signatures: &Signatures,
    ) -> Result<Self, Refusal> {
        let table = properties.headers().as_ref().ok_or(Refusal::Malformed)?.inner();
        let mut headers = Self::default();
        for name in Self::NAMES {
            match table.get(*name) {
                None => {}
                Some(AMQPValue::LongString(text)) => {
                    let text = str::from_utf8(text.as_bytes()).map_err(|_| Refusal::Malformed)?;
                    headers.text(name, text);
                }
                Some(_) => {
                    headers.number(name, count(properties, name).ok_or(Refusal::Malformed)?);
                }
            }
        }
        let Some(AMQPValue::LongString(signature)) = table.get(SIGNATURE) else {
            return Err(Refusal::Signature);
        };
        let signature = str::from_utf8(signature.as_bytes()).map_err(|_| Refusal::Signature)?;
        let id = properties.message_id().as_ref().ok_or(Refusal::Malformed)?;
        let text = headers.canonical(kind(properties)?, id.as_str(), body);
        signatures.verify(&text, signature).then_some(headers).ok_or(Refusal::Signature)
    }
    fn number(&mut self, name: &'static str, number: u64) {
        self.0.insert(name, Value::Number(number));
    }
    fn text(&mut self, name: &'static str, text: &'a str) {
        self.0.insert(name, Value::Text(text));
    }
    fn as_number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }
    fn as_text(&self, name: &str) -> Option<&'a str> {
        match self.0.get(name)? {
            Value::Number(_) => None,
            Value::Text(text) => Some(text),
        }
    }
    fn table(&self) -> FieldTable {
        let mut table = FieldTable::default();
        for (name, value) in &self.0 {
            let value = match value {
                Value::Number(number) => {
                    AMQPValue::LongLongInt(i64::try_from(*number).unwrap_or(i64::MAX))
                }
                Value::Text(text) => AMQPValue::LongString((*text).into()),
            };
            table.insert((*name).into(), value);
        }
        table
    }
    /// What is signed: each text behind its length, so that nothing can be moved from one into
    /// another. Its beginning keeps it apart from bodies of HTTP requests under the same secret.
    fn canonical(&self, kind: &str, id: &str, body: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut text = Vec::with_capacity(body.len() + 512);
        // Writing to memory can't fail.
        let _ = write!(text, "message\n{}:{kind}\n{}:{id}\n", kind.len(), id.len());
        for (name, value) in &self.0 {
            let _ = match value {
                Value::Number(number) => writeln!(text, "{name}={number}"),
                Value::Text(value) => writeln!(text, "{name}:{}:{value}", value.len()),
            };
        }
        text.push(b'\n');
        text.extend_from_slice(body);
        text
    }
}
