//! A network that misbehaves: a TCP proxy in front of the broker.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use lapin::uri::{AMQPAuthority, AMQPUri};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use crate::support::url;

/// What happens to connections, old and new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Bytes pass.
    Pass,
    /// Every connection is closed.
    Cut,
    /// Bytes pass late.
    Late(Duration),
    /// Bytes are taken and never delivered; connections stay open.
    Swallow,
    /// The broker's side is closed for writing: its bytes end, ours are taken.
    HalfClosed,
}

/// Stands between a client and the broker.
pub struct Proxy {
    address: SocketAddr,
    mode: Arc<watch::Sender<Mode>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// In front of the broker.
    pub async fn start() -> Self {
        let AMQPAuthority { host, port, .. } = broker().authority;
        let server = format!("{host}:{port}");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has a number");
        let mode = Arc::new(watch::Sender::new(Mode::Pass));
        let mut tasks = JoinSet::new();
        let modes = mode.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((inward, _)) = listener.accept().await {
                let (modes, server) = (modes.clone(), server.clone());
                connections.spawn(async move {
                    let mut cut = modes.subscribe();
                    if *cut.borrow() == Mode::Cut {
                        return;
                    }
                    let Ok(outward) = TcpStream::connect(server).await else { return };
                    let (from_client, to_client) = inward.into_split();
                    let (from_server, to_server) = outward.into_split();
                    tokio::select! {
                        _ = async { tokio::join!(
                            pump(from_client, to_server, modes.subscribe(), false),
                            pump(from_server, to_client, modes.subscribe(), true),
                        ) } => {}
                        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
                    }
                });
            }
        });
        Self { address, mode, _tasks: tasks }
    }
    /// From now on.
    pub fn mode(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
    /// The URL of the broker, through it.
    pub fn url(&self) -> String {
        let mut through = broker();
        through.authority.host = self.address.ip().to_string();
        through.authority.port = self.address.port();
        through.to_string()
    }
}

fn broker() -> AMQPUri {
    url().parse().expect("a URL")
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    to_client: bool,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let now = *mode.borrow_and_update();
        if now == Mode::HalfClosed && to_client {
            let _ = to.shutdown().await;
            return;
        }
        let length = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            _ = mode.changed() => continue,
        };
        match now {
            Mode::Swallow | Mode::HalfClosed if length > 0 => continue,
            Mode::Late(by) => sleep(by).await,
            _ => {}
        }
        if length == 0 || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
