//! Answers that send the caller elsewhere.

use domain::kernel::ErrorKind;
use serde::Deserialize;
use utoipa::ToSchema;

use super::StringMessageTestingOnlyResponse;
use crate::{App, Call, Error, Policy, Result, UseCase, use_case::Redirected};

/// Tests the use of a redirect for a GET method
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct GetWithRedirectTestingOnly {
    /// `error`, `redirect` or `noredirect`.
    pub result: Option<String>,
}

impl UseCase for GetWithRedirectTestingOnly {
    const NAME: &'static str = "testing_only.get_with_redirect";
    const POLICY: Policy = Policy::anonymous();
    type Output = Redirected<StringMessageTestingOnlyResponse>;

    async fn run(self, _: &App, _: &Call) -> Result<Self::Output> {
        answer(self.result.as_deref())
    }
}

/// Tests the use of a redirect for a POST method
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PostWithRedirectTestingOnly {
    /// `error`, `redirect` or `noredirect`.
    pub result: Option<String>,
}

impl UseCase for PostWithRedirectTestingOnly {
    const NAME: &'static str = "testing_only.post_with_redirect";
    const POLICY: Policy = Policy::anonymous();
    type Output = Redirected<StringMessageTestingOnlyResponse>;

    async fn run(self, _: &App, _: &Call) -> Result<Self::Output> {
        answer(self.result.as_deref())
    }
}

fn answer(result: Option<&str>) -> Result<Redirected<StringMessageTestingOnlyResponse>> {
    match result {
        Some("error") => Err(Error::refused(ErrorKind::Rule, "rule_violation", "anerror")),
        Some("redirect") => Ok(Redirected::To("aurl".into())),
        Some("noredirect") => {
            Ok(Redirected::Not(StringMessageTestingOnlyResponse::followed_by("")))
        }
        _ => Err(Error::unexpected("the result is none of the known ones")),
    }
}
