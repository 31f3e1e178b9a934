//! Points in time, UTC, whole microseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time, in UTC with microseconds: what both engines can store and compare.
///
/// Its text form is RFC 3339 with exactly six digits of fraction, so that text order is time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Year 1, the earliest point that an API date can name ("not set").
    pub const MIN: Self = Self(time::macros::datetime!(0001-01-01 0:00 UTC));
    /// The last microsecond of year 9999.
    pub const MAX: Self = Self(time::macros::datetime!(9999-12-31 23:59:59.999_999 UTC));

    /// Converts to UTC and cuts off what is finer than a microsecond. What an offset moves out of
    /// the calendar becomes the bound that it crossed.
    #[must_use]
    pub fn new(at: OffsetDateTime) -> Self {
        let bound = if at.year() > 0 { Self::MAX } else { Self::MIN };
        let Some(at) = at.checked_to_offset(UtcOffset::UTC) else { return bound };
        let micros = at.nanosecond() / 1_000 * 1_000;
        Self(at.replace_nanosecond(micros).unwrap_or(at))
    }
    /// The time as the `time` crate has it.
    #[must_use]
    pub fn get(self) -> OffsetDateTime {
        self.0
    }
    /// Later by a duration; stays at [`Self::MAX`] beyond it.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        self.0.checked_add(by).map_or(Self::MAX, Self::new)
    }
    /// How long after `earlier` this is; negative if before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
    /// Reads RFC 3339.
    ///
    /// # Errors
    /// Whatever the `time` crate says of other text.
    pub fn parse(text: &str) -> Result<Self, time::error::Parse> {
        OffsetDateTime::parse(text, &Rfc3339).map(Self::new)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.microsecond()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_six_digits_and_reads_back() {
        let at = Timestamp::parse("2026-01-02T03:04:05.1234567+02:00").expect("valid");
        assert_eq!(at.to_string(), "2026-01-02T01:04:05.123456Z");
        assert_eq!(Timestamp::parse(&at.to_string()).expect("own form"), at);
        assert_eq!(Timestamp::MAX.plus(Duration::days(1)), Timestamp::MAX);
    }

    #[test]
    fn an_offset_can_not_leave_the_calendar() {
        let after = Timestamp::parse("9999-12-31T23:59:59-01:00").expect("valid");
        assert_eq!(after, Timestamp::MAX);
    }
}
