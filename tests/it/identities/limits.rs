//! Bounds on guessing, and on what hashing may take.

use std::collections::BTreeMap;

use acceptance::{Deployment, TestApp, binary::Environment};
use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::json;
use time::Duration;

use super::{PASSWORD, audited, confirmed, mails, post, registration, sign_in, signed_in};

/// A password that is hard to guess.
const LONG: &str = "y8!Quastenflosser-bim";

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
    let token = mailed(&app).await;
    let confirm = json!({ "token": token });
    let _ = post(&app, "/credentials/confirm-registration", confirm).await.expect(200);
    let reset = json!({ "emailAddress": "ann@company.com" });
    let _ = post(&app, "/credentials/reset", reset).await.expect(200);
    let path = format!("/credentials/{}/reset/complete", mailed(&app).await);
    // The person's own name and address are guessed first.
    for (password, status) in [("Password1!", 400), ("Ann@company.com1", 400), (LONG, 200)] {
        let answer = post(&app, &path, json!({ "password": password })).await;
        assert!(!answer.text().contains(password), "{answer}");
        let _ = answer.expect(status);
    }
    let _ = sign_in(&app, "ann@company.com", LONG).await.expect(200);
    app.finish().await;
}

/// What tells somebody apart by how long it takes takes at least the time that is drawn, whoever is
/// known; what is refused by its form does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_does_not_show_in_the_time() {
    const FLOOR: std::time::Duration = std::time::Duration::from_millis(700);
    let app = TestApp::start_with(Deployment::Sqlite, |environment| {
        environment
            .with("GROUNDWORK_SIGN_IN_DELAY_LEAST_MILLISECONDS", "700")
            .with("GROUNDWORK_SIGN_IN_DELAY_MOST_MILLISECONDS", "800")
    })
    .await;
    confirmed(&app, "ann@company.com").await;
    let timed = async |path: &'static str, email: &str| {
        let mut body = registration(email);
        body["username"] = json!(email);
        let begun = std::time::Instant::now();
        let _ = post(&app, path, body).await;
        (path, begun.elapsed())
    };
    let paths = [
        "/credentials/auth",
        "/credentials/register",
        "/credentials/confirm-registration/renew",
        "/credentials/reset",
    ];
    let tries = paths
        .into_iter()
        .flat_map(|path| ["ann@company.com", "nobody@company.com"].map(|email| timed(path, email)));
    for (path, took) in join_all(tries).await {
        assert!(took >= FLOOR, "{path} took {took:?}");
    }
    let (path, took) = timed("/credentials/reset", "ann").await;
    assert!(took < FLOOR, "{path} took {took:?}");
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

/// The token of the last e-mail.
async fn mailed(app: &TestApp) -> String {
    mails(app).await.pop().unwrap().2.unwrap()
}

/// How often each status answers wrong passwords for one account. Who calls is told by a proxy, in a
/// line behind one that the caller made up.
async fn guesses(
    app: &TestApp,
    count: usize,
    from: impl Fn(usize) -> String,
) -> BTreeMap<u16, u32> {
    let guess = |number: usize| {
        let body = json!({ "username": "ann@company.com", "password": "9Password!" });
        let forged = format!("10.2.{}.{}", number / 250, number % 250);
        let request = app.post("/credentials/auth").header("X-Forwarded-For", &forged);
        request.header("X-Forwarded-For", &from(number)).json(&body).send()
    };
    let answers = stream::iter((0..count).map(guess)).buffer_unordered(32);
    let counted = answers.fold(BTreeMap::new(), async |mut counted, answer| {
        *counted.entry(answer.status.as_u16()).or_default() += 1;
        counted
    });
    counted.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_wrong_passwords_come_no_further_than_five() {
    let app = TestApp::start_with(Deployment::Sqlite, |environment| {
        environment
            .with("GROUNDWORK_HTTP_TRUST_PROXY", "true")
            .with("GROUNDWORK_SIGN_IN_RATE_PER_SECOND", "10")
    })
    .await;
    confirmed(&app, "ann@company.com").await;
    let _ = audited(&app).await;
    let many = |number: usize| format!("10.0.{}.{}", number / 250, number % 250);
    let counted = guesses(&app, 10_000, many).await;
    assert_eq!(counted, BTreeMap::from([(401, 5), (423, 9_995)]), "from many addresses");
    let mut audits = audited(&app).await;
    audits.retain(|code| code == "Authentication.Password.Failed.AccountLocked");
    assert_eq!(audits.len(), 14, "the first, the second, the fourth and so on");
    // What is not counted does not prolong the lock.
    app.clock.advance(Duration::minutes(5));
    signed_in(&app, "ann@company.com").await;

    let counted = guesses(&app, 10_000, |_| "10.1.0.1".to_owned()).await;
    assert_eq!(counted[&401], 5, "from one address: {counted:?}");
    assert!(counted[&429] > 9_000, "{counted:?}");
    // The owner need not wait for the end of the lock.
    let _ = sign_in(&app, "ann@company.com", PASSWORD).await.problem(423);
    let _ = mails(&app).await;
    let reset = json!({ "emailAddress": "ann@company.com" });
    let _ = post(&app, "/credentials/reset", reset).await.expect(200);
    let mails = mails(&app).await;
    let [(_, _, Some(token))] = mails.as_slice() else { panic!("{mails:?}") };
    let path = format!("/credentials/{token}/reset/complete");
    let _ = post(&app, &path, json!({ "password": "2Password!" })).await.expect(200);
    let _ = sign_in(&app, "ann@company.com", "2Password!").await.expect(200);
    app.finish().await;
}
