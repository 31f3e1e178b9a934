//! The read models of end users and their profiles.

use application::{
    end_users::EndUserReads,
    ports::{EventLog as _, ReadModels as _, StreamId},
    user_profiles::{UserProfileReads, UserProfileView},
};
use domain::{
    end_users::{
        Access, Classification, EndUserEvent, MembershipId, Ownership, RegisteredProfile,
        UserStatus,
    },
    kernel::{
        EmailAddress, OrganizationId, UserId,
        roles::{Feature, Role},
    },
    user_profiles::UserProfileEvent,
};
use projections::{end_users::EndUserTables, user_profiles::UserProfileTables};

use crate::support::{BOTH, Fixture};

fn user() -> UserId {
    UserId::parse("user_aaaaaaaaaa").expect("valid")
}

fn user_stream() -> StreamId {
    StreamId::new("end_user", user().as_str())
}

fn membership(letter: &str) -> MembershipId {
    MembershipId::parse(&format!("mship_{}", letter.repeat(10))).expect("valid")
}

fn organization(letter: &str) -> OrganizationId {
    OrganizationId::parse(&format!("org_{}", letter.repeat(10))).expect("valid")
}

fn registered() -> Vec<EndUserEvent> {
    vec![
        EndUserEvent::Created {
            access: Access::Enabled,
            status: UserStatus::Unregistered,
            classification: Classification::Person,
            host_region: "test".into(),
        },
        EndUserEvent::Registered {
            classification: Classification::Person,
            access: Access::Enabled,
            status: UserStatus::Registered,
            roles: vec![Role::PlatformStandard],
            features: vec![Feature::PlatformPaidTrial, Feature::PlatformBasic],
            email_digest: Some("digest".into()),
            username: EmailAddress::parse("ann@company.com").ok(),
            user_profile: RegisteredProfile::default(),
        },
    ]
}

fn joined(letter: &str, ownership: Ownership, is_default: bool) -> EndUserEvent {
    EndUserEvent::MembershipAdded {
        membership_id: membership(letter),
        organization_id: organization(letter),
        ownership,
        is_default,
        roles: vec![Role::TenantOwner, Role::TenantMember],
        features: vec![Feature::TenantBasic],
    }
}

fn moved(from: &str, to: &str) -> EndUserEvent {
    EndUserEvent::DefaultMembershipChanged {
        from_membership_id: Some(membership(from)),
        to_membership_id: membership(to),
        to_organization_id: organization(to),
        roles: vec![Role::TenantOwner, Role::TenantMember],
        features: vec![Feature::TenantBasic],
    }
}

#[tokio::test]
async fn roles_come_and_go_as_the_user_has_them() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = EndUserTables::new(fixture.db.clone());
        let (assigned, unassigned) = (
            EndUserEvent::PlatformRoleAssigned { role: Role::PlatformOperations },
            EndUserEvent::PlatformRoleUnassigned { role: Role::PlatformOperations },
        );
        let steps: [(&[EndUserEvent], &[&str]); 4] = [
            (&registered(), &["platform_standard"]),
            (std::slice::from_ref(&assigned), &["platform_operations", "platform_standard"]),
            (std::slice::from_ref(&unassigned), &["platform_standard"]),
            (&[assigned.clone(), unassigned.clone()], &["platform_standard"]),
        ];
        let mut version = 0;
        for (events, roles) in steps {
            fixture.happened_to(user_stream(), "end_users", version, events).await;
            version += events.len() as u64;
            let (found, seen) = reads.user(&user()).await.expect("read").expect("there");
            let mut found = found.user.roles;
            found.sort();
            assert_eq!((found, seen), (roles.iter().map(ToString::to_string).collect(), version));
        }
        fixture.end().await;
    }
}

#[tokio::test]
async fn one_membership_is_the_default() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = EndUserTables::new(fixture.db.clone());
        let mut events = registered();
        events.extend([
            joined("b", Ownership::Personal, true),
            joined("a", Ownership::Shared, false),
            moved("b", "a"),
        ]);
        fixture.happened_to(user_stream(), "end_users", 0, &events).await;
        let (found, _) = reads.user(&user()).await.expect("read").expect("there");
        let found: Vec<_> = found
            .memberships
            .iter()
            .map(|one| (one.organization_id.as_str(), one.ownership.as_str(), one.is_default))
            .collect();
        assert_eq!(
            found,
            [("org_bbbbbbbbbb", "personal", false), ("org_aaaaaaaaaa", "shared", true)]
        );
        fixture.end().await;
    }
}

