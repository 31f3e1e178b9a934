//! Reading the period of an unavailability.

use domain::kernel::{TimeSlot, Timestamp};

use crate::{
    Error, Result,
    error::FieldError,
    input::{Field, Fields, RawDate, date},
};

/// Reads id and period together, so that every failing field is reported: the start must be after
/// `now`, the end after the start.
///
/// # Errors
/// [`Error::Validation`].
pub fn parse_with_slot<T>(
    id: Field<T>,
    from: Option<&RawDate>,
    to: Option<&RawDate>,
    now: Timestamp,
) -> Result<(T, TimeSlot)> {
    let start = date("fromUtc", from).and_then(|start| {
        if start > now {
            Ok(start)
        } else {
            Err(refused("The fromUtc must be in the future", from))
        }
    });
    let end = date("toUtc", to).and_then(|end| match from.and_then(RawDate::read) {
        Some(start) if end <= start => Err(refused("The toUtc must be after the fromUtc", to)),
        _ => Ok(end),
    });
    let (id, start, end) = (id, start, end).values().map_err(Error::Validation)?;
    Ok((id, TimeSlot::new(start, end)?))
}

fn refused(reason: &str, date: Option<&RawDate>) -> FieldError {
    FieldError {
        reason: reason.to_owned(),
        rule: "GreaterThanValidator",
        value: date.map(Into::into),
    }
}
