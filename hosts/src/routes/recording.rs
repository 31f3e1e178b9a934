//! Recording on behalf of other hosts.

use application::recording::{measure::RecordMeasure, usage::RecordUse};

use crate::http::route::{Route, post};

/// Everything that is recorded.
pub const ROUTES: &[Route] = &[
    post::<RecordMeasure>("/record/measure").unrecorded(),
    post::<RecordUse>("/record/use").unrecorded(),
];
