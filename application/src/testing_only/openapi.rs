//! Samples of what the API documentation shows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, Call, Policy, Result, UseCase};

const VALUE: &str = "avalue";

/// Members of every sort.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiTestingOnlyResponse {
    /// Always there, and empty.
    pub a_required_field: String,
    /// `amessage` and the required field of the request.
    pub message: String,
    /// Always there.
    pub an_annotated_required_field: String,
    /// Always there.
    pub an_initialized_field: String,
    /// Always there.
    pub a_value_type_field: bool,
    /// Never there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_nullable_field: Option<String>,
    /// Never there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_nullable_value_type_field: Option<bool>,
    /// Never there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_nullable_object: Option<OpenApiResponseObject>,
}

/// As [`OpenApiTestingOnlyResponse`], one level down.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiResponseObject {
    /// Always there.
    pub a_required_field: String,
    /// Always there.
    pub an_annotated_required_field: String,
    /// Always there.
    pub an_initialized_field: String,
    /// Always there.
    pub a_value_type_field: bool,
    /// Sometimes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_nullable_field: Option<String>,
    /// Sometimes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_nullable_value_type_field: Option<bool>,
}

impl OpenApiTestingOnlyResponse {
    fn to(required_field: Option<&str>) -> Self {
        Self {
            a_required_field: String::new(),
            message: format!("amessage{}", required_field.unwrap_or_default()),
            an_annotated_required_field: VALUE.into(),
            an_initialized_field: VALUE.into(),
            a_value_type_field: false,
            a_nullable_field: None,
            a_nullable_value_type_field: None,
            an_nullable_object: None,
        }
    }
}

/// Tests OpenAPI swagger for GET requests
/// This includes multiple lines explaining things
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiGetTestingOnly {
    /// anid
    pub id: Option<String>,
    /// anoptionalfield
    pub optional_field: Option<String>,
    /// arequiredfield
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for OpenApiGetTestingOnly {
    const NAME: &'static str = "testing_only.open_api_get";
    const POLICY: Policy = Policy::anonymous();
    type Output = OpenApiTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<OpenApiTestingOnlyResponse> {
        Ok(OpenApiTestingOnlyResponse::to(self.required_field.as_deref()))
    }
}

/// Tests OpenAPI swagger for POST requests
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiPostTestingOnly {
    /// anid
    pub id: Option<String>,
    /// anoptionalfield
    pub optional_field: Option<String>,
    /// arequiredfield
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for OpenApiPostTestingOnly {
    const NAME: &'static str = "testing_only.open_api_post";
    const POLICY: Policy = Policy::anonymous();
    type Output = OpenApiTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<OpenApiTestingOnlyResponse> {
        Ok(OpenApiTestingOnlyResponse::to(self.required_field.as_deref()))
    }
}

/// Tests OpenAPI swagger for PUT requests
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiPutTestingOnly {
    /// anid
    pub id: Option<String>,
    /// anoptionalfield
    pub optional_field: Option<String>,
    /// arequiredfield
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for OpenApiPutTestingOnly {
    const NAME: &'static str = "testing_only.open_api_put";
    const POLICY: Policy = Policy::anonymous();
    type Output = OpenApiTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<OpenApiTestingOnlyResponse> {
        Ok(OpenApiTestingOnlyResponse::to(self.required_field.as_deref()))
    }
}

/// Tests OpenAPI swagger for multi-part form POST requests
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiPostMultiPartFormDataTestingOnly {
    /// anid
    pub id: Option<String>,
    /// anoptionalfield
    pub optional_field: Option<String>,
    /// arequiredfield
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for OpenApiPostMultiPartFormDataTestingOnly {
    const NAME: &'static str = "testing_only.open_api_post_multi_part_form_data";
    const POLICY: Policy = Policy::anonymous();
    type Output = OpenApiTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<OpenApiTestingOnlyResponse> {
        Ok(OpenApiTestingOnlyResponse::to(self.required_field.as_deref()))
    }
}

/// Tests OpenAPI swagger for url-encoded form POST requests
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApiPostFormUrlEncodedTestingOnly {
    /// anid
    pub id: Option<String>,
    /// anoptionalfield
    pub optional_field: Option<String>,
    /// arequiredfield
    #[schema(required)]
    pub required_field: Option<String>,
}

impl UseCase for OpenApiPostFormUrlEncodedTestingOnly {
    const NAME: &'static str = "testing_only.open_api_post_form_url_encoded";
    const POLICY: Policy = Policy::anonymous();
    type Output = OpenApiTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<OpenApiTestingOnlyResponse> {
        Ok(OpenApiTestingOnlyResponse::to(self.required_field.as_deref()))
    }
}
