//! Guests are invited, and register.

use acceptance::{Answer, Person, TestApp, on_every_deployment, registrations::ann};
use application::{Call, Caller};
use domain::kernel::{EmailAddress, UserId};
use futures_util::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::identities::{mails, post, registration};

on_every_deployment!(
    a_guest_registers_with_its_token,
    a_guest_registers_with_another_address,
    a_guest_registers_without_its_token,
    another_invitation_replaces_the_first,
    what_comes_again_with_its_key_is_answered_as_before,
    whoever_is_invited_by_many_is_one_guest,
    an_invitation_is_good_for_two_weeks,
    tokens_of_invitations_are_judged,
    who_is_registered_is_not_invited,
    a_token_is_no_way_around_the_rules,
    an_erased_guest_is_unknown,
);

const GUEST: &str = "bob.smith+cars@company.com";

/// Somebody who invites.
async fn inviter(app: &TestApp) -> Person {
    let ann = app.registered(ann("ann@company.com")).await;
    let _ = mails(app).await;
    ann
}

async fn invite(app: &TestApp, by: &Person, email: &str) -> Value {
    let answer = app.post("/invitations").by(by).json(&json!({ "email": email })).send().await;
    answer.expect(200).json()["invitation"].clone()
}

/// Invites somebody; the token that is mailed.
async fn invited(app: &TestApp, by: &Person, email: &str) -> String {
    let _ = invite(app, by, email).await;
    mailed(app, email).await
}

async fn mailed(app: &TestApp, email: &str) -> String {
    let mails = mails(app).await;
    let [(to, subject, Some(token))] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(to, email);
    assert!(subject.starts_with("Welcome to"), "{subject}");
    token.clone()
}

async fn verify(app: &TestApp, token: &str) -> Answer {
    app.get(&format!("/invitations/{token}/verify")).send().await
}

async fn resend(app: &TestApp, by: &Person, token: &str) -> Answer {
    app.post(&format!("/invitations/{token}/resend")).by(by).json(&json!({})).send().await
}

fn with_token(email: &str, token: &str) -> Value {
    let mut registration = registration(email);
    registration["invitationToken"] = json!(token);
    registration
}

async fn registered(app: &TestApp, registration: Value) -> String {
    let answer = post(app, "/credentials/register", registration).await.expect(200).json();
    assert_eq!(answer["person"]["user"]["status"], "registered");
    answer["person"]["user"]["id"].as_str().unwrap().to_owned()
}

/// The id of the guest who was invited at an address.
async fn guest(app: &TestApp, email: &str) -> Option<String> {
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let email = EmailAddress::parse(email).unwrap();
    app.ports().guest_of(&call, &email).await.unwrap().map(|guest| guest.id)
}

async fn a_guest_registers_with_its_token(app: &TestApp) {
    let ann = inviter(app).await;
    let shown = json!({"emailAddress": GUEST, "firstName": "Bob", "lastName": "Smith"});
    assert_eq!(invite(app, &ann, GUEST).await, shown);
    let token = mailed(app, GUEST).await;
    let verified = verify(app, &token).await.expect(200);
    assert_eq!(verified.json(), json!({ "invitation": shown }));
    let guest = guest(app, GUEST).await.unwrap();
    let known = app.inspected(&UserId::parse(&guest).unwrap()).await;
    assert_eq!((&known["status"], &known["roles"]), (&json!("unregistered"), &json!([])));
    assert_eq!(registered(app, with_token(GUEST, &token)).await, guest);
    app.settle().await;
    let known = app.inspected(&UserId::parse(&guest).unwrap()).await;
    assert_eq!(known["roles"], json!(["platform_standard"]));
    assert_eq!(known["memberships"].as_array().map(Vec::len), Some(1));
    let _ = verify(app, &token).await.problem(404);
    let _ = resend(app, &ann, &token).await.problem(404);
}

async fn a_guest_registers_with_another_address(app: &TestApp) {
    let ann = inviter(app).await;
    let token = invited(app, &ann, GUEST).await;
    let first = guest(app, GUEST).await.unwrap();
    assert_eq!(registered(app, with_token("bob@home.org", &token)).await, first);
    let _ = verify(app, &token).await.problem(404);
    // Nobody has the first address now.
    assert_eq!(guest(app, GUEST).await, None);
    let _ = mails(app).await;
    let token = invited(app, &ann, GUEST).await;
    let second = guest(app, GUEST).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(registered(app, with_token(GUEST, &token)).await, second);
    app.settle().await;
}

async fn a_guest_registers_without_its_token(app: &TestApp) {
    let ann = inviter(app).await;
    let token = invited(app, &ann, GUEST).await;
    let first = guest(app, GUEST).await.unwrap();
    assert_eq!(registered(app, registration(&GUEST.to_uppercase())).await, first);
    let _ = verify(app, &token).await.problem(404);
    app.settle().await;
    let invited = invite(app, &ann, GUEST).await;
    assert_eq!(invited["firstName"], "Ann", "as the profile has it: {invited}");
}

async fn another_invitation_replaces_the_first(app: &TestApp) {
    let ann = inviter(app).await;
    let first = invited(app, &ann, GUEST).await;
    let known = guest(app, GUEST).await;
    assert_eq!(resend(app, &ann, &first).await.expect(200).text(), "{}");
    let second = mailed(app, GUEST).await;
    let third = invited(app, &ann, GUEST).await;
    for token in [&first, &second] {
        let _ = verify(app, token).await.problem(404);
        let _ = resend(app, &ann, token).await.problem(404);
    }
    let _ = verify(app, &third).await.expect(200);
    assert_eq!(guest(app, GUEST).await, known);
    // A token that is good no longer is as good as none.
    let other = registered(app, with_token("eve@company.com", &first)).await;
    assert_ne!(Some(other), known);
    app.settle().await;
}

