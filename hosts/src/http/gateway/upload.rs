//! The body of a request on its way through: never whole in memory, and within its bounds.

use std::{io, sync::Arc, time::Duration};

use actix_web::{dev::Payload, web::Bytes};
use futures_util::{StreamExt, stream};
use tokio::sync::{Mutex, mpsc};

use crate::http::payload::Unread;

/// Pieces that wait to be sent on.
const WAITING: usize = 4;

enum Piece {
    Bytes(Bytes),
    /// A body that ends without it broke off, and must not be taken for a whole one.
    End,
}

/// The end where the client's bytes come in.
pub struct Inlet(mpsc::Sender<Piece>);

/// The end where a host gets them. It can be offered to one host after the other, as long as none
/// has taken anything.
#[derive(Clone)]
pub struct Outlet(Arc<Mutex<mpsc::Receiver<Piece>>>);

/// Both ends.
pub fn channel() -> (Inlet, Outlet) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Inlet(sender), Outlet(Arc::new(Mutex::new(receiver))))
}

impl Inlet {
    /// Reads a body to its end, or until nobody wants it any more.
    ///
    /// # Errors
    /// [`Unread`], if it is larger or slower than allowed.
    pub async fn fill(
        &self,
        payload: &mut Payload,
        most: usize,
        limit: Duration,
    ) -> Result<(), Unread> {
        let read = async {
            let mut length = 0;
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| Unread::Broken)?;
                length += chunk.len();
                if length > most {
                    return Err(Unread::TooLarge);
                }
                if self.0.send(Piece::Bytes(chunk)).await.is_err() {
                    return Ok(false);
                }
            }
            Ok(self.0.send(Piece::End).await.is_ok())
        };
        let whole = tokio::time::timeout(limit, read).await.unwrap_or(Err(Unread::TooSlow))?;
        if whole {
            *payload = Payload::None;
        }
        Ok(())
    }
}

impl Outlet {
    /// What is left of it, as the body of a request.
    pub fn body(&self) -> reqwest::Body {
        reqwest::Body::wrap_stream(stream::unfold(Some(self.clone()), |outlet| async {
            let outlet = outlet?;
            let piece = outlet.0.lock().await.recv().await;
            match piece {
                Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(outlet))),
                Some(Piece::End) => None,
                None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
            }
        }))
    }
}
