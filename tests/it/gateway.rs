//! The gateway, before hosts that behave badly.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use acceptance::{
    Answer, Request,
    upstream::{Upstream, head},
};
use hosts::{config::GatewaySettings, gateway::Gateway};
use reqwest::{Client, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Front {
    url: String,
    client: Client,
    gateway: Gateway,
}

impl Front {
    /// Passes commands and queries on to the same hosts.
    fn start(behind: &[&str], settings: &[(&str, &str)]) -> Self {
        let behind = behind.join(",");
        let own = [
            ("GROUNDWORK_HTTP_ADDRESSES", "127.0.0.1:0"),
            ("GROUNDWORK_HTTP_WORKERS", "1"),
            ("GROUNDWORK_GATEWAY_COMMANDS", &behind),
            ("GROUNDWORK_GATEWAY_QUERIES", &behind),
        ];
        let all = own.iter().chain(settings);
        let environment = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = GatewaySettings::read(environment.collect()).unwrap();
        let gateway = Gateway::start(&settings, None).unwrap();
        let url = format!("http://{}", gateway.addresses[0]);
        Self { url, client: Client::new(), gateway }
    }

    fn ask(&self, method: Method, path: &str) -> Request {
        Request::new(&self.client, method, &format!("{}{path}", self.url))
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.trim_start_matches("http://")).await.unwrap()
    }
}

/// A base URL that nobody listens at.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn refused(answer: Answer, status: u16, code: &str) {
    assert_eq!(answer.header("retry-after"), "1", "{answer}");
    assert_eq!(answer.problem(status)["code"], code);
}

#[tokio::test]
async fn a_host_that_is_down_is_told_at_once() {
    let front = Front::start(&[&nobody()], &[]);
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        refused(front.ask(method, "/cars").send().await, 503, "upstream_unreachable");
    }
    let with_body = front.ask(Method::POST, "/cars").body("application/json", "{}");
    refused(with_body.send().await, 503, "upstream_unreachable");
    // It lives itself, and says that it can't do its work.
    let _ = front.ask(Method::GET, "/health/live").send().await.expect(200);
    let _ = front.ask(Method::GET, "/health").send().await.expect(200);
    let ready = front.ask(Method::GET, "/health/ready").send().await;
    assert_eq!(ready.header("retry-after"), "1");
    assert_eq!(ready.problem(503)["code"], "not_ready");
}

#[tokio::test]
async fn another_host_takes_the_place_of_one_that_is_down() {
    let works = Upstream::answering(OK).await;
    let front = Front::start(&[&nobody(), &works.url], &[]);
    for method in [Method::GET, Method::POST, Method::GET, Method::DELETE, Method::POST] {
        let _ = front.ask(method, "/cars").send().await.expect(200);
    }
}

#[tokio::test]
async fn what_a_host_may_have_done_is_not_done_again() {
    let breaks = Upstream::start(|mut stream| async move {
        head(&mut stream).await;
    })
    .await;
    let front = Front::start(&[&breaks.url], &[]);
    refused(front.ask(Method::POST, "/cars").send().await, 502, "upstream_failed");
    assert_eq!(breaks.accepted(), 1);
    // Once it has failed, others are asked first.
    let works = Upstream::answering(OK).await;
    let front = Front::start(&[&breaks.url, &works.url], &[]);
    refused(front.ask(Method::GET, "/cars").send().await, 502, "upstream_failed");
    assert_eq!(works.accepted(), 0);
    for _ in 0..4 {
        let _ = front.ask(Method::GET, "/cars").send().await.expect(200);
    }
    assert_eq!(breaks.accepted(), 2);
}