async fn what_comes_again_with_its_key_is_answered_as_before(app: &TestApp) {
    let ann = inviter(app).await;
    let send = |path: String, body: Value, key: &'static str| {
        app.post(&path).by(&ann).json(&body).header("idempotency-key", key).send()
    };
    let body = |email: &str| json!({ "email": email });
    let path = || "/invitations".to_owned();
    let first = send(path(), body(GUEST), "k1").await.expect(200).text();
    assert_eq!(send(path(), body(GUEST), "k1").await.expect(200).text(), first);
    // Another request is not the first one, whoever was invited meanwhile.
    let token = mailed(app, GUEST).await;
    let _ = invited(app, &ann, "eve@company.com").await;
    let _ = send(path(), body("eve@company.com"), "k1").await.problem(422);
    let resend = format!("/invitations/{token}/resend");
    for _ in 0..2 {
        let _ = send(resend.clone(), json!({}), "k2").await.expect(200);
    }
    let _ = mailed(app, GUEST).await;
    let _ = send(resend, json!({}), "k3").await.problem(404);
}

async fn whoever_is_invited_by_many_is_one_guest(app: &TestApp) {
    let ann = inviter(app).await;
    let spelled = ["Bob@Company.com", "bob@company.com", "BOB@COMPANY.COM"];
    let body = |email: &str| json!({ "email": email });
    let tries =
        spelled.iter().map(|email| app.post("/invitations").by(&ann).json(&body(email)).send());
    for answer in join_all(tries).await {
        assert_eq!(answer.expect(200).json()["invitation"]["emailAddress"], "bob@company.com");
    }
    app.settle().await;
    let rows = app.log().rows().await;
    let begun = rows.iter().filter(|row| row.aggregate_type == "end_user" && row.sequence == 1);
    assert_eq!(begun.count(), 2, "the one who invites and the guest");
    // The last one is good.
    let mut good = 0;
    for (_, _, token) in mails(app).await {
        good += usize::from(verify(app, &token.unwrap()).await.status == 200);
    }
    assert_eq!(good, 1);
}

async fn an_invitation_is_good_for_two_weeks(app: &TestApp) {
    let ann = inviter(app).await;
    let token = invited(app, &ann, GUEST).await;
    let known = guest(app, GUEST).await;
    app.clock.advance(Duration::days(14) - Duration::seconds(1));
    let _ = verify(app, &token).await.expect(200);
    app.clock.advance(Duration::seconds(1));
    let ann = app.signed_in(&ann.user).await;
    assert_eq!(verify(app, &token).await.problem(405)["code"], "invitation_expired");
    let late = post(app, "/credentials/register", with_token(GUEST, &token)).await;
    let _ = late.problem(405);
    let again = resend(app, &ann, &token).await.problem(400);
    assert_eq!(again["code"], "invitation_not_renewable");
    let token = invited(app, &ann, GUEST).await;
    assert_eq!(guest(app, GUEST).await, known);
    assert_eq!(Some(registered(app, with_token(GUEST, &token)).await), known);
    app.settle().await;
}

async fn tokens_of_invitations_are_judged(app: &TestApp) {
    let ann = inviter(app).await;
    let _ = invited(app, &ann, GUEST).await;
    let unknown = "a".repeat(43);
    let _ = verify(app, &unknown).await.problem(404);
    let _ = resend(app, &ann, &unknown).await.problem(404);
    for answer in [verify(app, "a-secret").await, resend(app, &ann, "a-secret").await] {
        assert!(!answer.text().contains("-secret"), "{answer}");
        let _ = answer.problem(400);
    }
    for email in [json!(null), json!("bob")] {
        let body = json!({ "email": email });
        let _ = app.post("/invitations").by(&ann).json(&body).send().await.problem(400);
    }
}

async fn who_is_registered_is_not_invited(app: &TestApp) {
    let ann = inviter(app).await;
    let before = app.head().await;
    let shown = json!({
        "emailAddress": "ann@company.com", "firstName": "Ann", "lastName": "Miller",
    });
    assert_eq!(invite(app, &ann, "ANN@company.com").await, shown);
    assert_eq!(mails(app).await, []);
    assert_eq!(app.head().await, before);
}

async fn a_token_is_no_way_around_the_rules(app: &TestApp) {
    let ann = inviter(app).await;
    let token = invited(app, &ann, GUEST).await;
    let hers = with_token("ann@company.com", &token);
    let answer = post(app, "/credentials/register", hers).await;
    assert_eq!(answer.problem(409)["code"], "email_taken");
    let path = "/credentials/register";
    let answer = app.post(path).by(&ann).json(&with_token(GUEST, &token)).send().await;
    assert_eq!(answer.problem(403)["code"], "invitation_not_anonymous");
    // It is as good as before.
    let _ = verify(app, &token).await.expect(200);
    let unknown = with_token("eve@company.com", &"a".repeat(43));
    let _ = registered(app, unknown).await;
    app.settle().await;
}

async fn an_erased_guest_is_unknown(app: &TestApp) {
    let ann = inviter(app).await;
    let token = invited(app, &ann, GUEST).await;
    let first = guest(app, GUEST).await.unwrap();
    let call = Call::new(Caller::maintenance(), "a test".to_owned());
    let id = UserId::parse(&first).unwrap();
    application::end_users::erase::erase(app.ports(), &call, &id).await.unwrap();
    let _ = verify(app, &token).await.problem(404);
    assert_eq!(guest(app, GUEST).await, None);
    let renewed = invited(app, &ann, GUEST).await;
    let second = guest(app, GUEST).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(registered(app, with_token(GUEST, &renewed)).await, second);
    app.settle().await;
}
