//! A small HTTP/1.1 load generator: keep-alive connections, one request in flight on each, and as
//! little work per request as possible, because it shares the processors with what it measures.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::Outcome;

/// What a run of requests came to.
pub struct Measured {
    /// Answers with the expected status.
    pub good: u32,
    /// Answers with another status.
    pub bad: u32,
    /// The first of these.
    pub refusal: Option<Answer>,
    /// How long the run took.
    pub elapsed: Duration,
    /// Latency of each answer in microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// Good answers per second.
    pub fn per_second(&self) -> f64 {
        f64::from(self.good) / self.elapsed.as_secs_f64()
    }

    /// The latency below which this share of the answers stayed.
    pub fn milliseconds(&self, share: f64) -> f64 {
        Duration::from_micros(self.latency.value_at_quantile(share)).as_secs_f64() * 1000.0
    }
}

/// One answer.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `address`.
    ///
    /// # Errors
    /// If the host refuses.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a complete request and reads the answer.
    ///
    /// # Errors
    /// If the connection breaks or the answer is not HTTP/1.1 with a content length.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let (status, length) = read_head(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        Ok(Answer { status, body: self.buffer[head..head + length].to_vec() })
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn read_head(head: &[u8]) -> io::Result<(u16, usize)> {
    let text = std::str::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut lines = text.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, length.unwrap_or(0)))
}

/// A request as bytes.
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> Vec<u8> {
    let authorization =
        token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let content = body.map_or_else(String::new, |body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let end = if body.is_some() { "" } else { "\r\n" };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n{authorization}{content}{end}")
        .into_bytes()
}

/// When the next request is sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// As soon as the last one on its connection is answered.
    Closed,
    /// So many per second over all connections, as far as answers keep up.
    PerSecond(f64),
}

impl Pace {
    /// From one request of a connection to its next.
    fn between(self, connections: usize) -> Duration {
        match self {
            Self::Closed => Duration::ZERO,
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            Self::PerSecond(rate) => Duration::from_secs_f64(connections as f64 / rate),
        }
    }
}

/// Sends the requests round and round over so many connections for so long.
///
/// # Errors
/// If a connection breaks.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    expected: u16,
    pace: Pace,
    requests: &[Vec<u8>],
) -> Outcome<Measured> {
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    let between = pace.between(connections);
    for index in 0..connections {
        let mut due = begin + between.mul_f64(share(index, connections));
        let mut connection = Connection::open(address).await?;
        let requests: Vec<_> =
            requests.iter().skip(index % requests.len()).chain(requests).cloned().collect();
        tasks.spawn(async move {
            let mut latency =
                Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
            let (mut good, mut bad, mut refusal) = (0, 0, None);
            for request in requests.iter().cycle() {
                if !between.is_zero() {
                    tokio::time::sleep_until(due.into()).await;
                    due += between;
                }
                let sent = Instant::now();
                if sent - begin >= duration {
                    break;
                }
                let answer = connection.send(request).await?;
                latency.saturating_record(
                    u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX),
                );
                if answer.status == expected {
                    good += 1;
                } else {
                    bad += 1;
                    refusal.get_or_insert(answer);
                }
            }
            io::Result::Ok((good, bad, refusal, latency))
        });
    }
    let mut all = Measured {
        good: 0,
        bad: 0,
        refusal: None,
        elapsed: Duration::ZERO,
        latency: Histogram::new_with_bounds(1, 60_000_000, 3)?,
    };
    while let Some(task) = tasks.join_next().await {
        let (good, bad, refusal, latency) = task??;
        all.good += good;
        all.bad += bad;
        all.refusal = all.refusal.or(refusal);
        all.latency.add(latency)?;
    }
    all.elapsed = begin.elapsed();
    Ok(all)
}

/// How far into the interval a connection begins, so that not all begin at once.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn share(index: usize, connections: usize) -> f64 {
    index as f64 / connections as f64
}
