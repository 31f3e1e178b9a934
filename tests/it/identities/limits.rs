//! Bounds on guessing, and on what hashing may take.

use acceptance::{Deployment, TestApp, binary::Environment};
use futures_util::future::join_all;
use serde_json::json;

use super::{PASSWORD, confirmed, post, registration, sign_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_is_slowed_down() {
    let app = TestApp::start_with(Deployment::Sqlite, |environment| {
        environment
            .with("GROUNDWORK_SIGN_IN_RATE_PER_SECOND", "1")
            .with("GROUNDWORK_SIGN_IN_RATE_BURST", "10")
    })
    .await;
    let mut refused = 0;
    for number in 0..30 {
        let email = format!("user{number}@company.com");
        let answer = sign_in(&app, &email, PASSWORD).await;
        if answer.status == 429 {
            refused += 1;
            assert!(!answer.header("retry-after").is_empty(), "{answer}");
        }
    }
    assert!(refused >= 10, "{refused}");
    // Nothing else is.
    let _ = app.get("/health").send().await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_what_can_be_hashed_sign_ins_are_refused_and_nothing_else() {
    let app = TestApp::start_with(Deployment::Sqlite, |environment| {
        environment
            .with("GROUNDWORK_PASSWORD_MEMORY_KIB", "8192")
            .with("GROUNDWORK_PASSWORD_PASSES", "10")
            .with("GROUNDWORK_PASSWORD_THREADS", "1")
            .with("GROUNDWORK_PASSWORD_WAITING", "3")
    })
    .await;
    let tries = (0..40)
        .map(async |number| sign_in(&app, &format!("user{number}@company.com"), PASSWORD).await);
    let answers = join_all(tries).await;
    let count = |status: u16| answers.iter().filter(|a| a.status.as_u16() == status).count();
    assert_eq!(count(401) + count(503), 40);
    assert!(count(401) >= 4 && count(503) >= 10, "{} {}", count(401), count(503));
    let busy = answers.iter().find(|answer| answer.status == 503).unwrap();
    assert!(!busy.header("retry-after").is_empty(), "{busy}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessable_passwords_are_refused_where_that_is_wanted() {
    let app = TestApp::start_with(Deployment::Sqlite, |environment| {
        environment.with("GROUNDWORK_PASSWORD_STRENGTH", "3")
    })
    .await;
    let mut wanted = registration("ann@company.com");
    for (password, status) in [("Password1!", 400), ("x7#Rumpelsack-quo", 200)] {
        wanted["password"] = json!(password);
        let answer = post(&app, "/credentials/register", wanted.clone()).await;
        assert!(!answer.text().contains(password), "{answer}");
        let _ = answer.expect(status);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hash_is_made_anew_when_the_parameters_changed() {
    let app = TestApp::start(Deployment::Postgres).await;
    let changes = async || {
        let rows = app.log().rows().await.into_iter();
        rows.filter(|row| row.event_type == "credentials_changed").count()
    };
    confirmed(&app, "ann@company.com").await;
    let _ = sign_in(&app, "ann@company.com", PASSWORD).await.expect(200);
    assert_eq!(changes().await, 1);
    let stronger = |environment: Environment| environment.with("GROUNDWORK_PASSWORD_PASSES", "2");
    let other = app.start_beside_with(stronger).await;
    for _ in 0..2 {
        let _ = sign_in(&other, "ann@company.com", PASSWORD).await.expect(200);
    }
    assert_eq!(changes().await, 2);
    other.finish().await;
    app.finish().await;
}
