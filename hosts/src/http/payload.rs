//! Reading a body: all of it, but not too much and not for too long.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::Payload,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than allowed.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// The client broke off or sent no valid HTTP.
    Broken,
}

/// Reads the body of a request.
///
/// # Errors
/// [`Unread`].
pub async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    most: usize,
    limit: Duration,
) -> Result<Bytes, Unread> {
    if !has_body(request) {
        return Ok(Bytes::new());
    }
    if announced(request).is_some_and(|length| length > most as u64) {
        return Err(Unread::TooLarge);
    }
    let read = tokio::time::timeout(limit, collect(payload, most)).await;
    let body = read.unwrap_or(Err(Unread::TooSlow))?;
    *payload = Payload::None;
    Ok(body)
}

/// Makes the connection end with a response if the body was not read to its end. The server closes
/// a connection whose body somebody still holds; of one that was let go it reads the rest, however
/// much that is and however long it takes.
#[must_use]
pub fn hold(request: &HttpRequest, payload: Payload, response: HttpResponse) -> HttpResponse {
    if matches!(payload, Payload::None) || !has_body(request) {
        return response;
    }
    response.map_body(|_, body| BoxBody::new(Holding { body, _payload: payload }))
}

/// A body that keeps that of the request.
struct Holding {
    body: BoxBody,
    _payload: Payload,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;
    fn size(&self) -> BodySize {
        self.body.size()
    }
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// Whether the head of a request announces a body.
#[must_use]
pub fn has_body(request: &HttpRequest) -> bool {
    announced(request).is_some_and(|length| length > 0)
        || request.headers().contains_key(TRANSFER_ENCODING)
}

fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that comes in one piece is not copied.
async fn collect(payload: &mut Payload, most: usize) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    let mut all: Option<BytesMut> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if all.as_ref().map_or(first.len(), BytesMut::len) + chunk.len() > most {
            return Err(Unread::TooLarge);
        }
        match &mut all {
            None if first.is_empty() => first = chunk,
            None => {
                let mut joined = BytesMut::with_capacity(first.len() + chunk.len());
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&chunk);
                all = Some(joined);
            }
            Some(all) => all.extend_from_slice(&chunk),
        }
    }
    Ok(all.map_or(first, BytesMut::freeze))
}
