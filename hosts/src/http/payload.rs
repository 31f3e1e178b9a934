//! Reading a body: all of it, but not too much and not for too long.

use std::time::Duration;

use actix_web::{
    HttpRequest,
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
    let headers = request.headers();
    match headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok()) {
        None | Some(0) if !headers.contains_key(TRANSFER_ENCODING) => return Ok(Bytes::new()),
        Some(length) if length > most as u64 => return Err(Unread::TooLarge),
        _ => {}
    }
    tokio::time::timeout(limit, collect(payload, most)).await.unwrap_or(Err(Unread::TooSlow))
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
