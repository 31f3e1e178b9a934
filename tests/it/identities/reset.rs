//! Resetting a password.

use acceptance::{TestApp, on_every_deployment};
use serde_json::json;
use time::Duration;

use super::{PASSWORD, confirmed, mails, post, register, sign_in, signed_in, value};

on_every_deployment!(
    a_forgotten_password_is_replaced,
    a_reset_ends_every_session,
    a_reset_unlocks,
    a_token_is_good_for_two_hours,
    another_token_replaces_the_first,
    who_is_unknown_or_unconfirmed_gets_no_token,
    tokens_of_resets_are_judged,
    a_mailbox_gets_ten_e_mails_an_hour_from_whoever_knows_it,
    asking_at_the_same_moment_tells_nothing,
);

const EMAIL: &str = "ann@company.com";
const NEW: &str = "2Password!";

/// Asks for a reset; the token that is mailed.
async fn asked(app: &TestApp) -> String {
    let _ = mails(app).await;
    let answer =
        post(app, "/credentials/reset", json!({ "emailAddress": "Ann@company.com" })).await;
    assert_eq!(answer.expect(200).text(), "{}");
    mailed(app).await
}

async fn mailed(app: &TestApp) -> String {
    let mails = mails(app).await;
    let [(to, _, Some(token))] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(to, EMAIL);
    token.clone()
}

fn path(token: &str, step: &str) -> String {
    format!("/credentials/{token}/reset/{step}")
}

async fn complete(app: &TestApp, token: &str, password: &str) -> acceptance::Answer {
    post(app, &path(token, "complete"), json!({ "password": password })).await
}

async fn verify(app: &TestApp, token: &str) -> acceptance::Answer {
    app.get(&path(token, "verify")).send().await
}

async fn a_forgotten_password_is_replaced(app: &TestApp) {
    confirmed(app, EMAIL).await;
    let token = asked(app).await;
    assert_eq!(verify(app, &token).await.expect(200).text(), "{}");
    signed_in(app, EMAIL).await;
    let problem = complete(app, &token, PASSWORD).await.problem(400);
    assert_eq!(problem["code"], "same_password");
    assert_eq!(complete(app, &token, NEW).await.expect(200).text(), "{}");
    let _ = sign_in(app, EMAIL, PASSWORD).await.problem(401);
    let _ = sign_in(app, EMAIL, NEW).await.expect(200);
    let _ = complete(app, &token, "3Password!").await.problem(404);
    let _ = verify(app, &token).await.problem(404);
}

async fn a_reset_ends_every_session(app: &TestApp) {
    confirmed(app, EMAIL).await;
    let sessions = [signed_in(app, EMAIL).await, signed_in(app, EMAIL).await];
    let token = asked(app).await;
    let _ = complete(app, &token, NEW).await.expect(200);
    for tokens in sessions {
        let refresh = json!({ "refreshToken": value(&tokens, "refreshToken") });
        let _ = post(app, "/tokens/refresh", refresh).await.problem(401);
    }
    let tokens = sign_in(app, EMAIL, NEW).await.expect(200).json()["tokens"].clone();
    let refresh = json!({ "refreshToken": value(&tokens, "refreshToken") });
    let _ = post(app, "/tokens/refresh", refresh).await.expect(200);
}

async fn a_reset_unlocks(app: &TestApp) {
    confirmed(app, EMAIL).await;
    for _ in 0..5 {
        let _ = sign_in(app, EMAIL, "9Password!").await.problem(401);
    }
    let _ = sign_in(app, EMAIL, PASSWORD).await.problem(423);
    let token = asked(app).await;
    let _ = complete(app, &token, NEW).await.expect(200);
    let _ = sign_in(app, EMAIL, NEW).await.expect(200);
}

async fn a_token_is_good_for_two_hours(app: &TestApp) {
    confirmed(app, EMAIL).await;
    let token = asked(app).await;
    app.clock.advance(Duration::hours(2));
    let _ = verify(app, &token).await.problem(405);
    let _ = complete(app, &token, NEW).await.problem(405);
    // An old link does not tell what the password is.
    let _ = complete(app, &token, PASSWORD).await.problem(405);
    let _ = post(app, &path(&token, "resend"), json!({})).await.expect(200);
    let renewed = mailed(app).await;
    let _ = complete(app, &renewed, NEW).await.expect(200);
}

