//! What a token must survive, and what must not survive as a token.

use std::sync::{
    LazyLock,
    atomic::{AtomicI64, Ordering},
};

use application::{end_users::MOST_IN_TOKEN, ports::StoredSigningKey};
use async_trait::async_trait;
use base64::engine::general_purpose::STANDARD;
use domain::kernel::OrganizationId;
use serde_json::{Value, json};

use super::*;
use crate::{
    ids::RandomIds,
    key_ring::{Duty, Turns},
    master_key::MasterKey,
    secret::Secret,
    signing_keys::SigningKey,
};

const ISSUER: &str = "http://127.0.0.1:5001";

/// A clock that stands still until it is moved.
#[derive(Default)]
struct Still(AtomicI64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z")
            .unwrap()
            .plus(Duration::seconds(self.0.load(Ordering::SeqCst)))
    }
}

#[derive(Default)]
struct Stored(std::sync::Mutex<Vec<StoredSigningKey>>);

#[async_trait]
impl application::ports::SigningKeyStore for Stored {
    async fn all(&self) -> application::Result<Vec<StoredSigningKey>> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn add(&self, key: &StoredSigningKey) -> application::Result<()> {
        let mut keys = self.0.lock().unwrap();
        if keys.iter().all(|other| other.number != key.number) {
            keys.push(key.clone());
        }
        Ok(())
    }
    async fn remove(&self, number: u32) -> application::Result<()> {
        self.0.lock().unwrap().retain(|key| key.number != number);
        Ok(())
    }
}

const TURNS: Turns =
    Turns { known_after: Duration::seconds(60), verifies_for: Duration::minutes(15) };

fn master(byte: u8) -> MasterKey {
    MasterKey::parse(&Secret::new(STANDARD.encode([byte; 32]))).unwrap()
}

fn open(store: &Arc<Stored>, key: u8) -> Result<Arc<KeyRing>, SigningKeyError> {
    open_at(store, key, Arc::new(Still::default()))
}

fn open_at(
    store: &Arc<Stored>,
    key: u8,
    clock: Arc<Still>,
) -> Result<Arc<KeyRing>, SigningKeyError> {
    let store = store.clone();
    now(async move { KeyRing::open(store, &master(key), clock, TURNS).await }).map(Arc::new)
}

/// The outcome of what never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => outcome,
        std::task::Poll::Pending => panic!("the store in memory never waits"),
    }
}

/// One key for all tests: making one is slow.
static STORE: LazyLock<Arc<Stored>> = LazyLock::new(|| {
    let store = Arc::new(Stored::default());
    open(&store, 1).unwrap();
    store
});

fn tokens(leeway: Duration) -> (Tokens, Arc<Still>) {
    let clock = Arc::new(Still::default());
    let ids = Arc::new(RandomIds::new(clock.clone()));
    let ring = open_at(&STORE, 1, clock.clone()).unwrap();
    (Tokens::new(ring, ISSUER.to_owned(), leeway, clock.clone(), ids), clock)
}

fn user() -> UserId {
    UserId::parse("user_aaaaaaaaaa").unwrap()
}

