//! Answers of one message: negotiation, correlation, arrays, empty bodies and downloads.

use domain::kernel::ErrorKind;
use serde::Deserialize;
use utoipa::ToSchema;

use super::StringMessageTestingOnlyResponse;
use crate::{App, Call, Error, Policy, Result, UseCase, use_case::Download};

/// Tests the use of content negotiation
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ContentNegotiationsTestingOnly {
    /// `json` or `xml`, for clients that can't send `Accept`.
    pub format: Option<String>,
}

impl UseCase for ContentNegotiationsTestingOnly {
    const NAME: &'static str = "testing_only.content_negotiations";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Ok(StringMessageTestingOnlyResponse::followed_by(""))
    }
}

/// Tests the use of request correlation
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RequestCorrelationsTestingOnly {}

impl UseCase for RequestCorrelationsTestingOnly {
    const NAME: &'static str = "testing_only.request_correlations";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Ok(StringMessageTestingOnlyResponse::followed_by(""))
    }
}

/// Tests the use of a simple array in a GET request
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetWithSimpleArrayTestingOnly {
    /// Any number of texts.
    pub an_array: Option<Vec<String>>,
}

impl UseCase for GetWithSimpleArrayTestingOnly {
    const NAME: &'static str = "testing_only.get_with_simple_array";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        let message = self.an_array.unwrap_or_default().join(", ");
        Ok(StringMessageTestingOnlyResponse { message })
    }
}

/// Tests the use of an empty body in a POST request
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PostWithEmptyBodyTestingOnly {}

impl UseCase for PostWithEmptyBodyTestingOnly {
    const NAME: &'static str = "testing_only.post_with_empty_body";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Ok(StringMessageTestingOnlyResponse::followed_by(""))
    }
}

/// Tests the use of an empty body in a POST request that has required properties
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostWithEmptyBodyAndRequiredPropertiesTestingOnly {
    /// Must be there, whatever it holds.
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for PostWithEmptyBodyAndRequiredPropertiesTestingOnly {
    const NAME: &'static str = "testing_only.post_with_empty_body_and_required_properties";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        if self.required_field.is_none() {
            let reason = "The member 'requiredField' is missing";
            return Err(Error::refused(ErrorKind::Invalid, "malformed_request", reason));
        }
        Ok(StringMessageTestingOnlyResponse::followed_by(""))
    }
}

/// Tests the use of an empty post body with route parameters
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostWithRouteParamsAndEmptyBodyTestingOnly {
    /// A text.
    pub a_string_property: Option<String>,
    /// A whole number.
    pub a_number_property: Option<i32>,
}

impl UseCase for PostWithRouteParamsAndEmptyBodyTestingOnly {
    const NAME: &'static str = "testing_only.post_with_route_params_and_empty_body";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        let text = self.a_string_property.unwrap_or_default();
        let number = self.a_number_property.map(|number| number.to_string()).unwrap_or_default();
        Ok(StringMessageTestingOnlyResponse::followed_by(&format!("{text}{number}")))
    }
}

/// Tests the download of a stream
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct DownloadStreamTestingOnly {}

impl UseCase for DownloadStreamTestingOnly {
    const NAME: &'static str = "testing_only.download_stream";
    const POLICY: Policy = Policy::anonymous();
    type Output = Download;

    async fn run(self, _: &App, _: &Call) -> Result<Download> {
        Ok(Download { content_type: "acontenttype".into(), bytes: b"adownload".to_vec() })
    }
}
