//! Who calls, as authentication and authorization decided.

use domain::kernel::roles::{Feature, Role};
use serde::{Deserialize, Serialize};

use crate::{App, Call, Policy, Result, UseCase, use_case::Empty};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCallerTestingOnlyResponse {
    /// The user or service account.
    pub caller_id: String,
}

impl From<&Call> for GetCallerTestingOnlyResponse {
    fn from(call: &Call) -> Self {
        Self { caller_id: call.caller.id.to_string() }
    }
}

/// Tests the use of a signature by another part of the product
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetCallerWithHMACTestingOnly {}

impl UseCase for GetCallerWithHMACTestingOnly {
    const NAME: &'static str = "testing_only.get_caller_with_hmac";
    const POLICY: Policy = Policy::internal();
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests the use of a signature by another host
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetCallerWithPrivateInterHostTestingOnly {}

impl UseCase for GetCallerWithPrivateInterHostTestingOnly {
    const NAME: &'static str = "testing_only.get_caller_with_private_inter_host";
    const POLICY: Policy = Policy::inter_host();
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests the use of a token or API key
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetCallerWithTokenOrAPIKeyTestingOnly {}

impl UseCase for GetCallerWithTokenOrAPIKeyTestingOnly {
    const NAME: &'static str = "testing_only.get_caller_with_token_or_api_key";
    const POLICY: Policy = Policy::token().role(Role::PlatformStandard);
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests the authorization by role
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct AuthorizeByRoleTestingOnly {}

impl UseCase for AuthorizeByRoleTestingOnly {
    const NAME: &'static str = "testing_only.authorize_by_role";
    const POLICY: Policy = Policy::token().role(Role::PlatformStandard);
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests the authorization by feature
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct AuthorizeByFeatureTestingOnly {}

impl UseCase for AuthorizeByFeatureTestingOnly {
    const NAME: &'static str = "testing_only.authorize_by_feature";
    const POLICY: Policy = Policy::token().with(Feature::PlatformPaidTrial);
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests an endpoint without authorization
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct AuthorizeByNothingTestingOnly {}

impl UseCase for AuthorizeByNothingTestingOnly {
    const NAME: &'static str = "testing_only.authorize_by_nothing";
    const POLICY: Policy = Policy::anonymous();
    type Output = GetCallerTestingOnlyResponse;

    async fn run(self, _: &App, call: &Call) -> Result<GetCallerTestingOnlyResponse> {
        Ok(call.into())
    }
}

/// Tests an insecure GET request
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetInsecureTestingOnly {}

impl UseCase for GetInsecureTestingOnly {
    const NAME: &'static str = "testing_only.get_insecure";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, _: &App, _: &Call) -> Result<Empty> {
        Ok(Empty {})
    }
}

/// Tests an insecure POST request
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PostInsecureTestingOnly {}

impl UseCase for PostInsecureTestingOnly {
    const NAME: &'static str = "testing_only.post_insecure";
    const POLICY: Policy = Policy::anonymous();
    type Output = Empty;

    async fn run(self, _: &App, _: &Call) -> Result<Empty> {
        Ok(Empty {})
    }
}
