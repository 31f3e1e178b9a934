//! Looks at the caller's own profile.

use domain::{
    kernel::{
        PersonName, UserId,
        level_set::{Level, LevelSet},
        locale,
        roles::{Feature, Role},
        time_zone,
    },
    user_profiles::Address,
};
use serde::{Deserialize, Serialize};

use super::{PersonNameView, USER_PROFILES, UserProfileView};
use crate::{
    App, Call, Error, Policy, Result, UseCase,
    caller::{CallerKind, Grant},
    end_users::{feature_names, role_names},
};

/// Looks at the profile of the caller, whoever that is
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct GetProfileForCaller {}

/// The answer of [`GetProfileForCaller`].
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct GetProfileForCallerResponse {
    /// The profile.
    pub profile: UserProfileForCaller,
}

/// A profile with what the caller's proof of identity grants.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserProfileForCaller {
    /// The profile; of nobody in particular, if the caller is not known.
    #[serde(flatten)]
    pub profile: UserProfileView,
    /// Whether the caller is known.
    pub is_authenticated: bool,
    /// Roles of the platform, with everything that they grant.
    pub roles: Vec<String>,
    /// Features of the platform, with everything that they grant.
    pub features: Vec<String>,
    /// Where the caller works when it does not say where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_organization_id: Option<String>,
}

impl UseCase for GetProfileForCaller {
    const NAME: &'static str = "user_profiles.get_for_caller";
    const POLICY: Policy = Policy::anonymous();
    const READS: &'static [&'static str] = &[USER_PROFILES];
    type Output = GetProfileForCallerResponse;

    async fn run(self, app: &App, call: &Call) -> Result<GetProfileForCallerResponse> {
        let caller = &call.caller;
        if caller.kind == CallerKind::Anonymous {
            return Ok(GetProfileForCallerResponse { profile: nobody() });
        }
        let found = app.user_profile_reads.of_user(&caller.id).await?;
        let own = found.ok_or_else(Error::not_found)?;
        call.read_version(own.version);
        let profile = UserProfileForCaller {
            profile: own.profile,
            is_authenticated: true,
            roles: role_names(&on_platform::<Role>(&caller.roles)),
            features: feature_names(&on_platform::<Feature>(&caller.features)),
            default_organization_id: own.default_organization_id,
        };
        Ok(GetProfileForCallerResponse { profile })
    }
}

fn on_platform<L: Level>(grants: &[Grant<L>]) -> LevelSet<L> {
    grants.iter().filter(|(_, within)| within.is_none()).map(|(level, _)| *level).collect()
}

fn nobody() -> UserProfileForCaller {
    let id = UserId::ANONYMOUS.to_owned();
    let name = PersonName::stored(id.clone(), None);
    let profile = UserProfileView {
        id: id.clone(),
        user_id: id.clone(),
        classification: "person".to_owned(),
        display_name: id,
        name: PersonNameView::from(&name),
        email_address: None,
        phone_number: None,
        timezone: time_zone::DEFAULT.to_owned(),
        locale: locale::DEFAULT.to_owned(),
        address: (&Address::default()).into(),
    };
    UserProfileForCaller {
        profile,
        is_authenticated: false,
        roles: vec![],
        features: vec![],
        default_organization_id: None,
    }
}