fn issue(tokens: &Tokens) -> String {
    let organization = OrganizationId::parse("org_aaaaaaaaaa").unwrap();
    tokens
        .issue(&NewToken {
            user: &user(),
            roles: &[(Role::PlatformStandard, None), (Role::TenantOwner, Some(organization))],
            features: &[(Feature::PlatformPaidTrial, None)],
            version: Some(3),
            logged_in_at: Still::default().now(),
            lifetime: Duration::minutes(15),
        })
        .unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// A token with changed parts, properly signed with our key: only its content is at fault.
fn forge(tokens: &Tokens, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let good = issue(tokens);
    let (mut header, mut claims) = (part(&good, 0), part(&good, 1));
    change(&mut header, &mut claims);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = tokens.keys.signer().unwrap().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn what_is_issued_is_verified_again_and_again() {
    let (tokens, _) = tokens(Duration::ZERO);
    let token = issue(&tokens);
    for _ in 0..3 {
        let verified = tokens.verify(&token).unwrap();
        assert_eq!(verified.version, Some(3));
        let caller = &verified.caller;
        assert_eq!((&caller.id, caller.kind), (&user(), CallerKind::User));
        assert!(caller.roles.iter().any(|(role, _)| *role == Role::TenantMember), "expanded");
        assert!(caller.features.contains(&(Feature::PlatformBasic, None)));
    }
}

#[test]
fn the_longest_token_that_is_made_is_not_too_long() {
    let (tokens, _) = tokens(Duration::ZERO);
    let organization = |n| OrganizationId::parse(&format!("org_{n:0>22}")).unwrap();
    let all = || (0..MOST_IN_TOKEN).map(organization);
    let roles: Vec<_> = all().map(|own| (Role::TenantBillingAdmin, Some(own))).collect();
    let features: Vec<_> = all().map(|own| (Feature::TenantPaid3, Some(own))).collect();
    let (user, version, lifetime) = (&user(), None, Duration::minutes(15));
    let logged_in_at = Still::default().now();
    let (roles, features) = (roles.as_slice(), features.as_slice());
    let new = NewToken { user, roles, features, version, logged_in_at, lifetime };
    let verified = tokens.verify(&tokens.issue(&new).unwrap()).unwrap();
    assert_eq!(verified.caller.organizations, all().collect::<Vec<_>>());
}

#[test]
fn the_payload_has_the_agreed_form() {
    let (tokens, clock) = tokens(Duration::ZERO);
    let token = issue(&tokens);
    let claims = part(&token, 1);
    let now = clock.now().get().unix_timestamp();
    assert_eq!(part(&token, 0)["alg"], "RS256");
    assert_eq!(part(&token, 0)["kid"], tokens.keys.signer().unwrap().kid());
    assert_eq!(claims["sub"], "user_aaaaaaaaaa");
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(ISSUER)));
    assert_eq!((&claims["iat"], &claims["auth_time"]), (&json!(now), &json!(now)));
    assert_eq!(claims["exp"], now + 900);
    assert!(claims["jti"].is_string() && claims.get("nbf").is_none());
    assert_eq!(
        claims["http://schemas.microsoft.com/ws/2008/06/identity/claims/role"],
        json!([
            "Platform_platform_standard",
            "Tenant_tenant_owner#|#org_aaaaaaaaaa",
            "Tenant_tenant_member#|#org_aaaaaaaaaa"
        ])
    );
}

#[test]
fn a_token_ends_when_its_time_is_over_even_if_it_was_verified_before() {
    let (tokens, clock) = tokens(Duration::seconds(30));
    let token = issue(&tokens);
    tokens.verify(&token).unwrap();
    clock.0.store(15 * 60 + 29, Ordering::SeqCst);
    tokens.verify(&token).unwrap();
    clock.0.store(15 * 60 + 30, Ordering::SeqCst);
    assert!(matches!(tokens.verify(&token), Err(TokenError::OutOfTime)));
}

#[test]
fn a_token_from_the_future_is_refused() {
    let (tokens, _) = tokens(Duration::seconds(30));
    let token = forge(&tokens, |_, claims| {
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 31);
    });
    assert!(matches!(tokens.verify(&token), Err(TokenError::OutOfTime)));
}

#[test]
fn an_unsigned_token_is_refused() {
    let (tokens, _) = tokens(Duration::ZERO);
    for name in ["none", "None", "NONE", "nOnE"] {
        let token = forge(&tokens, |header, _| header["alg"] = json!(name));
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(tokens.verify(&token).is_err(), "{name}");
        assert!(tokens.verify(&unsigned).is_err(), "{name}, no signature");
    }
}

#[test]
fn our_public_key_is_no_shared_secret() {
    let (tokens, _) = tokens(Duration::ZERO);
    let good = issue(&tokens);
    let mut header = part(&good, 0);
    header["alg"] = json!("HS256");
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        good.split('.').nth(1).unwrap()
    );
    let signer = tokens.keys.signer().unwrap();
    let public = signer.verifier().try_get_as_bytes().unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public);
    let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
    assert!(tokens.verify(&token).is_err());
}

#[test]
fn other_algorithms_of_the_same_key_are_refused() {
    let (tokens, _) = tokens(Duration::ZERO);
    for name in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "HS512", "rs256"] {
        let token = forge(&tokens, |header, _| header["alg"] = json!(name));
        assert!(tokens.verify(&token).is_err(), "{name}");
    }
}

#[test]
fn another_key_is_refused_even_under_our_key_id() {
    let (tokens, clock) = tokens(Duration::ZERO);
    let stranger = Arc::new(KeyRing::of(SigningKey::generate().unwrap(), clock.clone()));
    let ids = Arc::new(RandomIds::new(clock.clone()));
    let foreign = Tokens::new(stranger, ISSUER.to_owned(), Duration::ZERO, clock, ids);
    let token = issue(&foreign);
    assert!(matches!(tokens.verify(&token), Err(TokenError::UnknownKey)));
    let ours = tokens.keys.signer().unwrap();
    let token = forge(&foreign, |header, _| header["kid"] = json!(ours.kid()));
    assert!(matches!(tokens.verify(&token), Err(TokenError::Invalid(_))));
}

