//! What other systems are told of end users.

use super::{EndUserEvent, RegisteredProfile};
use crate::kernel::{
    Timestamp, UserId,
    roles::{Feature, Role},
};

crate::events! {
    /// What other systems are told of end users.
    pub enum EndUserIntegrationEvent in "end_users" for "end_user" {
        /// A person or a machine took part, at `occurred_utc`. Roles and features are those of the
        /// platform, with everything that they grant. Who it is stays here: `username` and the texts
        /// of `user_profile` are always empty.
        public PersonRegistered = "person_registered" v 1 {
            root_id: UserId, occurred_utc: Timestamp, username: String,
            user_profile: RegisteredProfile, roles: Vec<Role>, features: Vec<Feature>,
        },
    }
}

impl EndUserIntegrationEvent {
    /// What other systems are told when this happens to a user, if anything.
    #[must_use]
    pub fn translate(user: UserId, at: Timestamp, event: EndUserEvent) -> Option<Self> {
        match event {
            EndUserEvent::Registered { roles, features, .. } => Some(Self::PersonRegistered {
                root_id: user,
                occurred_utc: at,
                username: String::new(),
                user_profile: RegisteredProfile::default(),
                roles,
                features,
            }),
            EndUserEvent::Created { .. }
            | EndUserEvent::GuestInvitationCreated { .. }
            | EndUserEvent::GuestInvitationAccepted { .. }
            | EndUserEvent::PlatformRoleAssigned { .. }
            | EndUserEvent::PlatformRoleUnassigned { .. }
            | EndUserEvent::MembershipAdded { .. }
            | EndUserEvent::MembershipRemoved { .. }
            | EndUserEvent::MembershipRoleAssigned { .. }
            | EndUserEvent::MembershipRoleUnassigned { .. }
            | EndUserEvent::MembershipFeaturesReset { .. }
            | EndUserEvent::PlatformFeaturesReset { .. }
            | EndUserEvent::DefaultMembershipChanged { .. }
            | EndUserEvent::Erased { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        end_users::{Access, Classification, UserStatus},
        kernel::EmailAddress,
    };

    fn translated(event: EndUserEvent) -> Option<EndUserIntegrationEvent> {
        let user = UserId::parse("user_aaaaaaaaaa").expect("valid");
        let at = Timestamp::parse("2026-06-15T12:00:00Z").expect("valid");
        EndUserIntegrationEvent::translate(user, at, event)
    }

    fn registered(classification: Classification) -> EndUserEvent {
        EndUserEvent::Registered {
            classification,
            access: Access::Enabled,
            status: UserStatus::Registered,
            roles: vec![Role::PlatformStandard],
            features: vec![Feature::PlatformBasic],
            email_digest: Some("a digest".into()),
            username: EmailAddress::parse("ann@company.com").ok(),
            user_profile: RegisteredProfile {
                first_name: "Ann".into(),
                last_name: Some("Miller".into()),
                timezone: "Pacific/Auckland".into(),
                locale: "en-NZ".into(),
                country_code: "NZL".into(),
            },
        }
    }

    /// Never edited: a changed form is a new version.
    #[test]
    fn a_registration_is_told_without_saying_who_it_is() {
        let form = r#"{"rootId":"user_aaaaaaaaaa","occurredUtc":"2026-06-15T12:00:00.000000Z","username":"","userProfile":{"firstName":"","timezone":"","locale":"","countryCode":""},"roles":["platform_standard"],"features":["platform_basic_features"]}"#;
        for classification in [Classification::Person, Classification::Machine] {
            let told = translated(registered(classification)).expect("told");
            assert_eq!(serde_json::to_string(&told).expect("JSON"), form);
        }
    }

    #[test]
    fn nothing_else_is_told() {
        let role = Role::PlatformOperations;
        assert_eq!(translated(EndUserEvent::PlatformRoleAssigned { role }), None);
    }
}
