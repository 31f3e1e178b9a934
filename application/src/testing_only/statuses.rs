//! The default status of every method.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{App, Call, Policy, Result, UseCase};

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatusesTestingOnlyResponse {
    /// `amessage`
    pub message: String,
}

impl StatusesTestingOnlyResponse {
    fn new() -> Self {
        Self { message: "amessage".into() }
    }
}

/// One page of messages.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatusesTestingOnlySearchResponse {
    /// `amessage`, once.
    pub messages: Vec<String>,
    /// About the search.
    pub metadata: BareMetadata,
}

/// Metadata of a search that was not asked for anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct BareMetadata {
    /// Always 0.
    pub limit: i64,
    /// Always 0.
    pub offset: i64,
    /// Always 0.
    pub total: i64,
}

/// Tests the default status of GET requests
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesGetTestingOnly {}

impl UseCase for StatusesGetTestingOnly {
    const NAME: &'static str = "testing_only.statuses_get";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlyResponse> {
        Ok(StatusesTestingOnlyResponse::new())
    }
}

/// Tests the default status of SEARCH requests
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesSearchTestingOnly {}

impl UseCase for StatusesSearchTestingOnly {
    const NAME: &'static str = "testing_only.statuses_search";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlySearchResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlySearchResponse> {
        Ok(StatusesTestingOnlySearchResponse {
            messages: vec!["amessage".into()],
            metadata: BareMetadata::default(),
        })
    }
}

/// Tests the default status of POST requests, with a location
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesPostWithLocationTestingOnly {}

impl UseCase for StatusesPostWithLocationTestingOnly {
    const NAME: &'static str = "testing_only.statuses_post_with_location";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlyResponse> {
        Ok(StatusesTestingOnlyResponse::new())
    }
}

/// Tests the default status of POST requests, without a location
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesPostTestingOnly {}

impl UseCase for StatusesPostTestingOnly {
    const NAME: &'static str = "testing_only.statuses_post";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlyResponse> {
        Ok(StatusesTestingOnlyResponse::new())
    }
}

/// Tests the default status of PUT and PATCH requests
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesPutPatchTestingOnly {}

impl UseCase for StatusesPutPatchTestingOnly {
    const NAME: &'static str = "testing_only.statuses_put_patch";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlyResponse> {
        Ok(StatusesTestingOnlyResponse::new())
    }
}

/// Tests the default status of DELETE requests, without an answer
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesDeleteTestingOnly {}

impl UseCase for StatusesDeleteTestingOnly {
    const NAME: &'static str = "testing_only.statuses_delete";
    const POLICY: Policy = Policy::anonymous();
    type Output = ();

    async fn run(self, _: &App, _: &Call) -> Result<()> {
        Ok(())
    }
}

/// Tests the default status of DELETE requests, with an answer
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StatusesDeleteWithResponseTestingOnly {}

impl UseCase for StatusesDeleteWithResponseTestingOnly {
    const NAME: &'static str = "testing_only.statuses_delete_with_response";
    const POLICY: Policy = Policy::anonymous();
    type Output = StatusesTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StatusesTestingOnlyResponse> {
        Ok(StatusesTestingOnlyResponse::new())
    }
}
