//! A network that can be cut: a TCP proxy in front of a server.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::Result;

/// Passes connections on until it is cut; then ends them, and every new one at once. Dropping it
/// cuts it for good.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    wires: Arc<Wires>,
}

/// What passes, by numbers that are given once.
#[derive(Debug, Default)]
struct Wires(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    is_gone: bool,
    given: u64,
    open: BTreeMap<u64, [TcpStream; 2]>,
}

impl Proxy {
    /// In front of a server, for example `127.0.0.1:5432`.
    ///
    /// # Errors
    /// If it can't listen.
    pub fn start(server: String) -> Result<Self> {
        let failed = |error: io::Error| format!("can't listen for {server}: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let wires = Arc::new(Wires::default());
        let accepting = wires.clone();
        thread::spawn(move || {
            for inward in listener.incoming().map_while(io::Result::ok) {
                if accepting.state().is_gone {
                    return;
                }
                let (wires, server) = (accepting.clone(), server.clone());
                // An error of either side ends the connection, as it would without us.
                thread::spawn(move || wires.pass(inward, &server));
            }
        });
        Ok(Self { address, wires })
    }

    /// Ends every connection, and lets none through.
    pub fn cut(&self) {
        self.wires.cut();
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        self.wires.state().is_cut = false;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.wires.cut();
        self.wires.state().is_gone = true;
        // Whoever accepts has to look.
        let _ = TcpStream::connect(self.address);
    }
}

impl Wires {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self) {
        let mut state = self.state();
        state.is_cut = true;
        for stream in std::mem::take(&mut state.open).into_values().flatten() {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Passes a connection on to its end.
    fn pass(&self, inward: TcpStream, server: &str) -> io::Result<()> {
        if self.state().is_cut {
            return Ok(());
        }
        let outward = TcpStream::connect(server)?;
        let (to_server, to_client) = (outward.try_clone()?, inward.try_clone()?);
        for stream in [&inward, &outward] {
            stream.set_nodelay(true)?;
        }
        let Some(number) = self.open([inward.try_clone()?, outward.try_clone()?]) else {
            return Ok(());
        };
        let back = thread::spawn(move || copy(outward, to_client));
        copy(inward, to_server);
        // It does not panic.
        let _ = back.join();
        self.state().open.remove(&number);
        Ok(())
    }

    /// `None` if it was cut meanwhile.
    fn open(&self, streams: [TcpStream; 2]) -> Option<u64> {
        let mut state = self.state();
        if state.is_cut {
            return None;
        }
        state.given += 1;
        let number = state.given;
        state.open.insert(number, streams);
        Some(number)
    }
}

/// One direction, to its end.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    // A connection that breaks ends both directions, one that is closed only this.
    let how = io::copy(&mut from, &mut to).map_or(Shutdown::Both, |_| Shutdown::Write);
    let _ = to.shutdown(how);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// Says everything back.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().map(io::Result::unwrap) {
                let mut back = stream.try_clone().unwrap();
                thread::spawn(move || io::copy(&mut stream, &mut back));
            }
        });
        address
    }

    fn says(stream: &mut TcpStream) -> bool {
        let mut heard = [0; 2];
        stream.write_all(b"hi").and_then(|()| stream.read_exact(&mut heard)).is_ok()
            && heard == *b"hi"
    }

    #[test]
    fn passes_until_it_is_cut_and_again_when_it_is_mended() {
        let proxy = Proxy::start(echo().to_string()).unwrap();
        let connect = || TcpStream::connect(proxy.address).unwrap();
        let (mut one, mut other) = (connect(), connect());
        assert!(says(&mut one) && says(&mut other));
        drop(other);
        proxy.cut();
        assert!(!says(&mut one));
        assert!(!says(&mut connect()));
        proxy.restore();
        assert!(says(&mut connect()));
        assert!(!says(&mut one), "what was cut stays cut");
    }

    #[test]
    fn what_one_side_closes_is_closed_for_the_other() {
        let proxy = Proxy::start(echo().to_string()).unwrap();
        let mut one = TcpStream::connect(proxy.address).unwrap();
        one.write_all(b"all").unwrap();
        one.shutdown(Shutdown::Write).unwrap();
        let mut heard = String::new();
        one.read_to_string(&mut heard).unwrap();
        assert_eq!(heard, "all");
    }
}
