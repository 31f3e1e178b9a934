//! Validation that reports every failing rule.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::StringMessageTestingOnlyResponse;
use crate::{App, Call, Error, Policy, Result, UseCase, error::FieldError};

/// Tests a request without rules
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ValidationsUnvalidatedTestingOnly {
    /// Anything.
    pub id: Option<String>,
}

impl UseCase for ValidationsUnvalidatedTestingOnly {
    const NAME: &'static str = "testing_only.validations_unvalidated";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        Ok(StringMessageTestingOnlyResponse::followed_by(&self.id.unwrap_or_default()))
    }
}

/// Tests the rules of a GET request
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationsValidatedGetTestingOnly {
    /// Must not be empty.
    #[schema(required)]
    pub id: Option<String>,
    /// Must hold a digit.
    #[schema(required)]
    pub required_field: Option<String>,
    /// Must hold a digit if it is there.
    pub optional_field: Option<String>,
}

impl UseCase for ValidationsValidatedGetTestingOnly {
    const NAME: &'static str = "testing_only.validations_validated_get";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        answer(self.id.as_deref(), self.required_field.as_deref(), self.optional_field.as_deref())
    }
}

/// Tests the rules of a POST request
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationsValidatedPostTestingOnly {
    /// Must not be empty.
    #[schema(required)]
    pub id: Option<String>,
    /// Must hold a digit.
    #[schema(required)]
    pub required_field: Option<String>,
    /// Must hold a digit if it is there.
    pub optional_field: Option<String>,
}

impl UseCase for ValidationsValidatedPostTestingOnly {
    const NAME: &'static str = "testing_only.validations_validated_post";
    const POLICY: Policy = Policy::anonymous();
    type Output = StringMessageTestingOnlyResponse;

    async fn run(self, _: &App, _: &Call) -> Result<StringMessageTestingOnlyResponse> {
        answer(self.id.as_deref(), self.required_field.as_deref(), self.optional_field.as_deref())
    }
}

fn answer(
    id: Option<&str>,
    required: Option<&str>,
    optional: Option<&str>,
) -> Result<StringMessageTestingOnlyResponse> {
    let rules = [
        not_empty(id, "The Id was either invalid or missing"),
        not_empty(required, "'Required Field' must not be empty."),
        a_digit(required, "The RequiredField was either invalid or missing"),
        a_digit(
            optional.filter(|text| !text.is_empty()),
            "The OptionalField1 was either invalid or missing",
        ),
    ];
    let failures: Vec<FieldError> = rules.into_iter().flatten().collect();
    if !failures.is_empty() {
        return Err(Error::Validation(failures));
    }
    Ok(StringMessageTestingOnlyResponse::followed_by(required.unwrap_or_default()))
}

fn not_empty(text: Option<&str>, reason: &str) -> Option<FieldError> {
    let empty = text.is_none_or(|text| text.trim().is_empty());
    empty.then(|| refused("NotEmptyValidator", reason, text))
}

/// What is missing has no form that could be wrong.
fn a_digit(text: Option<&str>, reason: &str) -> Option<FieldError> {
    let wrong = text.is_some_and(|text| !text.contains(|c: char| c.is_ascii_digit()));
    wrong.then(|| refused("RegularExpressionValidator", reason, text))
}

fn refused(rule: &'static str, reason: &str, text: Option<&str>) -> FieldError {
    FieldError { reason: reason.to_owned(), rule, value: text.map(Value::from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(required: Option<&str>, optional: Option<&str>) -> Vec<(&'static str, String)> {
        match answer(Some("anid"), required, optional) {
            Ok(_) => vec![],
            Err(Error::Validation(failures)) => {
                failures.into_iter().map(|failure| (failure.rule, failure.reason)).collect()
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn reports_every_failing_rule_in_order() {
        assert_eq!(failures(Some("123"), None), []);
        assert_eq!(failures(Some("a1b"), Some("")), []);
        assert_eq!(
            failures(None, None),
            [("NotEmptyValidator", "'Required Field' must not be empty.".to_owned())]
        );
        assert_eq!(
            failures(Some("invalid"), Some("invalid")),
            [
                (
                    "RegularExpressionValidator",
                    "The RequiredField was either invalid or missing".to_owned()
                ),
                (
                    "RegularExpressionValidator",
                    "The OptionalField1 was either invalid or missing".to_owned()
                ),
            ]
        );
    }
}
