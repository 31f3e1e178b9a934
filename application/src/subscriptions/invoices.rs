//! Lists what was and is to be paid.

use domain::{
    kernel::{
        OrganizationId, Timestamp,
        roles::{Feature, Role},
    },
    subscriptions::{Amount, SubscriptionError},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Date, Duration, Month, OffsetDateTime, macros::datetime};

use super::SUBSCRIPTIONS;
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    error::FieldError,
    input::{Field, RawDate, check, id, parse_all},
    search::{Rows, SearchMetadata, SearchOptions},
    wire_time::WireTime,
};

/// Before this there was nothing to pay.
const FIRST: OffsetDateTime = datetime!(2024-06-01 0:00 UTC);
/// How long a time is that only begins or ends somewhere.
const USUAL: Duration = Duration::days(92);
/// How many months ahead a time may go.
const AHEAD: i32 = 3;
/// Invoices that a provider is asked for: the last row that a search can reach.
const MOST: u32 = 2_000;

/// Lists the invoices of a subscription, the oldest first
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchSubscriptionHistory {
    /// The organization.
    #[schema(required)]
    pub id: Option<String>,
    /// From this time on, UTC; 92 days before the end if absent.
    pub from_utc: Option<RawDate>,
    /// Up to this time, UTC; 92 days after the beginning, or now, if absent.
    pub to_utc: Option<RawDate>,
    /// Paging and sorting.
    #[serde(flatten)]
    pub options: SearchOptions,
}

/// The answer of [`SearchSubscriptionHistory`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SearchSubscriptionHistoryResponse {
    /// One page.
    #[schema(value_type = Vec<Invoice>)]
    pub invoices: Rows<Invoice>,
    /// About the search.
    pub metadata: SearchMetadata,
}

/// What is to be paid at once. Amounts are in major units of their currency, times UTC.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// The provider's id.
    pub id: String,
    /// Everything together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Amount>,
    /// As in ISO 4217.
    pub currency: String,
    /// Whether the amount includes the tax.
    pub includes_tax: bool,
    /// The tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub tax_amount: Option<Amount>,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoiced_on_utc: Option<WireTime>,
    /// When what it is for begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_start_utc: Option<WireTime>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_end_utc: Option<WireTime>,
    /// `unpaid` or `paid`.
    pub status: &'static str,
    /// What it is for.
    pub line_items: Vec<InvoiceLine>,
    /// More about it.
    pub notes: Vec<InvoiceNote>,
    /// How it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<InvoicePayment>,
}

/// See [`Invoice`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceLine {
    /// What it is about.
    pub reference: String,
    /// In words.
    pub description: String,
    /// What it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Amount>,
    /// As in ISO 4217.
    pub currency: String,
    /// Whether there is a tax on it.
    pub is_taxed: bool,
    /// The tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub tax_amount: Option<Amount>,
}

/// See [`Invoice`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InvoiceNote {
    /// In words.
    pub description: String,
}

/// See [`Invoice`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvoicePayment {
    /// How much was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Amount>,
    /// As in ISO 4217.
    pub currency: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_on_utc: Option<WireTime>,
    /// The provider's id of the payment.
    pub reference: String,
}

