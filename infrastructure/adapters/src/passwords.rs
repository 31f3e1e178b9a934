//! Passwords: argon2id (RFC 9106) on threads of its own.

mod phc;
mod pool;

use application::{
    Result,
    ports::{PasswordHasher, PasswordStrength, Verdict},
};
use async_trait::async_trait;
use domain::identities::{Password, PasswordHash};
use zxcvbn::Score;

use phc::Phc;
use pool::{Job, Pool};

pub use phc::Cost;
pub use pool::Threads;

/// Hashes passwords with the parameters of today, and compares them with any hash that carries its
/// own.
pub struct Argon2Hasher {
    cost: Cost,
    pool: Pool,
    /// Made of no password, so that none fits.
    nobody: Phc,
}

impl Argon2Hasher {
    /// With these parameters, on these threads. They end with this value.
    ///
    /// # Errors
    /// If the operating system gives no threads.
    pub fn start(cost: Cost, threads: Threads) -> std::io::Result<Self> {
        Ok(Self { cost, pool: Pool::start(threads)?, nobody: Phc::of_nobody(cost) })
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash> {
        let (cost, salt) = (self.cost, crate::ids::random());
        let output = self.pool.run(Job { password: password.clone(), cost, salt }).await?;
        Ok(Phc { cost, salt, output }.write())
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<Verdict> {
        let known = hash.and_then(Phc::read);
        let Phc { cost, salt, output } = known.unwrap_or(self.nobody);
        let computed = self.pool.run(Job { password: password.clone(), cost, salt }).await?;
        let same = aws_lc_rs::constant_time::verify_slices_are_equal(&computed, &output).is_ok();
        Ok(match known {
            Some(_) if same && cost == self.cost => Verdict::Right,
            Some(_) if same => Verdict::Outdated,
            _ => Verdict::Wrong,
        })
    }
}

/// Judges passwords as people who guess them would; nothing leaves the process.
#[derive(Clone, Copy, Debug)]
pub struct Zxcvbn {
    least: Score,
}

impl Zxcvbn {
    /// Refuses what scores less than this, from 1 (keeps off only the slowest guessing) to 4.
    #[must_use]
    pub fn at_least(score: u8) -> Self {
        Self { least: Score::try_from(score.clamp(1, 4)).unwrap_or(Score::Four) }
    }
}

impl PasswordStrength for Zxcvbn {
    fn is_guessable(&self, password: &Password, about: &[&str]) -> bool {
        zxcvbn::zxcvbn(password.expose(), about).score() < self.least
    }
}

/// Takes every password that keeps the rules.
#[derive(Clone, Copy, Debug)]
pub struct Unjudged;

impl PasswordStrength for Unjudged {
    fn is_guessable(&self, _password: &Password, _about: &[&str]) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
