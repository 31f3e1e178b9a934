//! Bad proofs of third parties: anybody can send those without end.

use std::sync::{Mutex, PoisonError};

use application::ports::Proof;
use domain::kernel::Timestamp;

/// Bad proofs of one minute that are audited.
const AUDITED: u32 = 20;

/// Counts the bad proofs of one sort.
#[derive(Debug, Default)]
pub struct Flood {
    /// The minute, and how many it has.
    bad: Mutex<(i64, u32)>,
}

impl Flood {
    /// What was found of a proof; only the first bad ones of a minute need an audit each.
    pub fn judged(&self, is_good: bool, now: Timestamp) -> Proof {
        if is_good { Proof::Good } else { Proof::Bad { counted: self.counted(now) } }
    }

    fn counted(&self, now: Timestamp) -> bool {
        let minute = now.get().unix_timestamp() / 60;
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        if bad.0 != minute {
            *bad = (minute, 0);
        }
        bad.1 = bad.1.saturating_add(1);
        bad.1 > AUDITED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(time::OffsetDateTime::from_unix_timestamp(seconds).unwrap())
    }

    #[test]
    fn a_flood_is_not_audited_one_by_one() {
        let flood = Flood::default();
        let bad = (0..1000).map(|_| flood.judged(false, at(0)));
        assert_eq!(bad.filter(|proof| *proof == Proof::Bad { counted: false }).count(), 20);
        assert_eq!(flood.judged(true, at(1)), Proof::Good);
        assert_eq!(flood.judged(false, at(59)), Proof::Bad { counted: true });
        assert_eq!(flood.judged(false, at(60)), Proof::Bad { counted: false });
    }
}
