//! Secrets from the cryptographic random generator.

use std::time::Duration;

use application::ports::Secrets;
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::identities::TokenHash;

use crate::ids::random;

/// Draws from the operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(random::<32>())
    }
    fn between(&self, least: Duration, most: Duration) -> Duration {
        let share = f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX);
        least + most.saturating_sub(least).mul_f64(share)
    }
    fn hash(&self, token: &str) -> TokenHash {
        TokenHash::new(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::random_token::is_random_token;

    use super::*;

    #[test]
    fn tokens_have_the_form_that_requests_are_checked_for() {
        let made: std::collections::HashSet<_> = (0..1000).map(|_| RandomSecrets.token()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|token| token.len() == 43 && is_random_token(token)));
    }

    #[test]
    fn the_hash_of_a_token_is_its_sha_256() {
        let expected = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(RandomSecrets.hash("abc").as_str(), expected);
    }

    #[test]
    fn durations_keep_their_bounds() {
        let [least, most] = [1500, 4000].map(Duration::from_millis);
        for _ in 0..1000 {
            let drawn = RandomSecrets.between(least, most);
            assert!((least..=most).contains(&drawn), "{drawn:?}");
        }
        assert_eq!(RandomSecrets.between(Duration::ZERO, Duration::ZERO), Duration::ZERO);
        assert_eq!(RandomSecrets.between(most, least), most);
    }
}
