//! Looking at e-mails.

use domain::kernel::{OrganizationId, roles::Role, text::is_word};
use serde::Deserialize;
use serde_json::Value;
use time::Duration;

use super::{EMAILS, EmailFilter, SearchEmailDeliveriesResponse};
use crate::{
    App, Call, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, RawDate, check, id, parse_all},
    search::SearchOptions,
};

/// How far back a search looks that does not say.
const RECENT: Duration = Duration::days(14);
/// How far ahead the clock of whoever searches may be.
const AHEAD: Duration = Duration::hours(1);
/// So many tags are more than anything has.
const MOST_TAGS: usize = 20;

/// Lists deliveries of e-mails, the oldest first
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchEmailDeliveries {
    /// Only those asked for after this time, UTC; 14 days ago if absent.
    pub since_utc: Option<RawDate>,
    /// Only those of this organization.
    pub organization_id: Option<String>,
    /// Only those that have all of these tags.
    pub tags: Option<Vec<String>>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

impl UseCase for SearchEmailDeliveries {
    const NAME: &'static str = "emails.search";
    const POLICY: Policy = Policy::token().role(Role::PlatformOperations);
    const READS: &'static [&'static str] = &[EMAILS];
    type Output = SearchEmailDeliveriesResponse;

    async fn run(self, app: &App, _: &Call) -> Result<SearchEmailDeliveriesResponse> {
        let now = app.clock.now();
        let organization = self.organization_id.as_deref().filter(|text| !text.is_empty());
        let organization = organization
            .map(|text| id("organizationId", Some(text), OrganizationId::parse))
            .transpose();
        let since = self.since_utc.as_ref().and_then(RawDate::read);
        let tags = self.tags.unwrap_or_default();
        let (organization, (), ()) = parse_all((
            organization,
            check(
                "PredicateValidator",
                since.is_none_or(|since| since < now.plus(AHEAD)),
                "The sinceUtc must be less than an hour in the future",
                self.since_utc.as_ref().map_or(Value::Null, Value::from),
            ),
            known(&tags),
        ))?;
        let search = self.options.parse()?;
        let since = since.unwrap_or_else(|| now.plus(-RECENT));
        let filter = EmailFilter { organization, since, tags };
        let found = app.email_reads.emails(&filter, &search).await?;
        Ok(SearchEmailDeliveriesResponse {
            emails: found.rows,
            metadata: search.metadata(found.total),
        })
    }
}

fn known(tags: &[String]) -> Field<()> {
    let malformed = "each has 3 to 100 letters, digits, '_', '.' or '-'";
    let malformed = tags.iter().find(|tag| !is_tag(tag)).map(|tag| (tag, malformed.to_owned()));
    let too_many =
        || tags.get(MOST_TAGS).map(|tag| (tag, format!("there are {MOST_TAGS} at most")));
    match malformed.or_else(too_many) {
        None => Ok(()),
        Some((tag, why)) => Err(FieldError {
            reason: format!("The tags are invalid: {why}"),
            rule: "RegularExpressionValidator",
            value: Some(Value::from(tag.as_str())),
        }),
    }
}

fn is_tag(text: &str) -> bool {
    (3..=100).contains(&text.chars().count())
        && text.chars().all(|c| is_word(c) || matches!(c, '.' | '-'))
}
