//! What the hasher promises.

use std::sync::Arc;

use domain::kernel::ErrorKind;

use super::*;

fn cheap() -> Cost {
    Cost::new(64, 1, 1).unwrap()
}

fn hasher(cost: Cost, waiting: usize) -> Argon2Hasher {
    Argon2Hasher::start(cost, Threads { count: 1, waiting }).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

#[tokio::test]
async fn the_password_of_a_hash_is_right_and_no_other() {
    let hasher = hasher(cheap(), 8);
    let hash = hasher.hash(&password("1Password!")).await.unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", hash.expose());
    let verify = async |text: &str| hasher.verify(&password(text), Some(&hash)).await.unwrap();
    assert_eq!(verify("1Password!").await, Verdict::Right);
    assert_eq!(verify("1Password?").await, Verdict::Wrong);
}

#[tokio::test]
async fn every_character_counts() {
    let hasher = hasher(cheap(), 8);
    let long = "aB3!".repeat(50);
    let hash = hasher.hash(&password(&long)).await.unwrap();
    let other = format!("{}x", &long[..199]);
    assert_eq!(hasher.verify(&password(&other), Some(&hash)).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn the_same_password_has_another_hash_each_time() {
    let hasher = hasher(cheap(), 8);
    let [one, other] = [(); 2].map(|()| password("1Password!"));
    assert_ne!(hasher.hash(&one).await.unwrap(), hasher.hash(&other).await.unwrap());
}

#[tokio::test]
async fn other_parameters_make_a_hash_outdated() {
    let hash = hasher(cheap(), 8).hash(&password("1Password!")).await.unwrap();
    let stronger = hasher(Cost::new(128, 2, 1).unwrap(), 8);
    let verdict = stronger.verify(&password("1Password!"), Some(&hash)).await.unwrap();
    assert_eq!(verdict, Verdict::Outdated);
}

#[tokio::test]
async fn without_a_hash_or_with_another_text_none_is_right() {
    let hasher = hasher(cheap(), 8);
    let long = format!("$argon2id$v=19$m=4294967295,t=1,p=1${}${}", "A".repeat(22), "A".repeat(43));
    for text in
        ["", "$2b$12$abc", "$argon2i$v=19$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=64$", &long]
    {
        let hash = PasswordHash::new(text);
        let verdict = hasher.verify(&password("1Password!"), Some(&hash)).await.unwrap();
        assert_eq!(verdict, Verdict::Wrong, "{text}");
    }
    assert_eq!(hasher.verify(&password("1Password!"), None).await.unwrap(), Verdict::Wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_queue_it_refuses_at_once() {
    let hasher = Arc::new(hasher(Cost::new(4096, 20, 1).unwrap(), 2));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let hasher = hasher.clone();
        running.spawn(async move { hasher.hash(&password("1Password!")).await });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(ended) = running.join_next().await {
        match ended.unwrap() {
            Ok(_) => done += 1,
            Err(error) => {
                assert_eq!(error.kind(), Some(ErrorKind::Unavailable));
                refused += 1;
            }
        }
    }
    assert!(done >= 2 && refused >= 1, "{done} done, {refused} refused");
}

#[test]
fn parameters_that_argon2_does_not_have_are_none() {
    for (memory, passes, lanes) in [(7, 1, 1), (8, 1, 2), (64, 0, 1), (64, 1, 0), (u32::MAX, 1, 1)]
    {
        assert_eq!(Cost::new(memory, passes, lanes), None, "{memory} {passes} {lanes}");
    }
}

#[test]
fn guessable_passwords_are_told_from_others() {
    let judge = Zxcvbn::at_least(3);
    assert!(judge.is_guessable(&password("Password1!"), &[]));
    assert!(!judge.is_guessable(&password("correct Horse battery 9 staple"), &[]));
    assert!(judge.is_guessable(&password("Annmiller1!"), &["ann", "miller", "annmiller"]));
    assert!(!Unjudged.is_guessable(&password("Password1!"), &[]));
}
