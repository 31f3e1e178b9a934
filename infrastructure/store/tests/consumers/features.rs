//! Everybody in a large organization gets the features of its plan, whatever happens meanwhile.

use application::{
    App, Call, Caller, Committed, Loaded,
    end_users::{membership_id, reactions::features::REACTION},
    ports::{Recorded, StreamId},
};
use domain::{
    end_users::{Access, Classification, EndUserEvent, Ownership, UserStatus},
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::{NewOrganization, Organization, OrganizationEvent},
    subscriptions::{SubscriptionEvent, SubscriptionId},
};

use crate::{
    stubs::app,
    support::{BOTH, Running, Site, until},
};

const MEMBERS: u32 = 1_000;
const TOGETHER: u32 = 500;

fn call() -> Call {
    Call::new(Caller::maintenance(), "a test".to_owned())
}

fn user(number: u32) -> UserId {
    UserId::parse(&format!("user_{number:010}")).unwrap()
}

fn organization() -> OrganizationId {
    OrganizationId::parse("org_aaaaaaaaaa").unwrap()
}

fn subscription() -> SubscriptionId {
    SubscriptionId::parse("billsub_aaaaaaaaaa").unwrap()
}

/// A member with less than any plan includes.
fn joined(user: &UserId) -> Vec<EndUserEvent> {
    vec![
        EndUserEvent::Created {
            access: Access::Enabled,
            status: UserStatus::Unregistered,
            classification: Classification::Person,
            host_region: "test".to_owned(),
        },
        EndUserEvent::MembershipAdded {
            membership_id: membership_id(user, &organization()),
            organization_id: organization(),
            ownership: Ownership::Shared,
            is_default: true,
            roles: vec![Role::TenantMember],
            features: vec![Feature::TenantBasic],
        },
    ]
}

/// Founds the organization, and makes all its members.
async fn found(app: &App) {
    let new = NewOrganization::shared(&user(0), "Many", "test");
    let mut organization = Loaded::new(organization().as_str());
    let mut founding = Organization::create(new);
    for first in (0..MEMBERS).step_by(TOGETHER as usize) {
        let mut parts = vec![];
        for user in (first..first + TOGETHER).map(user) {
            parts
                .push(app.end_users.stage(&mut Loaded::new(user.as_str()), joined(&user)).unwrap());
            founding.push(OrganizationEvent::MembershipAdded { user_id: user });
        }
        let events = std::mem::take(&mut founding);
        parts.push(app.organizations.stage(&mut organization, events).unwrap());
        assert!(matches!(app.commit(&call(), parts).await.unwrap(), Committed::Done));
    }
}

fn chosen() -> SubscriptionEvent {
    SubscriptionEvent::SubscriptionPlanChanged {
        plan_id: "_simple_standard".to_owned(),
        owning_entity_id: organization(),
        provider_name: "simple_billing_provider".to_owned(),
        provider_state: [
            ("BuyerId".to_owned(), user(0).to_string()),
            ("SubscriptionId".to_owned(), "simplesub_1".to_owned()),
        ]
        .into(),
        buyer_reference: user(0).to_string(),
        subscription_reference: Some("simplesub_1".to_owned()),
    }
}

async fn choose(app: &App, expected: u64) {
    let created = SubscriptionEvent::Created {
        owning_entity_id: organization(),
        buyer_id: user(0),
        provider_name: "simple_billing_provider".to_owned(),
    };
    let events = if expected == 0 { vec![created, chosen()] } else { vec![chosen()] };
    let mut known = Loaded { version: expected, ..Loaded::new(subscription().as_str()) };
    let part = app.subscriptions.stage(&mut known, events).unwrap();
    assert!(matches!(app.commit(&call(), vec![part]).await.unwrap(), Committed::Done));
}

fn start(site: &Site) -> Running {
    site.start_with(&[], site.feeds(), Some((app(site), vec![REACTION])))
}

fn is_reset(event: &Recorded) -> bool {
    event.name == "membership_features_reset"
}

async fn resets(site: &Site, after: u64) -> usize {
    let events = site.log.read(after, 100_000).await.unwrap();
    events.iter().filter(|event| is_reset(event)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_get_the_features_of_a_plan_once_however_often_it_is_killed() {
    for on in BOTH {
        let site = Site::new(on).await;
        let app = app(&site);
        found(&app).await;
        choose(&app, 0).await;
        let head = site.log.head().await.unwrap();
        for share in [1, 2] {
            let running = start(&site);
            let some = MEMBERS as usize * share / 4;
            until("some have them", || async { resets(&site, head).await >= some }).await;
            running.kill().await;
        }
        let running = start(&site);
        running.settled().await;
        assert_eq!(resets(&site, head).await, MEMBERS as usize, "{on:?}");
        for number in (0..MEMBERS).step_by(100) {
            let stream = StreamId::new("end_user", user(number).as_str());
            let events = site.log.load(&stream, 0).await.unwrap();
            assert_eq!(events.iter().filter(|event| is_reset(event)).count(), 1, "{on:?}");
        }
        let audits = "SELECT count(*) AS total FROM work_messages WHERE queue = 'audits'";
        let told = site.log_db.fetch_one(audits, &[]).await.unwrap().unwrap();
        assert_eq!(told.count("total").unwrap(), u64::from(MEMBERS));
        // Nobody is told again of what everybody has.
        choose(&app, 2).await;
        let head = site.log.head().await.unwrap();
        running.settled().await;
        assert_eq!(site.log.head().await.unwrap(), head);
        assert!(site.ops().dead_letters(None, 0, 10).await.unwrap().is_empty());
        running.stop().await;
    }
}
