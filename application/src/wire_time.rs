//! Dates as answers show them.

use domain::kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::input::RawDate;

/// A point in time on the wire: ISO 8601, UTC, the fraction up to 7 digits without trailing zeros.
/// What can't be read is year 1, which stands for "not set".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireTime(OffsetDateTime);

impl WireTime {
    fn new(at: OffsetDateTime) -> Self {
        Self(at.checked_to_offset(UtcOffset::UTC).unwrap_or_else(|| Timestamp::new(at).get()))
    }
}

impl From<Timestamp> for WireTime {
    fn from(at: Timestamp) -> Self {
        Self(at.get())
    }
}

impl From<WireTime> for Timestamp {
    fn from(at: WireTime) -> Self {
        Self::new(at.0)
    }
}

impl From<&RawDate> for WireTime {
    fn from(date: &RawDate) -> Self {
        date.exact().map_or(Self(Timestamp::MIN.get()), Self::new)
    }
}

impl std::fmt::Display for WireTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )?;
        let fraction = format!("{:07}", time.nanosecond() / 100);
        let digits = fraction.trim_end_matches('0');
        if !digits.is_empty() {
            write!(f, ".{digits}")?;
        }
        f.write_str("Z")
    }
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawDate::deserialize(deserializer).map(|date| Self::from(&date))
    }
}

impl PartialSchema for WireTime {
    fn schema() -> RefOr<Schema> {
        RawDate::schema()
    }
}

impl ToSchema for WireTime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_has_up_to_seven_digits_and_no_trailing_zeros() {
        for (sent, shown) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.1000Z", "2026-01-02T03:04:05.1Z"),
            ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.1234567Z"),
            ("2026-01-02T03:04:05.0000001Z", "2026-01-02T03:04:05.0000001Z"),
            ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z"),
            ("1767323045", "2026-01-02T03:04:05Z"),
            ("tomorrow", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999Z"),
        ] {
            let time = WireTime::from(&RawDate::Text(sent.into()));
            assert_eq!(time.to_string(), shown, "{sent}");
        }
        let time: WireTime = serde_json::from_str("1767323045").expect("unix seconds");
        assert_eq!(time.to_string(), "2026-01-02T03:04:05Z");
    }
}
