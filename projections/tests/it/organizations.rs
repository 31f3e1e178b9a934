//! The read model of organizations.

use application::{organizations::OrganizationReads, ports::StreamId};
use domain::{
    end_users::{Access, EndUserEvent, Ownership},
    kernel::{OrganizationId, UserId},
    organizations::OrganizationEvent,
    subscriptions::SubscriptionId,
};
use projections::organizations::OrganizationTables;

use crate::support::{BOTH, Fixture};

fn user(letter: &str) -> UserId {
    UserId::parse(&format!("user_{}", letter.repeat(10))).expect("valid")
}

fn organization(letter: &str) -> OrganizationId {
    OrganizationId::parse(&format!("org_{}", letter.repeat(10))).expect("valid")
}

fn created(ownership: Ownership, name: &str) -> OrganizationEvent {
    OrganizationEvent::Created {
        ownership,
        created_by_id: user("a"),
        host_region: "test".into(),
        name: name.into(),
    }
}

async fn happened(
    fixture: &Fixture,
    id: &OrganizationId,
    expected: u64,
    events: &[OrganizationEvent],
) {
    let stream = StreamId::new("organization", id.as_str());
    fixture.happened_to(stream, "organizations", expected, events).await;
}

#[tokio::test]
async fn an_organization_is_shown_until_it_is_deleted() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = OrganizationTables::new(fixture.db.clone());
        let id = organization("b");
        let subscribed = OrganizationEvent::BillingSubscribed {
            subscription_id: SubscriptionId::parse("billsub_bbbbbbbbbb").expect("valid"),
            subscriber_id: user("a"),
        };
        let renamed = OrganizationEvent::NameChanged { name: "Else".into() };
        let joined = OrganizationEvent::MembershipAdded { user_id: user("b") };
        let handed = OrganizationEvent::BillingSubscriberChanged {
            from_subscriber_id: user("a"),
            to_subscriber_id: user("b"),
        };
        let events = [created(Ownership::Shared, "Acme"), subscribed, renamed, joined, handed];
        happened(&fixture, &id, 0, &events).await;
        let (shown, version) = reads.organization(&id).await.expect("read").expect("there");
        assert_eq!(version, 5, "{on:?}");
        assert_eq!((shown.name.as_str(), shown.ownership.as_str()), ("Else", "shared"));
        assert_eq!(shown.created_by_id, user("a").as_str());
        let billed = "SELECT subscriber_id, subscription_id FROM rm_organizations_v2 WHERE id = $1";
        let row = fixture.db.fetch_one(billed, &[id.as_str().into()]).await.expect("read");
        let row = row.expect("there");
        assert_eq!(row.text("subscriber_id").expect("text"), user("b").as_str());
        assert_eq!(row.text("subscription_id").expect("text"), "billsub_bbbbbbbbbb");
        let deleted = OrganizationEvent::Deleted { deleted_by_id: user("b") };
        happened(&fixture, &id, 5, &[deleted]).await;
        assert_eq!(reads.organization(&id).await.expect("read"), None);
        fixture.end().await;
    }
}

#[tokio::test]
async fn the_own_organization_of_an_erased_user_has_no_name() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = OrganizationTables::new(fixture.db.clone());
        let (own, shared) = (organization("a"), organization("b"));
        happened(&fixture, &own, 0, &[created(Ownership::Personal, "Ann Miller")]).await;
        happened(&fixture, &shared, 0, &[created(Ownership::Shared, "Acme")]).await;
        let erased = [EndUserEvent::Erased { access: Access::Suspended, mailboxes: vec![] }];
        let stream = StreamId::new("end_user", user("a").as_str());
        fixture.happened_to(stream, "organizations", 0, &erased).await;
        for (id, name) in [(own, ""), (shared, "Acme")] {
            let (shown, _) = reads.organization(&id).await.expect("read").expect("there");
            assert_eq!(shown.name, name, "{on:?}");
        }
        fixture.end().await;
    }
}
