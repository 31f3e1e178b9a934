//! Ports for servers that are killed and come back.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use crate::Result;

/// Below what systems give to outgoing connections. A client that calls a server while it is down
/// could be given the server's own port, be connected to itself, and hold the port.
const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;

/// A port of this machine that nobody listens on.
///
/// # Errors
/// If there is none.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes begin at different places, so that they seldom look at the same port at once.
    let scattered = std::process::id().wrapping_mul(2_654_435_761) >> 16;
    let start = u16::try_from(scattered % u32::from(COUNT)).unwrap_or_default();
    (0..COUNT)
        .map(|_| {
            let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
            FIRST + (start + step) % COUNT
        })
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| "no free port on this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_not_given_twice_in_a_row() {
        let (one, other) = (free_port().unwrap(), free_port().unwrap());
        assert_ne!(one, other);
        for port in [one, other] {
            assert!((FIRST..FIRST + COUNT).contains(&port));
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        }
    }
}
