//! Just enough of PostgreSQL's protocol to tell whether a server lets us in.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Long enough for a busy server on this machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// Version 3.0 of the protocol.
const PROTOCOL: u32 = 3 << 16;

/// Whether a server lets `user` in without a password.
#[must_use]
pub fn trusts(address: SocketAddr, user: &str) -> bool {
    handshake(address, user).is_ok_and(|trusted| trusted)
}

/// `host:port` of a `postgres://` URL; never holds user or password, so it may be shown.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
    authority(rest, 5432)
}

/// `host:port` of what follows the scheme of a URL.
pub(crate) fn authority(rest: &str, port: u16) -> Option<String> {
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let named = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if host.is_empty() {
        None
    } else if named {
        Some(host.to_owned())
    } else {
        Some(format!("{host}:{port}"))
    }
}

fn handshake(address: SocketAddr, user: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    for text in ["user", user, "database", "postgres", ""] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    stream.write_all(&[&length.to_be_bytes()[..], &body].concat())?;
    // An authentication message: `R`, four bytes of length, then 0 for "you are in".
    let mut answer = [0; 9];
    stream.read_exact(&mut answer)?;
    Ok(answer == [b'R', 0, 0, 0, 8, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn server_that_says(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut startup = [0; 4];
            stream.read_exact(&mut startup).unwrap();
            stream.write_all(answer).unwrap();
            // Stays open until the other side has read and left.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        address
    }

    #[test]
    fn only_an_open_door_counts() {
        assert!(trusts(server_that_says(&[b'R', 0, 0, 0, 8, 0, 0, 0, 0]), "postgres"));
        let password = server_that_says(&[b'R', 0, 0, 0, 23, 0, 0, 0, 10, b'S']);
        assert!(!trusts(password, "postgres"));
        assert!(!trusts(server_that_says(b"HTTP/1.1 400 Bad Request\r\n"), "postgres"));
    }

    #[test]
    fn the_host_is_shown_without_secrets() {
        for (url, host) in [
            ("postgres://me:se@cret@db.example:6000/x", Some("db.example:6000")),
            ("postgresql://localhost/x?sslmode=require", Some("localhost:5432")),
            ("postgres://postgres@127.0.0.1", Some("127.0.0.1:5432")),
            ("mysql://localhost", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
