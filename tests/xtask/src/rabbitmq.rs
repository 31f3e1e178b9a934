//! Just enough of AMQP 0-9-1 to tell whether a broker lets us in.

use std::{
    io::{Error, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Long enough for a busy broker on this machine.
const PATIENCE: Duration = Duration::from_secs(2);
const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// Class `connection`, method `start-ok`; no properties, then how the password is given.
const START_OK: &[u8] = b"\0\x0a\0\x0b\0\0\0\0\x05PLAIN";
/// Class `connection`, method `tune`: the password is right.
const TUNE: &[u8] = b"\0\x0a\0\x1e";
/// The greeting is some 500 bytes long.
const LONGEST: u32 = 64 * 1024;

/// Whether a broker lets `guest` in, as one does that was just installed.
#[must_use]
pub fn welcomes_guests(address: SocketAddr) -> bool {
    handshake(address).is_ok_and(|welcome| welcome)
}

/// `host:port` of an `amqp://` or `amqps://` URL; never holds user or password, so it may be shown.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let (rest, port) = match url.strip_prefix("amqp://") {
        Some(rest) => (rest, 5672),
        None => (url.strip_prefix("amqps://")?, 5671),
    };
    crate::postgres::authority(rest, port)
}

fn handshake(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(HEADER)?;
    let _greeting = method(&mut stream)?;
    let answer = [START_OK, b"\0\0\0\x0c\0guest\0guest\x05en_US"].concat();
    let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
    // A method on channel 0.
    let frame = [b"\x01\0\0", &length.to_be_bytes()[..], &answer, b"\xce"].concat();
    stream.write_all(&frame)?;
    Ok(method(&mut stream)?.starts_with(TUNE))
}

/// Reads the frame of a method.
fn method(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let [1, 0, 0, length @ ..] = head else {
        return Err(Error::other("it does not speak AMQP"));
    };
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(Error::other("it says too much"));
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or_default() + 1];
    stream.read_exact(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A broker that greets, and says this to whoever presents himself.
    fn broker_that_says(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut header = [0; 8];
            stream.read_exact(&mut header).unwrap();
            stream.write_all(b"\x01\0\0\0\0\0\x04\0\x0a\0\x0a\xce").unwrap();
            stream.read_exact(&mut header).unwrap();
            stream.write_all(answer).unwrap();
            // Stays open until the other side has read and left.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        address
    }

    #[test]
    fn only_an_open_door_counts() {
        assert!(welcomes_guests(broker_that_says(b"\x01\0\0\0\0\0\x04\0\x0a\0\x1e\xce")));
        let refusal = broker_that_says(b"\x01\0\0\0\0\0\x04\0\x0a\0\x32\xce");
        assert!(!welcomes_guests(refusal));
        assert!(!welcomes_guests(broker_that_says(b"HTTP/1.1 400 Bad Request\r\n")));
    }

    #[test]
    fn the_host_is_shown_without_secrets() {
        for (url, host) in [
            ("amqp://me:se@cret@mq.example:6000/%2f", Some("mq.example:6000")),
            ("amqp://localhost", Some("localhost:5672")),
            ("amqps://guest@10.0.0.1/x?heartbeat=5", Some("10.0.0.1:5671")),
            ("http://localhost", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