impl UseCase for SearchSubscriptionHistory {
    const NAME: &'static str = "subscriptions.search_history";
    const POLICY: Policy =
        Policy::token().organization().role(Role::TenantBillingAdmin).with(Feature::TenantBasic);
    const READS: &'static [&'static str] = &[SUBSCRIPTIONS];
    type Output = SearchSubscriptionHistoryResponse;

    async fn run(self, app: &App, _: &Call) -> Result<SearchSubscriptionHistoryResponse> {
        let now = app.clock.now();
        let (id, (from, to)) = parse_all((
            id("id", self.id.as_deref(), OrganizationId::parse),
            range(self.from_utc.as_ref(), self.to_utc.as_ref(), now),
        ))?;
        let search = self.options.parse()?;
        let found = app.subscription_reads.of_organization(&id).await?;
        let record = found.ok_or_else(Error::not_found)?;
        let provider = record.provider.ok_or(SubscriptionError::NoProvider)?;
        if provider.name != app.billing.interpreter().name() {
            return Err(SubscriptionError::OtherProvider.into());
        }
        let all = app.billing.invoices(&provider.state, from, to, MOST).await?;
        let total = all.len() as u64;
        let (skip, limit) = (size(search.skip()), size(search.limit));
        let page = all.into_iter().skip(skip).take(limit).collect();
        let (invoices, metadata) = (search.rows(page), search.metadata(total));
        Ok(SearchSubscriptionHistoryResponse { invoices, metadata })
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// The time that is asked for.
fn range(
    from: Option<&RawDate>,
    to: Option<&RawDate>,
    now: Timestamp,
) -> Field<(Timestamp, Timestamp)> {
    let (from, to) = (bound("fromUtc", from)?, bound("toUtc", to)?);
    let (first, last) = (Timestamp::new(FIRST), last(now));
    let rule = "PredicateValidator";
    let shown = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_string().into());
    let within = from.is_none_or(|from| from >= first && from < last);
    check(rule, within, "The fromUtc is too early or too late", shown(from))?;
    let within = to.is_none_or(|to| to > first && to < last);
    check(rule, within, "The toUtc is too early or too late", shown(to))?;
    let ordered = from.zip(to).is_none_or(|(from, to)| from < to);
    check(rule, ordered, "The fromUtc must be before the toUtc", shown(from))?;
    let end = to.or_else(|| from.map(|from| from.plus(USUAL))).unwrap_or_else(|| minute(now));
    Ok((from.unwrap_or_else(|| end.plus(-USUAL)), end))
}

/// A time that may be absent, but not unreadable.
fn bound(name: &str, date: Option<&RawDate>) -> Field<Option<Timestamp>> {
    let blank = |date: &&RawDate| matches!(date, RawDate::Text(text) if text.trim().is_empty());
    let Some(date) = date.filter(|date| !blank(date)) else { return Ok(None) };
    date.read().map(Some).ok_or_else(|| FieldError {
        reason: format!("The {name} is no time"),
        rule: "PredicateValidator",
        value: Some(date.into()),
    })
}

/// The nearest whole minute.
fn minute(now: Timestamp) -> Timestamp {
    let seconds = now.get().unix_timestamp() + 30;
    OffsetDateTime::from_unix_timestamp(seconds / 60 * 60).map_or(now, Timestamp::new)
}

/// The first day of a month some months after this one.
fn last(now: Timestamp) -> Timestamp {
    let (year, month, _) = now.get().to_calendar_date();
    let months = i32::from(u8::from(month)) - 1 + AHEAD;
    let month = u8::try_from(months % 12 + 1).ok().and_then(|month| Month::try_from(month).ok());
    let day = month.and_then(|month| Date::from_calendar_date(year + months / 12, month, 1).ok());
    day.map_or(Timestamp::MAX, |day| Timestamp::new(day.midnight().assume_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("valid")
    }

    fn asked(from: &str, to: &str) -> Option<(Timestamp, Timestamp)> {
        let raw = |text: &str| (!text.is_empty()).then(|| RawDate::Text(text.to_owned()));
        let (from, to) = (raw(from), raw(to));
        range(from.as_ref(), to.as_ref(), at("2026-11-15T12:00:31Z")).ok()
    }

    #[test]
    fn a_time_has_a_beginning_and_an_end() {
        for (from, to, expected) in [
            ("", "", ("2026-08-15T12:01:00Z", "2026-11-15T12:01:00Z")),
            (" ", "", ("2026-08-15T12:01:00Z", "2026-11-15T12:01:00Z")),
            ("2024-06-01T00:00:00Z", "", ("2024-06-01T00:00:00Z", "2024-09-01T00:00:00Z")),
            ("", "2026-04-03T00:00:00Z", ("2026-01-01T00:00:00Z", "2026-04-03T00:00:00Z")),
            (
                "2026-01-01T00:00:00Z",
                "2027-01-31T00:00:00Z",
                ("2026-01-01T00:00:00Z", "2027-01-31T00:00:00Z"),
            ),
        ] {
            assert_eq!(asked(from, to), Some((at(expected.0), at(expected.1))), "{from} {to}");
        }
    }

    #[test]
    fn a_time_is_readable_and_neither_too_early_nor_too_late_nor_backwards() {
        for (from, to) in [
            ("2024-05-31T23:59:59Z", ""),
            ("2027-02-01T00:00:00Z", ""),
            ("", "2024-06-01T00:00:00Z"),
            ("", "2027-02-01T00:00:00Z"),
            ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("yesterday", ""),
            ("", "2026-13-01"),
        ] {
            assert_eq!(asked(from, to), None, "{from} {to}");
        }
    }
}
