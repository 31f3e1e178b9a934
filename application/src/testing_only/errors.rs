//! Refusals and faults.

use domain::kernel::ErrorKind;
use serde::Deserialize;

use super::StringMessageTestingOnlyResponse;
use crate::{App, Call, Error, Policy, Result, UseCase};

/// Tests the use of an error
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ErrorsErrorTestingOnly {}

impl UseCase for ErrorsErrorTestingOnly {
    const NAME: &'static str = "testing_only.errors_error";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Err(Error::refused(ErrorKind::Exists, "exists", "unexplained"))
    }
}

/// Tests the use of an unexpected failure
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ErrorsThrowTestingOnly {}

impl UseCase for ErrorsThrowTestingOnly {
    const NAME: &'static str = "testing_only.errors_throw";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Err(Error::unexpected("amessage"))
    }
}
