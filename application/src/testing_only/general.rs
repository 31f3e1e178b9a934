//! Fields from body, query and path, of every type.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    App, Call, Policy, Result, UseCase,
    search::{Rows, SearchMetadata, SearchOptions},
};

/// One of four values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TestingOnlyEnum {
    /// The first.
    Value1,
    /// The second.
    Value2,
    /// The third.
    Value3,
    /// The fourth.
    Value4,
}

/// Fields with names of their own on the wire, under the names that they have without.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct OtherNames {
    /// As `a_camel_enum`.
    #[serde(rename = "aCamelEnumProperty")]
    pub a_camel_enum: Option<TestingOnlyEnum>,
    /// As `a_camel_int`.
    #[serde(rename = "aCamelIntProperty")]
    pub a_camel_int: Option<i32>,
    /// As `a_camel_string`.
    #[serde(rename = "aCamelStringProperty")]
    pub a_camel_string: Option<String>,
}

/// What was sent, wherever it stood.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneralTestingOnlyResponse {
    /// A name of its own on the wire.
    #[serde(rename = "a_camel_enum", skip_serializing_if = "Option::is_none")]
    pub a_camel_enum: Option<TestingOnlyEnum>,
    /// A name of its own on the wire.
    #[serde(rename = "a_camel_int", skip_serializing_if = "Option::is_none")]
    pub a_camel_int: Option<i32>,
    /// A name of its own on the wire.
    #[serde(rename = "a_camel_string", skip_serializing_if = "Option::is_none")]
    pub a_camel_string: Option<String>,
    /// In body or query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_enum_property: Option<TestingOnlyEnum>,
    /// In the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_enum_query_property: Option<TestingOnlyEnum>,
    /// In the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_enum_route_property: Option<TestingOnlyEnum>,
    /// In body or query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_int_property: Option<i32>,
    /// In the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_int_query_property: Option<i32>,
    /// In the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub an_int_route_property: Option<i32>,
    /// In body or query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_string_property: Option<String>,
    /// In the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_string_query_property: Option<String>,
    /// In the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_string_route_property: Option<String>,
}

impl GeneralTestingOnlyResponse {
    fn or(self, other: OtherNames) -> Self {
        Self {
            a_camel_enum: self.a_camel_enum.or(other.a_camel_enum),
            a_camel_int: self.a_camel_int.or(other.a_camel_int),
            a_camel_string: self.a_camel_string.or(other.a_camel_string),
            ..self
        }
    }
}

/// Tests the use of reference types, values types, and enums anywhere in a GET request
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct GetTestingOnly {
    /// Everything.
    #[serde(flatten)]
    pub fields: GeneralTestingOnlyResponse,
    /// The same by other names.
    #[serde(flatten)]
    pub other: OtherNames,
}

impl UseCase for GetTestingOnly {
    const NAME: &'static str = "testing_only.get";
    const POLICY: Policy = Policy::anonymous();
    type Output = GeneralTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<GeneralTestingOnlyResponse> {
        Ok(self.fields.or(self.other))
    }
}

/// Tests the use of reference types, values types, and enums anywhere in a POST request
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PostTestingOnly {
    /// Everything.
    #[serde(flatten)]
    pub fields: GeneralTestingOnlyResponse,
    /// The same by other names.
    #[serde(flatten)]
    pub other: OtherNames,
}

impl UseCase for PostTestingOnly {
    const NAME: &'static str = "testing_only.post";
    const POLICY: Policy = Policy::anonymous();
    type Output = GeneralTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<GeneralTestingOnlyResponse> {
        Ok(self.fields.or(self.other))
    }
}

/// Tests the use of reference types, values types, and enums anywhere in a SEARCH request
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SearchTestingOnly {
    /// Everything.
    #[serde(flatten)]
    pub fields: GeneralTestingOnlyResponse,
    /// The same by other names.
    #[serde(flatten)]
    pub other: OtherNames,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TestResource {
    /// `anid1` to `anid3`.
    pub id: String,
}

/// What was sent, and what was found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SearchTestingOnlyResponse {
    /// What was sent.
    #[serde(flatten)]
    pub fields: GeneralTestingOnlyResponse,
    /// Always three; paging does not cut what was never stored.
    #[schema(value_type = Vec<TestResource>)]
    pub items: Rows<TestResource>,
    /// About the search.
    pub metadata: SearchMetadata,
}

impl UseCase for SearchTestingOnly {
    const NAME: &'static str = "testing_only.search";
    const POLICY: Policy = Policy::anonymous();
    type Output = SearchTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<SearchTestingOnlyResponse> {
        let search = self.options.parse()?;
        Ok(SearchTestingOnlyResponse {
            fields: self.fields.or(self.other),
            items: search.rows((1..=3).map(|n| TestResource { id: format!("anid{n}") }).collect()),
            metadata: search.metadata(3),
        })
    }
}
