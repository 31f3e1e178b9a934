//! `groundwork ops tokens mint`: a caller before there are people, for development and tests.

use std::sync::Arc;

use adapters::{
    clock::SystemClock,
    ids::RandomIds,
    tokens::{NewToken, Tokens},
};
use application::{
    caller::Grant,
    ports::{Clock, Ids},
};
use clap::Args;
use domain::kernel::{
    OrganizationId, UserId,
    roles::{Feature, Role},
};
use time::Duration;

use super::{
    keys,
    printing::{note, say},
};
use crate::{cli::Stop, config::Settings, stores::Stores};

/// What is in the token. Without flags: a new person who owns a new organization, with the paid
/// trial.
#[derive(Args)]
#[cfg_attr(test, derive(Default))]
pub struct Mint {
    /// For this user instead of a new one.
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Within this organization instead of a new one.
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// With this role in the organization, for example `tenant_member`; may be repeated.
    #[arg(long, value_name = "NAME")]
    role: Vec<String>,
    /// With this role on the platform, for example `platform_operations`; may be repeated.
    #[arg(long, value_name = "NAME")]
    platform_role: Vec<String>,
    /// With this feature, for example `platform_paid2_features`; may be repeated.
    #[arg(long, value_name = "NAME")]
    feature: Vec<String>,
    /// Good for so many minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
}

/// What is asked for, valid.
struct Wanted {
    user: UserId,
    organization: OrganizationId,
    roles: Vec<Grant<Role>>,
    features: Vec<Grant<Feature>>,
}

impl Mint {
    /// Prints the token on stdout and what is in it on stderr.
    ///
    /// # Errors
    /// In production; for unknown names; if the keys can't be had.
    pub async fn run(self, settings: &Settings) -> Result<(), Stop> {
        if !settings.is_development() {
            return Err(Stop("Tokens are minted in development only.".to_owned()));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds::new(clock.clone()));
        let wanted = self.wanted(ids.as_ref())?;
        let stores = Stores::open(&settings.storage).await?;
        stores.make_ready(settings.mode).await?;
        let ring = keys::ring(settings, &stores, clock.clone()).await?;
        let issuer = settings.base_url.clone();
        let tokens = Tokens::new(ring, issuer, settings.leeway, clock.clone(), ids);
        let token = tokens
            .issue(&NewToken {
                user: &wanted.user,
                roles: &wanted.roles,
                features: &wanted.features,
                version: None,
                logged_in_at: clock.now(),
                lifetime: Duration::minutes(self.minutes.into()),
            })
            .map_err(|error| Stop::because("The token can't be made", error))?;
        stores.close().await;
        let names = |names: Vec<&str>| names.join(", ");
        note(format_args!("user          {}", wanted.user));
        note(format_args!("organization  {}", wanted.organization));
        let roles = names(wanted.roles.iter().map(|(role, _)| role.name()).collect());
        note(format_args!("roles         {roles}"));
        let features = names(wanted.features.iter().map(|(feature, _)| feature.name()).collect());
        note(format_args!("features      {features}"));
        note(format_args!("good for      {} minutes", self.minutes));
        say(token)
    }

    fn wanted(&self, ids: &dyn Ids) -> Result<Wanted, Stop> {
        let user = match &self.user {
            Some(id) => UserId::parse(id).map_err(|error| Stop::because("--user", error))?,
            None => UserId::new(ids.token()),
        };
        let organization = match &self.organization {
            Some(id) => {
                OrganizationId::parse(id).map_err(|error| Stop::because("--organization", error))?
            }
            None => OrganizationId::new(ids.token()),
        };
        let mut roles = vec![];
        for name in or_default(&self.platform_role, &[Role::PlatformStandard.name()]) {
            roles.push((role(name, false)?, None));
        }
        for name in or_default(&self.role, &[Role::TenantBillingAdmin.name()]) {
            roles.push((role(name, true)?, Some(organization.clone())));
        }
        let trial = [Feature::PlatformPaidTrial.name(), Feature::TenantPaidTrial.name()];
        let mut features = vec![];
        for name in or_default(&self.feature, &trial) {
            let feature = Feature::parse(name).ok_or_else(|| unknown("feature", name))?;
            features.push((feature, feature.is_tenant().then(|| organization.clone())));
        }
        Ok(Wanted { user, organization, roles, features })
    }
}

fn or_default<'a>(given: &'a [String], otherwise: &[&'static str]) -> Vec<&'a str> {
    if given.is_empty() { otherwise.to_vec() } else { given.iter().map(String::as_str).collect() }
}

fn role(name: &str, tenant: bool) -> Result<Role, Stop> {
    Role::parse(name).filter(|role| role.is_tenant() == tenant).ok_or_else(|| {
        unknown(if tenant { "role of an organization" } else { "role of the platform" }, name)
    })
}

fn unknown(what: &str, name: &str) -> Stop {
    Stop(format!("'{name}' is no {what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> RandomIds {
        RandomIds::new(Arc::new(SystemClock))
    }

    #[test]
    fn without_flags_it_is_a_new_owner_with_the_paid_trial() {
        let wanted = Mint::default().wanted(&ids()).unwrap();
        let organization = Some(wanted.organization);
        assert_eq!(
            wanted.roles,
            [(Role::PlatformStandard, None), (Role::TenantBillingAdmin, organization.clone())]
        );
        assert_eq!(
            wanted.features,
            [(Feature::PlatformPaidTrial, None), (Feature::TenantPaidTrial, organization)]
        );
    }

    #[test]
    fn names_are_checked_in_their_scope() {
        for mint in [
            Mint { role: vec!["platform_standard".into()], ..Mint::default() },
            Mint { platform_role: vec!["tenant_owner".into()], ..Mint::default() },
            Mint { feature: vec!["everything".into()], ..Mint::default() },
            Mint { user: Some("me".into()), ..Mint::default() },
            Mint { organization: Some("us".into()), ..Mint::default() },
        ] {
            assert!(mint.wanted(&ids()).is_err());
        }
    }
}