#[test]
fn a_missing_or_embedded_key_is_refused() {
    let (tokens, _) = tokens(Duration::ZERO);
    let token = forge(&tokens, |header, _| {
        header.as_object_mut().unwrap().remove("kid");
    });
    assert!(matches!(tokens.verify(&token), Err(TokenError::UnknownKey)));
    let token = forge(&tokens, |header, _| header["crit"] = json!(["exp"]));
    assert!(matches!(tokens.verify(&token), Err(TokenError::Malformed(_))));
}

#[test]
fn wrong_or_missing_claims_are_refused() {
    let (tokens, _) = tokens(Duration::ZERO);
    for (name, values) in [
        ("iss", vec![json!("http://evil"), json!(["http://evil"]), Value::Null, json!(1)]),
        ("aud", vec![json!("http://evil"), json!([]), Value::Null]),
        ("exp", vec![json!("soon"), Value::Null, json!(0), json!(-1)]),
        ("sub", vec![json!(UserId::MAINTENANCE), json!(""), Value::Null, json!("nobody")]),
    ] {
        for value in values {
            let token = forge(&tokens, |_, claims| claims[name] = value.clone());
            assert!(tokens.verify(&token).is_err(), "{name} = {value}");
            let token = forge(&tokens, |_, claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert!(tokens.verify(&token).is_err(), "without {name}");
        }
    }
}

#[test]
fn every_changed_character_is_noticed() {
    let (tokens, _) = tokens(Duration::ZERO);
    let good = issue(&tokens);
    for at in (0..good.len()).step_by(7) {
        let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut token = good.clone();
        token.replace_range(at..=at, other);
        assert!(tokens.verify(&token).is_err(), "at {at}");
    }
    for text in ["", ".", "..", "...", "a.b.c", "é.é.é", &good[1..], &format!("{good}.x")] {
        assert!(tokens.verify(text).is_err(), "{text}");
    }
    assert!(tokens.verify(&"a".repeat(MAX_BYTES + 1)).is_err());
}

#[test]
fn keys_are_made_once_and_open_only_under_their_master_key() {
    let store = Arc::new(Stored::default());
    let first = open(&store, 1).unwrap().signer().unwrap().kid().to_owned();
    assert_eq!(open(&store, 1).unwrap().signer().unwrap().kid(), first);
    assert!(matches!(open(&store, 2), Err(SigningKeyError::OtherMasterKey(kid)) if kid == first));
    let mut moved = store.0.lock().unwrap()[0].clone();
    moved.kid = "another".to_owned();
    assert!(open(&Arc::new(Stored(vec![moved].into())), 1).is_err(), "the key id is authenticated");
}

fn seconds(clock: &Still, seconds: i64) {
    clock.0.store(seconds, Ordering::SeqCst);
}

#[test]
fn a_new_key_signs_when_all_know_it_and_the_old_one_verifies_until_its_tokens_have_ended() {
    let (store, clock) =
        (Arc::new(Stored(STORE.0.lock().unwrap().clone().into())), Arc::new(Still::default()));
    let ring = open_at(&store, 1, clock.clone()).unwrap();
    let old = ring.signer().unwrap().kid().to_owned();
    let new = now(ring.rotate()).unwrap();
    assert_eq!(new.duty, Duty::Waits(clock.now().plus(TURNS.known_after)));
    seconds(&clock, 59);
    assert_eq!(ring.signer().unwrap().kid(), old);
    assert!(ring.find(&new.kid).is_some(), "it verifies before it signs");
    seconds(&clock, 60);
    assert_eq!(ring.signer().unwrap().kid(), new.kid);
    seconds(&clock, 60 + 15 * 60 - 1);
    assert!(ring.find(&old).is_some());
    seconds(&clock, 60 + 15 * 60);
    assert!(ring.find(&old).is_none());
    let duties: Vec<_> = now(ring.list()).unwrap().into_iter().map(|key| key.duty).collect();
    assert_eq!(duties, [Duty::Retired, Duty::Signs]);
    let third = now(ring.rotate()).unwrap();
    let kids: Vec<_> = now(ring.list()).unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, [new.kid, third.kid], "retired keys are forgotten");
}

#[test]
fn a_process_that_runs_gets_to_know_a_key_that_another_made() {
    let (store, clock) =
        (Arc::new(Stored(STORE.0.lock().unwrap().clone().into())), Arc::new(Still::default()));
    let [one, other] = [(); 2].map(|()| open_at(&store, 1, clock.clone()).unwrap());
    let new = now(one.rotate()).unwrap();
    assert!(other.find(&new.kid).is_none());
    now(other.look_for_unknown());
    assert!(other.find(&new.kid).is_some());
    // Looking is bounded, whatever tokens name.
    let newer = now(one.rotate()).unwrap();
    now(other.look_for_unknown());
    assert!(other.find(&newer.kid).is_none());
    now(other.reload()).unwrap();
    assert!(other.find(&newer.kid).is_some());
}
