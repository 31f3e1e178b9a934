//! The binary as operators meet it: what it prints, refuses and survives.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

const BINARY: &str = env!("CARGO_BIN_EXE_groundwork");
/// How long a host may take to be ready.
const READY: Duration = Duration::from_secs(30);

/// The binary in a folder of its own, without the settings of whoever runs the tests.
fn groundwork(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .current_dir(folder)
        .env_clear()
        .env("GROUNDWORK_HTTP_ADDRESSES", "127.0.0.1:0")
        .env("GROUNDWORK_LOG", "warn");
    command
}

fn ops(folder: &Path, arguments: &[&str]) -> Output {
    groundwork(folder).arg("ops").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A host that was started with `serve`; killed when dropped.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let mut child = groundwork(folder).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut welcome = String::new();
        while !welcome.contains("Ctrl-C") {
            let line = lines.next().unwrap_or_else(|| panic!("it ended after:\n{welcome}"));
            welcome.push_str(&line.unwrap());
            welcome.push('\n');
        }
        let url = welcome.lines().find_map(|line| line.trim().strip_prefix("API"));
        let address = url.unwrap().trim().trim_start_matches("http://").to_owned();
        let host = Self { child, address };
        // On the first start there are no read models yet.
        while !host.get("/health/ready", "").starts_with("HTTP/1.1 200") {
            assert!(begun.elapsed() < READY, "it is not ready in time");
            std::thread::yield_now();
        }
        host
    }
    fn get(&self, path: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("Host: {}\r\nConnection: close\r\nAuthorization: Bearer {token}", self.address);
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
    fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_minted_token_is_alone_on_stdout_and_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let before = ops(folder.path(), &["tokens", "mint"]);
    let host = Served::start(folder.path());
    let during = ops(folder.path(), &["tokens", "mint", "--minutes", "1"]);
    for output in [before, during] {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let token = text(&output.stdout);
        assert!(!token.contains(char::is_whitespace) && token.split('.').count() == 3, "{token}");
        assert!(!text(&output.stderr).contains(&token));
        let answer = host.get("/cars", &token);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(host.get("/cars", "nonsense").starts_with("HTTP/1.1 401"));
}

#[test]
fn operators_look_and_ask_while_the_host_runs() {
    let folder = tempfile::tempdir().unwrap();
    let host = Served::start(folder.path());
    let token = text(&ops(folder.path(), &["tokens", "mint"]).stdout);
    let answer = host.get("/cars", &token);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for (arguments, expected) in [
        (&["projections", "list"][..], "cars"),
        (&["projections", "pause", "cars"], "paused"),
        (&["projections", "status"], "paused"),
        (&["projections", "resume", "cars"], ""),
        (&["projections", "rebuild", "cars"], ""),
        (&["projections", "status"], "active"),
        (&["consumers", "replay", "cars", "--from", "0"], "is built anew"),
        (&["deadletters", "list"], ""),
        (&["work", "status"], "audits"),
        (&["verify"], "keeps its rules"),
    ] {
        let output = ops(folder.path(), arguments);
        let (shown, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && shown.contains(expected), "{arguments:?} {shown}{said}");
    }
    for arguments in [
        &["projections", "rebuild", "nothing"][..],
        &["consumers", "replay", "nothing", "--from", "0"],
        &["relay", "status"],
        &["bus", "status"],
        &["deadletters", "show", "cars", "1"],
        &["deadletters", "replay", "cars", "1"],
    ] {
        let output = ops(folder.path(), arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {said}");
        assert!(said.ends_with('.') && said.lines().count() == 1, "{arguments:?} {said}");
    }
}

#[test]
fn a_second_host_on_the_same_folder_refuses_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let host = Served::start(folder.path());
    let second = groundwork(folder.path()).arg("serve").output().unwrap();
    let said = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("already serves") && said.lines().count() == 1, "{said}");
    assert_eq!(host.terminate(), Some(0));
    assert_eq!(Served::start(folder.path()).terminate(), Some(0), "the folder is free again");
}

#[test]
fn production_refuses_to_start_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let output = groundwork(folder.path()).env("GROUNDWORK_MODE", "production").output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for name in ["GROUNDWORK_MASTER_KEY", "GROUNDWORK_HMAC_SECRET", "GROUNDWORK_INTER_HOST_SECRET"]
    {
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn production_mints_no_tokens_and_waits_for_its_migrations() {
    let folder = tempfile::tempdir().unwrap();
    let production = |arguments: &[&str]| {
        let output = groundwork(folder.path())
            .env("GROUNDWORK_MODE", "production")
            .env("GROUNDWORK_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .env("GROUNDWORK_HMAC_SECRET", "a long secret of ours")
            .env("GROUNDWORK_INTER_HOST_SECRET", "another long secret")
            .env("GROUNDWORK_BASE_URL", "https://api.example.com")
            .env("GROUNDWORK_WEBSITE_URL", "https://www.example.com")
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, token, said) = production(&["ops", "tokens", "mint"]);
    assert_eq!((code, token.as_str()), (Some(1), ""), "{said}");
    let (code, _, said) = production(&["serve"]);
    assert!(code == Some(1) && said.contains("groundwork ops migrate"), "{said}");
    let (code, _, said) = production(&["ops", "migrate"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = production(&["serve"]);
    assert!(code == Some(1) && said.contains("SMTP_URL") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_data_folder_that_can_not_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    std::fs::write(&file, "not a folder").unwrap();
    let output = groundwork(folder.path()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("./data") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let output = groundwork(folder.path())
        .env("DATABASE_URL", "postgres://me:tellnobody@127.0.0.1:1/nowhere")
        .env("GROUNDWORK_DATABASE_WAIT_MILLISECONDS", "300")
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.is_empty() && !said.contains("tellnobody"), "{said}");
}
