//! Signing keys: made once, kept apart, and useless under another master key.

use std::thread;

use acceptance::{Database, binary::Environment};
use sqlx::{Connection, PgConnection};

const MINT: &[&str] = &["ops", "tokens", "mint"];

/// The header of a token, which names the key.
fn header(token: &str) -> &str {
    token.trim().split('.').next().unwrap_or_default()
}

/// Several processes need the first key at the same moment.
fn one_key_for_all(environment: &Environment) {
    let minting: Vec<_> = (0..6)
        .map(|_| {
            let environment = environment.clone();
            thread::spawn(move || environment.run(MINT))
        })
        .collect();
    let tokens: Vec<String> =
        minting.into_iter().map(|mint| mint.join().unwrap().unwrap()).collect();
    let first = header(&tokens[0]);
    assert!(!first.is_empty());
    assert!(tokens.iter().all(|token| header(token) == first), "{tokens:?}");
}

#[test]
fn processes_that_start_at_once_end_with_one_key_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    one_key_for_all(&Environment::embedded(folder.path()));
}

#[tokio::test]
async fn processes_that_start_at_once_end_with_one_key_in_a_database() {
    let database = Database::create().await;
    one_key_for_all(&Environment::postgres(&database.url));
}

#[tokio::test]
async fn keys_can_live_in_a_database_of_their_own() {
    let (main, keys) = (Database::create().await, Database::create().await);
    let environment = Environment::postgres(&main.url).with("KEYS_DATABASE_URL", &keys.url);
    environment.run(MINT).unwrap();
    for (database, expected) in [(&main, false), (&keys, true)] {
        let mut connection = PgConnection::connect(&database.url).await.unwrap();
        let there: bool = sqlx::query_scalar("SELECT to_regclass('signing_keys') IS NOT NULL")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(there, expected);
    }
}

#[test]
fn another_master_key_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::embedded(folder.path());
    environment.run(MINT).unwrap();
    let other =
        environment.with("GROUNDWORK_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let error = other.run(MINT).unwrap_err();
    assert!(error.contains("another master key"), "{error}");
}
