//! A network that can be cut: a TCP proxy between a host and its database.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Passes connections on until it is cut; then closes them, and every new one at once.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    cut: Arc<watch::Sender<bool>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// In front of a server, for example `127.0.0.1:5432`.
    pub async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has a number");
        let cut = Arc::new(watch::Sender::new(false));
        let mut tasks = JoinSet::new();
        let sender = cut.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut inward, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let (server, mut is_cut) = (server.clone(), sender.subscribe());
                connections.spawn(async move {
                    if *is_cut.borrow() {
                        return;
                    }
                    let Ok(mut outward) = TcpStream::connect(server).await else { return };
                    tokio::select! {
                        // Either side may end it in its own way.
                        _ = copy_bidirectional(&mut inward, &mut outward) => {}
                        _ = is_cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { address, cut, _tasks: tasks }
    }

    /// Ends every connection, and lets none through.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Lets connections through again.
    pub fn restore(&self) {
        self.cut.send_replace(false);
    }
}
