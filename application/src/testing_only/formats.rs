//! Values of every type, sent and answered.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use crate::{App, Call, Policy, Result, UseCase, wire_time::WireTime};

/// Numbers with long names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CustomEnum {
    /// 0
    None,
    /// 1
    One,
    /// 21
    TwentyOne,
    /// 101
    OneHundredAndOne,
}

/// One value of every type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct CustomDto {
    /// A number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub double: Option<Number>,
    /// A name.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub named: Option<CustomEnum>,
    /// A whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integer: Option<i32>,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// A date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<WireTime>,
}

/// Tests the use of various data formats
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct FormatsTestingOnly {
    /// An object.
    pub custom: Option<CustomDto>,
    /// A number.
    #[schema(value_type = Option<f64>)]
    pub double: Option<Number>,
    /// A name.
    #[serde(rename = "enum")]
    pub named: Option<CustomEnum>,
    /// A whole number.
    pub integer: Option<i32>,
    /// A text.
    pub string: Option<String>,
    /// A date.
    pub time: Option<WireTime>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FormatsTestingOnlyResponse {
    /// An object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomDto>,
    /// A number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub double: Option<Number>,
    /// A name.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub named: Option<CustomEnum>,
    /// A whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integer: Option<i32>,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// A date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<WireTime>,
}

impl UseCase for FormatsTestingOnly {
    const NAME: &'static str = "testing_only.formats";
    const POLICY: Policy = Policy::anonymous();
    type Output = FormatsTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<FormatsTestingOnlyResponse> {
        let Self { custom, double, named, integer, string, time } = self;
        Ok(FormatsTestingOnlyResponse { custom, double, named, integer, string, time })
    }
}