#[tokio::test]
async fn somebody_without_memberships_is_not_somebody_unknown() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let reads = EndUserTables::new(fixture.db.clone());
        fixture.happened_to(user_stream(), "end_users", 0, &registered()).await;
        assert_eq!(reads.memberships(&user()).await.expect("read"), Some(vec![]));
        let other = UserId::parse("user_zzzzzzzzzz").expect("valid");
        assert_eq!(reads.memberships(&other).await.expect("read"), None);
        fixture.end().await;
    }
}

fn told() -> [UserProfileEvent; 5] {
    [
        UserProfileEvent::Created {
            user_id: user(),
            r#type: Classification::Person,
            first_name: "Ann".into(),
            last_name: Some("Miller".into()),
            display_name: "Ann".into(),
        },
        UserProfileEvent::EmailAddressChanged {
            user_id: user(),
            email_address: EmailAddress::parse("ann@company.com").expect("valid"),
        },
        UserProfileEvent::PhoneNumberChanged { user_id: user(), number: "+6498876986".into() },
        UserProfileEvent::ContactAddressChanged {
            user_id: user(),
            country_code: "NZL".into(),
            line1: Some("1 Queen Street".into()),
            line2: None,
            line3: None,
            city: Some("Auckland".into()),
            state: None,
            zip: Some("1010".into()),
        },
        UserProfileEvent::DefaultOrganizationChanged {
            from_organization_id: None,
            to_organization_id: organization("a"),
        },
    ]
}

fn assert_says_nothing(profile: &UserProfileView) {
    let text = serde_json::to_string(profile).expect("JSON");
    for personal in ["Ann", "Miller", "company.com", "887", "Queen", "Auckland", "1010"] {
        assert!(!text.contains(personal), "{text}");
    }
}

#[tokio::test]
async fn nothing_says_who_an_erased_user_was() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let (users, profiles) =
            (EndUserTables::new(fixture.db.clone()), UserProfileTables::new(fixture.db.clone()));
        fixture.happened_to(user_stream(), "end_users", 0, &registered()).await;
        let stream = StreamId::new("user_profile", user().twin("profile"));
        fixture.happened_to(stream, "user_profiles", 0, &told()).await;
        let own = profiles.of_user(&user()).await.expect("read").expect("there");
        assert_eq!(own.profile.email_address.as_deref(), Some("ann@company.com"));
        assert_eq!(own.default_organization_id.as_deref(), Some("org_aaaaaaaaaa"));
        assert_eq!(own.version, 5);
        let erased = [EndUserEvent::Erased { access: Access::Suspended, mailboxes: vec![] }];
        fixture.happened_to(user_stream(), "user_profiles", 2, &erased).await;
        let own = profiles.of_user(&user()).await.expect("read").expect("there").profile;
        assert_says_nothing(&own);
        let head = fixture.log.head().await.expect("read");
        let limit = std::time::Duration::from_secs(20);
        assert!(fixture.progress.reached(&["end_users"], head, limit).await);
        let (user, _) = users.user(&user()).await.expect("read").expect("there");
        assert_eq!(user.user.access, "suspended");
        fixture.end().await;
    }
}

/// Whoever projects the part of the log that has the user need not wait for the others.
#[tokio::test]
async fn a_profile_that_is_read_after_the_erasure_says_nothing_either() {
    for on in BOTH {
        let fixture = Fixture::start(on).await;
        let profiles = UserProfileTables::new(fixture.db.clone());
        let erased = [EndUserEvent::Erased { access: Access::Suspended, mailboxes: vec![] }];
        fixture.happened_to(user_stream(), "user_profiles", 0, &erased).await;
        let stream = StreamId::new("user_profile", user().twin("profile"));
        fixture.happened_to(stream, "user_profiles", 0, &told()).await;
        let own = profiles.of_user(&user()).await.expect("read").expect("there");
        assert_eq!(own.default_organization_id.as_deref(), Some("org_aaaaaaaaaa"));
        assert_says_nothing(&own.profile);
        fixture.end().await;
    }
}
