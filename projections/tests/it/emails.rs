//! The read model of e-mails.

use std::collections::BTreeMap;

use application::{
    emails::{EmailFilter, EmailReads as _},
    ports::StreamId,
    search::SearchOptions,
};
use domain::{
    emails::{ContentType, EmailDeliveryEvent},
    end_users::{Access, EndUserEvent},
    kernel::{EmailAddress, Timestamp},
};
use projections::emails::EmailTables;

use crate::support::{BOTH, Fixture};

async fn mailed(fixture: &Fixture, number: u32) {
    let when = Timestamp::parse("2026-01-01T00:00:00Z").expect("valid");
    let events = [
        EmailDeliveryEvent::Created {
            message_id: format!("emails_{number:032x}"),
            organization_id: None,
            host_region: "test".into(),
            when,
            mailbox: "digest".into(),
        },
        EmailDeliveryEvent::EmailDetailsChanged {
            content_type: ContentType::Html,
            template_id: None,
            tags: vec![],
            subject: Some("asubject".into()),
            body: Some("abody".into()),
            substitutions: BTreeMap::new(),
            to_email_address: EmailAddress::parse("ann@company.com").expect("valid"),
            to_display_name: "Ann".into(),
            secrets: vec![],
        },
    ];
    let stream = StreamId::new("email_delivery", format!("emaildelivery_aaaaaaaaa{number}"));
    fixture.happened_to(stream, "emails", 0, &events).await;
}

async fn shown(fixture: &Fixture) -> u64 {
    let reads = EmailTables::new(fixture.db.clone());
    let filter = EmailFilter { organization: None, since: Timestamp::MIN, tags: vec![] };
    let search = SearchOptions::default().parse().expect("valid");
    reads.emails(&filter, &search).await.expect("read").total
}

/// Whoever projects the part of the log that has the user need not wait for the others.
#[tokio::test]
async fn emails_to_who_was_erased_are_not_shown_whatever_is_read_first() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        mailed(&fixture, 1).await;
        assert_eq!(shown(&fixture).await, 1);
        let mailboxes = vec!["mailbox_digest".to_owned()];
        let erased = [EndUserEvent::Erased { access: Access::Suspended, mailboxes }];
        let user = StreamId::new("end_user", "user_aaaaaaaaaa");
        fixture.happened_to(user, "emails", 0, &erased).await;
        assert_eq!(shown(&fixture).await, 0);
        mailed(&fixture, 2).await;
        assert_eq!(shown(&fixture).await, 1, "{on:?}: somebody else has the address now");
        // As if the erasure had come after it and been read first.
        let later = "UPDATE rm_erased_mailboxes_v2_g1 SET position = 1000";
        fixture.db.execute(later, &[]).await.expect("written");
        assert_eq!(shown(&fixture).await, 0);
        fixture.end().await;
    }
}