async fn another_token_replaces_the_first(app: &TestApp) {
    confirmed(app, EMAIL).await;
    let first = asked(app).await;
    assert_eq!(post(app, &path(&first, "resend"), json!({})).await.expect(200).text(), "{}");
    let second = mailed(app).await;
    let third = asked(app).await;
    for token in [first, second] {
        let _ = verify(app, &token).await.problem(404);
        let _ = complete(app, &token, NEW).await.problem(404);
        let _ = post(app, &path(&token, "resend"), json!({})).await.problem(404);
    }
    let _ = complete(app, &third, NEW).await.expect(200);
}

async fn who_is_unknown_or_unconfirmed_gets_no_token(app: &TestApp) {
    let unknown = json!({ "emailAddress": "nobody@company.com" });
    let answer = post(app, "/credentials/reset", unknown).await.expect(200);
    assert_eq!(answer.text(), "{}");
    let sent = mails(app).await;
    let [(to, subject, None)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(to, "nobody@company.com");
    assert_eq!(subject, "Groundwork Account Registration Attempt");
    register(app, EMAIL).await;
    let _ = mails(app).await;
    let _ = post(app, "/credentials/reset", json!({ "emailAddress": EMAIL })).await.problem(405);
    assert_eq!(mails(app).await.len(), 0);
}

async fn tokens_of_resets_are_judged(app: &TestApp) {
    let unknown = "a".repeat(43);
    let _ = verify(app, &unknown).await.problem(404);
    let _ = complete(app, &unknown, NEW).await.problem(404);
    let _ = post(app, &path(&unknown, "resend"), json!({})).await.problem(404);
    for answer in [
        verify(app, "a-secret").await,
        complete(app, "a-secret", NEW).await,
        post(app, &path("a-secret", "resend"), json!({})).await,
        complete(app, &unknown, "b-secret").await,
    ] {
        assert!(!answer.text().contains("-secret"), "{answer}");
        let _ = answer.problem(400);
    }
    let answer = post(app, "/credentials/reset", json!({ "emailAddress": "ann" })).await;
    assert_eq!(answer.failed_rules(), ["EmailAddressValidator"]);
}

async fn a_mailbox_gets_ten_e_mails_an_hour_from_whoever_knows_it(app: &TestApp) {
    let ask = async |email: &str| {
        let answer = post(app, "/credentials/reset", json!({ "emailAddress": email })).await;
        assert_eq!(answer.expect(200).text(), "{}");
    };
    confirmed(app, EMAIL).await;
    // The registration sent one of them.
    for (email, wanted) in [(EMAIL, 9), ("nobody@company.com", 10)] {
        let _ = mails(app).await;
        for _ in 0..12 {
            ask(email).await;
        }
        register(app, "else@company.com").await;
        let sent: Vec<_> = mails(app).await.into_iter().filter(|(to, ..)| to == email).collect();
        assert_eq!(sent.len(), wanted, "{email}");
        if let Some((_, _, Some(token))) = sent.last() {
            let _ = verify(app, token).await.expect(200);
        }
    }
    register(app, EMAIL).await;
    let _ = post(app, "/credentials/confirm-registration/renew", json!({ "emailAddress": EMAIL }))
        .await;
    assert!(mails(app).await.iter().all(|(to, ..)| to != EMAIL));
    app.clock.advance(Duration::HOUR);
    let _ = complete(app, &asked(app).await, NEW).await.expect(200);
}

async fn asking_at_the_same_moment_tells_nothing(app: &TestApp) {
    confirmed(app, EMAIL).await;
    register(app, "bea@company.com").await;
    let reset = "/credentials/reset";
    let renew = "/credentials/confirm-registration/renew";
    for (path, email) in [(reset, EMAIL), (renew, "bea@company.com"), (reset, "no@company.com")] {
        let ask = || post(app, path, json!({ "emailAddress": email }));
        for answer in futures_util::future::join_all((0..9).map(|_| ask())).await {
            assert_eq!(answer.expect(200).text(), "{}", "{path} {email}");
        }
    }
    let sent = mails(app).await;
    let (_, _, token) = sent.iter().rfind(|(to, ..)| to == EMAIL).unwrap();
    let _ = verify(app, token.as_ref().unwrap()).await.expect(200);
}
