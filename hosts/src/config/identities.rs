//! Settings of passwords and of the tokens of sign-ins.

use std::time::Duration;

use adapters::passwords::{Cost, Threads};
use application::identities::{SignIn, Tally, Turns};
use domain::identities::LockOut;

use super::{Mode, source::Values};
use crate::http::settings::Rate;

/// How long a refresh token is good for.
const REFRESH_TOKEN: time::Duration = time::Duration::days(14);
/// The least that production may spend on a password, in KiB times passes: what OWASP advises.
const LEAST_COST: u64 = 35_840;

/// Passwords, and the tokens of sign-ins.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// What hashing a password takes.
    pub cost: Cost,
    /// Where that is done.
    pub threads: Threads,
    /// The least score of a new password; 0 for any.
    pub strength: u8,
    /// When an account is locked, and for how long.
    pub lock_out: LockOut,
    /// The least and the most that a sign-in and its like take.
    pub delay: (Duration, Duration),
    /// How long a spent refresh token can be spent again.
    pub grace: time::Duration,
    /// How long a new signing key waits until it signs.
    pub key_wait: time::Duration,
}

impl IdentitySettings {
    /// As use cases need it.
    #[must_use]
    pub fn sign_in(&self) -> SignIn {
        SignIn {
            lock_out: self.lock_out,
            delay: self.delay,
            refresh_token: REFRESH_TOKEN,
            grace: self.grace,
            turns: Turns::default(),
            refusals: Tally::default(),
            mails: Tally::default(),
        }
    }
}

/// `None` if something is wrong, which is told.
pub(super) fn build(
    values: &Values,
    mode: Mode,
    wrong: &mut Vec<String>,
) -> Option<IdentitySettings> {
    let small = |name| u32::try_from(values.number(name)).unwrap_or(u32::MAX);
    let seconds = |number| time::Duration::seconds(i64::try_from(number).unwrap_or(i64::MAX));
    let cool_down = if cfg!(feature = "testing-only") { 300 } else { 600 };
    Some(IdentitySettings {
        cost: cost(values, mode, wrong)?,
        threads: threads(values),
        strength: u8::try_from(small("GROUNDWORK_PASSWORD_STRENGTH")).unwrap_or(u8::MAX),
        lock_out: LockOut {
            max_failed: small("GROUNDWORK_SIGN_IN_MAX_FAILED"),
            cool_down: seconds(
                given(values, "GROUNDWORK_SIGN_IN_COOL_DOWN_SECONDS").unwrap_or(cool_down),
            ),
        },
        delay: delay(values, mode, wrong)?,
        grace: seconds(values.number("GROUNDWORK_REFRESH_GRACE_SECONDS")),
        key_wait: seconds(values.number("GROUNDWORK_SIGNING_KEY_WAIT_SECONDS")),
    })
}

/// How often one address may ask for what a password or a token proves.
pub(super) fn rate(values: &Values) -> Option<Rate> {
    let usual = if cfg!(feature = "testing-only") { 0 } else { 10 };
    let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let per_second = given(values, "GROUNDWORK_SIGN_IN_RATE_PER_SECOND").unwrap_or(usual);
    let burst = small(values.number("GROUNDWORK_SIGN_IN_RATE_BURST"));
    (per_second > 0).then(|| Rate { per_second: small(per_second), burst })
}

/// A number that has no default.
fn given(values: &Values, name: &str) -> Option<u64> {
    values.text(name)?.parse().ok()
}

fn cost(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> Option<Cost> {
    let [memory, passes, lanes] = [
        "GROUNDWORK_PASSWORD_MEMORY_KIB",
        "GROUNDWORK_PASSWORD_PASSES",
        "GROUNDWORK_PASSWORD_LANES",
    ]
    .map(|name| values.number(name));
    if mode == Mode::Production && memory * passes < LEAST_COST {
        wrong.push(format!(
            "GROUNDWORK_PASSWORD_MEMORY_KIB times GROUNDWORK_PASSWORD_PASSES must be {LEAST_COST} \
             or more in production."
        ));
    }
    let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let cost = Cost::new(small(memory), small(passes), small(lanes));
    if cost.is_none() {
        wrong.push("GROUNDWORK_PASSWORD_MEMORY_KIB must be 8 or more for each lane.".to_owned());
    }
    cost
}

fn threads(values: &Values) -> Threads {
    let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let cores = || std::thread::available_parallelism().map_or(2, usize::from);
    Threads {
        count: given(values, "GROUNDWORK_PASSWORD_THREADS").map_or_else(cores, count),
        waiting: count(values.number("GROUNDWORK_PASSWORD_WAITING")),
    }
}

fn delay(values: &Values, mode: Mode, wrong: &mut Vec<String>) -> Option<(Duration, Duration)> {
    let waits = mode == Mode::Production && !cfg!(feature = "testing-only");
    let usual = if waits { (1500, 4000) } else { (0, 0) };
    let least = given(values, "GROUNDWORK_SIGN_IN_DELAY_LEAST_MILLISECONDS").unwrap_or(usual.0);
    let most = given(values, "GROUNDWORK_SIGN_IN_DELAY_MOST_MILLISECONDS");
    let most = most.unwrap_or_else(|| usual.1.max(least));
    if least > most {
        wrong.push(
            "GROUNDWORK_SIGN_IN_DELAY_LEAST_MILLISECONDS must not be more than \
             GROUNDWORK_SIGN_IN_DELAY_MOST_MILLISECONDS."
                .to_owned(),
        );
        return None;
    }
    Some((Duration::from_millis(least), Duration::from_millis(most)))
}
