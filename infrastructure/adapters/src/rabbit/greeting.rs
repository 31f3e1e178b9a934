//! Which version of RabbitMQ answers.
//!
//! The server says it in the first frame of a connection (AMQP 0-9-1, 1.4.2.1 `connection.start`),
//! which lapin reads and keeps to itself. So a connection of its own reads that one frame.

use std::{io, str};

use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use lapin::{tcp::AMQPUriTcpExt, uri::AMQPUri};

/// Asks for AMQP 0-9-1 (section 4.2.2 of it).
const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// A field of a table: length and name, `S` for a long string, then its length in four bytes.
const FIELD: &[u8] = b"\x07versionS";
/// The greeting is some 500 bytes long.
const LONGEST: usize = 8 * 1024;

/// A version, for example `3.10.8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version(String);

impl Version {
    /// Reads the server's greeting.
    pub async fn ask(uri: &AMQPUri) -> io::Result<Self> {
        let runtime = lapin::runtime::default_runtime().map_err(io::Error::other)?;
        let mut stream = uri.connect_async(&runtime).await?;
        stream.write_all(HEADER).await?;
        let mut greeting = Vec::new();
        let mut chunk = [0; 1024];
        loop {
            let length = stream.read(&mut chunk).await?;
            greeting.extend(chunk.iter().take(length));
            if let Some(version) = Self::find(&greeting) {
                return Ok(version);
            }
            if length == 0 || greeting.len() > LONGEST {
                return Err(io::Error::other("it does not greet as RabbitMQ does"));
            }
        }
    }
    fn find(greeting: &[u8]) -> Option<Self> {
        let at = greeting.windows(FIELD.len()).position(|window| window == FIELD)?;
        let (length, rest) = greeting.get(at + FIELD.len()..)?.split_first_chunk::<4>()?;
        let text = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some(Self(str::from_utf8(text).ok()?.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Quorum queues limit deliveries by themselves since 4.0, and know -1 for no limit.
    pub fn limits_deliveries(&self) -> bool {
        self.0.split('.').next().and_then(|major| major.parse().ok()).is_some_and(|n: u32| n >= 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_version_among_other_properties() {
        let greeting = b"\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8\0\0\0\x0ePLAIN";
        let version = Version::find(greeting).expect("a version");
        assert_eq!(version.as_str(), "3.10.8");
        assert!(!version.limits_deliveries());
        assert!(Version("4.3.1".to_owned()).limits_deliveries());
        assert_eq!(Version::find(&greeting[..30]), None);
    }
}
