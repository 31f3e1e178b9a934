//! E-mails.

mod reads;
mod tables;

use application::{
    emails::{EMAILS as NAME, masking},
    ports::Recorded,
};
use domain::emails::{ContentType, EmailDeliveryEvent};
use serde::Deserialize;
use store::{
    db::{Kind, Value},
    projections::{Changes, ProjectError, Projection},
};

pub use reads::EmailTables;
use tables::{ATTEMPTS, EMAILS as TABLE, ERASED as ERASED_MAILBOXES};

/// The read model of e-mails.
pub const EMAILS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE, &ATTEMPTS, &ERASED_MAILBOXES],
    handles: &[
        ("email_delivery", "created"),
        ("email_delivery", "email_details_changed"),
        ("email_delivery", "sending_attempted"),
        ("email_delivery", "sending_failed"),
        ("email_delivery", "sending_succeeded"),
        ("email_delivery", "delivery_confirmed"),
        ("email_delivery", "delivery_failure_confirmed"),
        ERASED,
    ],
    project,
};

/// Somebody is erased: aggregate type and event.
const ERASED: (&str, &str) = ("end_user", "erased");

/// What matters of it here.
#[derive(Deserialize)]
struct Erased {
    /// The subjects of the mailboxes that were theirs.
    mailboxes: Vec<String>,
}

fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    if recorded.stream.kind == ERASED.0 {
        let erased = recorded.name == ERASED.1;
        return if erased { erase(recorded, changes) } else { Ok(()) };
    }
    let id = recorded.stream.id.as_str();
    let at = ("last_persisted_at", recorded.recorded_at.into());
    match recorded.decode::<EmailDeliveryEvent>()? {
        EmailDeliveryEvent::Created { message_id, organization_id, host_region, when, mailbox } => {
            changes.upsert(
                &TABLE,
                id,
                [
                    ("organization_id", organization_id.map(|id| id.to_string()).into()),
                    ("message_id", message_id.into()),
                    ("mailbox", mailbox.into()),
                    ("created_at", when.into()),
                    ("to_email_address", "".into()),
                    ("to_display_name", "".into()),
                    ("tags", Value::json(&[(); 0])?),
                    ("found_by", "".into()),
                    ("registered_region", host_region.into()),
                    ("position", recorded.position.into()),
                    at,
                ],
            )
        }
        details @ EmailDeliveryEvent::EmailDetailsChanged { .. } => {
            set_details(recorded, details, changes)
        }
        EmailDeliveryEvent::SendingAttempted { when } => {
            let key = format!("{id}|{:010}", recorded.sequence);
            changes.upsert(
                &ATTEMPTS,
                key,
                [("email_id", id.into()), ("tried_at", when.to_string().into())],
            )?;
            changes.set(&TABLE, id, [("last_attempted_at", when.into()), at])
        }
        EmailDeliveryEvent::SendingFailed { when } => {
            changes.set(&TABLE, id, [("send_failed_at", when.into()), at])
        }
        EmailDeliveryEvent::SendingSucceeded { receipt_id, when } => changes.set(
            &TABLE,
            id,
            [
                ("receipt_id", receipt_id.into()),
                ("sent_at", when.into()),
                ("send_failed_at", Value::Null(Kind::Time)),
                at,
            ],
        ),
        EmailDeliveryEvent::DeliveryConfirmed { receipt_id: _, when } => changes.set(
            &TABLE,
            id,
            [
                ("delivered_at", when.into()),
                ("delivery_failed_at", Value::Null(Kind::Time)),
                ("delivery_failed_reason", Value::Null(Kind::Text)),
                at,
            ],
        ),
        EmailDeliveryEvent::DeliveryFailureConfirmed { receipt_id: _, when, reason } => changes
            .set(
                &TABLE,
                id,
                [
                    ("delivery_failed_at", when.into()),
                    ("delivery_failed_reason", reason.into()),
                    at,
                ],
            ),
    }
}

/// Nothing of an e-mail to them can be read any more.
fn erase(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let erased: Erased = serde_json::from_str(&recorded.payload)?;
    for mailbox in &erased.mailboxes {
        let mailbox = mailbox.trim_start_matches("mailbox_");
        changes.upsert(&ERASED_MAILBOXES, mailbox, [("position", recorded.position.into())])?;
        changes.delete_where(&TABLE, "mailbox", mailbox)?;
    }
    Ok(())
}

/// What it says, as operators may see it.
fn set_details(
    recorded: &Recorded,
    event: EmailDeliveryEvent,
    changes: &mut Changes,
) -> Result<(), ProjectError> {
    let EmailDeliveryEvent::EmailDetailsChanged {
        content_type,
        template_id,
        tags,
        subject,
        body,
        substitutions: _,
        to_email_address,
        to_display_name,
        secrets,
    } = event
    else {
        return Ok(());
    };
    let content_type = match content_type {
        ContentType::Html => "html",
        ContentType::Templated => "templated",
    };
    let shown = |text: Option<String>| text.map(|text| masking::shown(&text, &secrets));
    changes.set(
        &TABLE,
        recorded.stream.id.as_str(),
        [
            ("content_type", Some(content_type.to_owned()).into()),
            ("template_id", template_id.into()),
            ("subject", shown(subject).into()),
            ("body", shown(body).into()),
            ("to_email_address", to_email_address.as_str().into()),
            ("to_display_name", to_display_name.into()),
            ("found_by", tags.iter().map(|tag| reads::found_by(tag)).collect::<String>().into()),
            ("tags", Value::json(&tags)?),
            ("last_persisted_at", recorded.recorded_at.into()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_an_email_is_handled() {
        let known: Vec<_> =
            EmailDeliveryEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(EMAILS.handles.get(..known.len()), Some(known.as_slice()));
    }
}
