//! Machines: users that nobody signs in as.

use super::{
    Access, Classification, EndUser, UserStatus,
    events::{EndUserEvent, RegisteredProfile},
    initial,
};

/// What a machine is registered with.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineRegistration {
    /// What it is told to be.
    pub profile: RegisteredProfile,
    /// Whether somebody who is known registers it, and so has a trial for it.
    pub trial: bool,
    /// Where the host runs.
    pub host_region: String,
}

impl EndUser {
    /// Registers a machine, which is known by nothing but its key.
    #[must_use]
    pub fn register_machine(new: MachineRegistration) -> Vec<EndUserEvent> {
        let (access, classification) = (Access::Enabled, Classification::Machine);
        let status = UserStatus::Registered;
        let host_region = new.host_region;
        vec![
            EndUserEvent::Created { access, status, classification, host_region },
            EndUserEvent::Registered {
                classification,
                access,
                status,
                roles: initial::platform_roles(false).expanded(),
                features: initial::machine_features(new.trial).expanded(),
                email_digest: None,
                username: None,
                user_profile: new.profile,
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        end_users::{MembershipId, Ownership},
        kernel::{
            Evolve, IdToken, OrganizationId,
            roles::{Feature, Role},
            testing::given,
        },
    };

    fn membership(name: &str) -> MembershipId {
        MembershipId::new(IdToken::new(format!("{name:0<10}")).expect("valid"))
    }

    fn organization(name: &str) -> OrganizationId {
        OrganizationId::new(IdToken::new(format!("{name:0<10}")).expect("valid"))
    }

    fn machine(trial: bool) -> Vec<EndUserEvent> {
        let profile =
            RegisteredProfile { first_name: "Robot 1".to_owned(), ..RegisteredProfile::default() };
        let host_region = "test".to_owned();
        EndUser::register_machine(MachineRegistration { profile, trial, host_region })
    }

    #[test]
    fn a_machine_has_a_trial_if_somebody_is_known_to_register_it() {
        for (trial, features) in [
            (true, vec![Feature::PlatformPaidTrial, Feature::PlatformBasic]),
            (false, vec![Feature::PlatformBasic]),
        ] {
            let user = given::<EndUser>(machine(trial)).state();
            assert_eq!(user.access(), Access::Enabled);
            assert_eq!(user.status(), UserStatus::Registered);
            assert_eq!(user.classification(), Classification::Machine);
            assert_eq!(user.roles().expanded(), [Role::PlatformStandard]);
            assert_eq!(user.features().expanded(), features);
            assert_eq!((user.username(), user.email_digest()), (None, None));
            assert_eq!(user.name().full(), "Robot 1");
        }
    }

    #[test]
    fn a_machine_keeps_the_shared_organization_as_its_default_and_owns_its_own() {
        let mut user = given::<EndUser>(machine(true)).state();
        for event in user.join_as_member(membership("shared"), organization("shared")) {
            user.evolve(&event);
        }
        let own = (membership("own"), organization("own"));
        for event in user.join_as_creator(own.0, own.1, Ownership::Personal).expect("the first") {
            user.evolve(&event);
        }
        let default = user.default_membership().expect("there is one");
        assert_eq!(default.organization, organization("shared"));
        assert_eq!(default.roles.expanded(), [Role::TenantMember]);
        let own = user.membership(&organization("own")).expect("a member");
        assert_eq!(own.roles.expanded(), [Role::TenantOwner, Role::TenantMember]);
    }
}
