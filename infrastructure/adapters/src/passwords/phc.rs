//! Hashes as they are stored: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<output>`.

use argon2::{Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use domain::identities::PasswordHash;

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of what is computed.
pub(super) const OUTPUT: usize = 32;
/// More memory than this is no hash of ours: reading one must not exhaust the machine.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 100;
const MOST_LANES: u32 = 16;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// So many KiB of memory, so many passes over it, in so many lanes. `None` if argon2 has no
    /// such parameters: it takes 8 KiB or more for each lane.
    #[must_use]
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Option<Self> {
        let bounded = memory <= MOST_MEMORY && passes <= MOST_PASSES && lanes <= MOST_LANES;
        let cost = Self { memory, passes, lanes };
        (bounded && cost.params().is_some()).then_some(cost)
    }
    /// Blocks of memory that computing it takes.
    pub(super) fn blocks(self) -> usize {
        self.params().map_or(0, |params| params.block_count())
    }
    pub(super) fn argon2(self) -> Option<Argon2<'static>> {
        Some(Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, self.params()?))
    }
    fn params(self) -> Option<Params> {
        Params::new(self.memory, self.passes, self.lanes, Some(OUTPUT)).ok()
    }
}

/// A hash with everything that it takes to compute it again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Phc {
    pub cost: Cost,
    pub salt: [u8; SALT],
    pub output: [u8; OUTPUT],
}

impl Phc {
    /// Random output, of no password that anybody knows.
    pub fn of_nobody(cost: Cost) -> Self {
        Self { cost, salt: crate::ids::random(), output: crate::ids::random() }
    }

    /// `None` for what we never write.
    pub fn read(hash: &PasswordHash) -> Option<Self> {
        let mut parts = hash.expose().split('$');
        let begin = (parts.next()?, parts.next()?, parts.next()?);
        if begin != ("", "argon2id", "v=19") {
            return None;
        }
        let mut cost = parts.next()?.split(',');
        let mut number = |name: &str| cost.next()?.strip_prefix(name)?.parse().ok();
        let cost = Cost::new(number("m=")?, number("t=")?, number("p=")?)?;
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).ok();
        let salt = bytes(parts.next()?)?.try_into().ok()?;
        let output = bytes(parts.next()?)?.try_into().ok()?;
        parts.next().is_none().then_some(Self { cost, salt, output })
    }

    pub fn write(&self) -> PasswordHash {
        let Cost { memory, passes, lanes } = self.cost;
        let (salt, output) =
            (STANDARD_NO_PAD.encode(self.salt), STANDARD_NO_PAD.encode(self.output));
        PasswordHash::new(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}"))
    }
}
