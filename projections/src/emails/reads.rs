//! Queries of e-mails.

use std::fmt::Write as _;

use application::{
    Result,
    emails::{EmailFilter, EmailReads, EmailView},
    search::{Found, Search},
    wire_time::WireTime,
};
use async_trait::async_trait;
use domain::kernel::Timestamp;
use store::db::{Db, DbError, Row, Value};

use crate::search::{Source, page};

/// Separates tags; none has it.
const SEPARATOR: char = '\u{1f}';

const ALL: Source<'_> = Source {
    from: "rm_emails_v2 e",
    columns: "e.id AS id, e.organization_id AS organization_id, e.created_at AS created_at, \
        e.subject AS subject, e.body AS body, e.to_email_address AS to_email_address, \
        e.to_display_name AS to_display_name, e.sent_at AS sent_at, \
        e.delivered_at AS delivered_at, e.delivery_failed_at AS delivery_failed_at, \
        e.delivery_failed_reason AS delivery_failed_reason, e.tags AS tags, \
        (SELECT string_agg(t.tried_at, ' ' ORDER BY t.id) FROM rm_email_attempts_v2 t \
            WHERE t.email_id = e.id) AS attempts",
    filter: "e.created_at > $1 AND NOT EXISTS (SELECT 1 FROM rm_erased_mailboxes_v2 x \
        WHERE x.id = e.mailbox AND x.position > e.position)",
    key: "e.position",
    sortable: &[
        ("Created", "e.created_at"),
        ("LastPersistedAtUtc", "e.last_persisted_at"),
        ("Id", "e.id"),
        ("OrganizationId", "e.organization_id"),
        ("MessageId", "e.message_id"),
        ("Subject", "e.subject"),
        ("ToEmailAddress", "e.to_email_address"),
        ("ToDisplayName", "e.to_display_name"),
        ("LastAttempted", "e.last_attempted_at"),
        ("SendFailed", "e.send_failed_at"),
        ("SentAt", "e.sent_at"),
        ("DeliveredAt", "e.delivered_at"),
        ("FailedDeliveryAt", "e.delivery_failed_at"),
        ("FailedDeliveryReason", "e.delivery_failed_reason"),
        ("ReceiptId", "e.receipt_id"),
        ("RegisteredRegion", "e.registered_region"),
    ],
    complete: &[],
};

/// A tag as the column of all tags of an e-mail has it.
pub(super) fn found_by(tag: &str) -> String {
    let tag: String = tag.chars().filter(|c| *c != SEPARATOR).collect();
    format!("{SEPARATOR}{tag}{SEPARATOR}")
}

/// Answers from the tables of [`super::EMAILS`].
#[derive(Clone, Debug)]
pub struct EmailTables {
    db: Db,
}

impl EmailTables {
    /// Over the database of read models.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl EmailReads for EmailTables {
    async fn emails(&self, wanted: &EmailFilter, search: &Search) -> Result<Found<EmailView>> {
        let mut filter = ALL.filter.to_owned();
        let mut values: Vec<Value> = vec![wanted.since.into()];
        // Writing to a string can't fail.
        if let Some(organization) = &wanted.organization {
            values.push(organization.as_str().into());
            let _ = write!(filter, " AND e.organization_id = ${}", values.len());
        }
        for tag in &wanted.tags {
            values.push(found_by(tag).into());
            let number = values.len();
            let _ = write!(filter, " AND replace(e.found_by, ${number}, '') <> e.found_by");
        }
        page(&self.db, &Source { filter: &filter, ..ALL }, values, search, email).await
    }
}

fn email(row: &Row) -> Result<EmailView, DbError> {
    let attempts = row.opt_text("attempts")?.unwrap_or_default();
    let attempts = attempts.split(' ').filter_map(|text| Timestamp::parse(text).ok());
    let (sent_at, delivered_at) = (row.opt_time("sent_at")?, row.opt_time("delivered_at")?);
    let failed_at = row.opt_time("delivery_failed_at")?;
    Ok(EmailView {
        id: row.text("id")?,
        organization_id: row.opt_text("organization_id")?,
        created: WireTime::from(row.time("created_at")?),
        subject: row.opt_text("subject")?,
        body: row.opt_text("body")?,
        to_email_address: row.text("to_email_address")?,
        to_display_name: row.text("to_display_name")?,
        attempts: attempts.map(WireTime::from).collect(),
        is_sent: sent_at.is_some(),
        sent_at: sent_at.map(WireTime::from),
        is_delivered: delivered_at.is_some(),
        delivered_at: delivered_at.map(WireTime::from),
        is_delivery_failed: failed_at.is_some(),
        failed_delivery_at: failed_at.map(WireTime::from),
        failed_delivery_reason: row.opt_text("delivery_failed_reason")?,
        tags: row.json("tags")?,
    })
}