#[tokio::test]
async fn a_host_that_takes_too_long_is_given_up() {
    let hangs = Upstream::start(|mut stream| async move {
        head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let front = Front::start(&[&hangs.url], &[("GROUNDWORK_HTTP_REQUEST_SECONDS", "1")]);
    let begun = Instant::now();
    refused(front.ask(Method::GET, "/cars").send().await, 504, "upstream_timeout");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn headers_of_one_connection_stay_on_it() {
    let (sender, mut heads) = mpsc::unbounded_channel();
    let host = Upstream::start(move |mut stream| {
        let sender = sender.clone();
        async move {
            while let Some(head) = head(&mut stream).await {
                sender.send(head).unwrap();
                let answer = "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\
                    Keep-Alive: timeout=9\r\nETag: \"7\"\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\
                    Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    })
    .await;
    let front = Front::start(&[&host.url], &[]);
    let mut stream = front.connect().await;
    let request = "GET /Cars/a%2Fb?q=%20x&y HTTP/1.1\r\nHost: api.example\r\n\
        Connection: close, X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\nX-Forwarded-For: 6.6.6.6\r\n\
        Authorization: Bearer t\r\nCorrelation-Id: mine\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET /Cars/a%2Fb?q=%20x&y HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    for there in [
        "\r\nhost: api.example\r\n",
        "\r\nauthorization: bearer t\r\n",
        "\r\ncorrelation-id: mine\r\n",
        "\r\nx-forwarded-for: 127.0.0.1\r\n",
        "\r\nx-forwarded-host: api.example\r\n",
        "\r\nx-forwarded-proto: http\r\n",
    ] {
        assert!(head.contains(there), "{there:?} is not in {head}");
    }
    for gone in ["x-secret", "te:", "6.6.6.6", "connection: close", "user-agent"] {
        assert!(!head.contains(gone), "{gone:?} is in {head}");
    }
    let (answered, body) = answer.split_once("\r\n\r\n").unwrap();
    let answered = answered.to_ascii_lowercase();
    assert_eq!(body, "raw", "bodies are passed on as they are");
    for there in ["etag: \"7\"", "set-cookie: a", "set-cookie: b", "content-length: 3", "gzip"] {
        assert!(answered.contains(there), "{there:?} is not in {answered}");
    }
    assert!(!answered.contains("x-hop") && !answered.contains("timeout=9"), "{answered}");
}

/// Counts the bytes of chunks, and answers with their number.
async fn count_chunks(stream: &mut TcpStream) -> Option<usize> {
    let mut total = 0;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await.ok()?);
        }
        let size = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.ok()?;
        if size == 0 {
            return Some(total);
        }
        total += size;
    }
}

#[tokio::test]
async fn large_bodies_pass_both_ways_within_their_bound() {
    const LARGE: usize = 5 * 1024 * 1024;
    let host = Upstream::start(|mut stream| async move {
        while let Some(head) = head(&mut stream).await {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            if stream.read_exact(&mut body).await.is_err() {
                return;
            }
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.write_all(&body).await;
        }
    })
    .await;
    let front = Front::start(&[&host.url], &[("GROUNDWORK_HTTP_MAX_BODY_KIB", "6144")]);
    let body: Vec<u8> = (0..LARGE).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let post = |body: Vec<u8>| front.ask(Method::POST, "/cars").body("application/json", body);
    let answer = post(body.clone()).send().await.expect(200);
    assert_eq!(answer.body, body);
    let more = post(vec![0; 6144 * 1024 + 1]).send().await;
    assert_eq!(more.problem(413)["code"], "body_too_large");
}

#[tokio::test]
async fn a_body_without_length_is_bounded_and_never_cut_short() {
    let (sender, mut lengths) = mpsc::unbounded_channel();
    let host = Upstream::start(move |mut stream| {
        let sender = sender.clone();
        async move {
            while head(&mut stream).await.is_some() {
                let length = count_chunks(&mut stream).await;
                sender.send(length).unwrap();
                if length.is_none() || stream.write_all(OK.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let front = Front::start(&[&host.url], &[("GROUNDWORK_HTTP_MAX_BODY_KIB", "64")]);
    let head = "POST /cars HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let next = async |lengths: &mut mpsc::UnboundedReceiver<_>| {
        tokio::time::timeout(PATIENCE, lengths.recv()).await.unwrap().unwrap()
    };

    let mut whole = front.connect().await;
    whole.write_all(format!("{head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(next(&mut lengths).await, Some(5));

    // The client goes away in the middle: the host must not take what it has for everything.
    let mut broken = front.connect().await;
    broken.write_all(format!("{head}3\r\nabc\r\n").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(broken);
    assert_eq!(next(&mut lengths).await, None);

    let mut large = front.connect().await;
    let chunk = format!("10000\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", "x".repeat(0x10000));
    large.write_all(format!("{head}{chunk}").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    large.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    // The host may not even have seen its beginning.
    assert!(!matches!(lengths.try_recv(), Ok(Some(_))));
}

#[tokio::test]
async fn an_answer_passes_while_it_is_made_and_ends_with_its_client() {
    let (sender, mut ended) = mpsc::unbounded_channel();
    let host = Upstream::start(move |mut stream| {
        let sender = sender.clone();
        async move {
            head(&mut stream).await;
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            sender.send(()).unwrap();
        }
    })
    .await;
    let front = Front::start(&[&host.url], &[]);
    let mut response = front.client.get(format!("{}/cars", front.url)).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"hello"), "{first:?}");
    drop(response);
    assert!(tokio::time::timeout(PATIENCE, ended.recv()).await.is_ok(), "the host goes on");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let host = Upstream::answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab");
    let host = host.await;
    let hosts = [host.url.as_str()];
    let front = Front::start(&hosts, &[("GROUNDWORK_HTTP_REQUEST_SECONDS", "1")]);
    assert!(front.ask(Method::GET, "/cars").try_send().await.is_err());
}

#[tokio::test]
async fn connections_are_kept_on_both_sides() {
    let host = Upstream::answering(OK).await;
    let front = Front::start(&[&host.url], &[]);
    let mut stream = front.connect().await;
    for _ in 0..5 {
        stream.write_all(b"GET /cars HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let head = head(&mut stream).await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut body = [0; 2];
        stream.read_exact(&mut body).await.unwrap();
    }
    assert_eq!(host.accepted(), 1);
}

#[tokio::test]
async fn answers_without_a_body_keep_their_heads() {
    let host = Upstream::answering("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n").await;
    let front = Front::start(&[&host.url], &[]);
    let answer = front.ask(Method::HEAD, "/cars").send().await.expect(200);
    assert_eq!((answer.header("content-length"), answer.body.len()), ("99", 0));
    let host = Upstream::answering("HTTP/1.1 204 No Content\r\netag: \"1\"\r\n\r\n").await;
    let front = Front::start(&[&host.url], &[]);
    let answer = front.ask(Method::DELETE, "/cars/x").send().await.expect(204);
    assert_eq!(answer.header("etag"), "\"1\"");
}

#[tokio::test]
async fn paths_that_would_change_on_the_way_are_refused() {
    let host = Upstream::answering(OK).await;
    let front = Front::start(&[&host.url], &[]);
    for path in ["/cars/..", "/cars/%2E%2e/x", "/./cars", "/cars\\x"] {
        let mut stream = front.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    assert_eq!(host.accepted(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_gateway_finishes_what_it_began() {
    let (begun, mut beginning) = mpsc::unbounded_channel();
    let host = Upstream::start(move |mut stream| {
        let begun = begun.clone();
        async move {
            head(&mut stream).await;
            begun.send(()).unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            let _ = stream.write_all(OK.as_bytes()).await;
        }
    })
    .await;
    let front = Front::start(&[&host.url], &[]);
    let request = front.ask(Method::POST, "/cars");
    let stop = async {
        beginning.recv().await.unwrap();
        front.gateway.stop().await;
    };
    let (answer, ()) = tokio::join!(request.send(), stop);
    let _ = answer.expect(200);
}
