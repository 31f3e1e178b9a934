//! Members by the thousand, who are not asked for one by one: they are appended, as if they had been
//! invited before. And what all of them get at once.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use application::{Call, Caller, Committed, Loaded, end_users::membership_id};
use domain::{
    end_users::{Access, Classification, EndUserEvent, Ownership, UserStatus},
    kernel::{
        OrganizationId, UserId,
        roles::{Feature, Role},
    },
    organizations::OrganizationEvent,
    subscriptions::{SimpleProvider, SubscriptionEvent},
};
use hosts::{
    compose::{Composed, Replacements, compose},
    config::Settings,
    roles::Roles,
};
use sqlx::PgPool;

use crate::Outcome;

/// Of one append.
const TOGETHER: usize = 200;
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_mins(3);
const RESET: &str = "SELECT count(*) FROM events WHERE event_type = 'membership_features_reset'";
const JOINED: &str = "SELECT count(*) FROM events WHERE aggregate_type = 'end_user' \
    AND aggregate_id = $1 AND event_type = 'membership_added' AND payload->>'organizationId' = $2";

/// A deployment from within, beside its hosts.
pub struct Inside {
    composed: Composed,
    pool: PgPool,
    organization: OrganizationId,
}

impl Inside {
    /// Of a deployment that runs with these settings.
    pub async fn open(
        settings: &[(&str, &str)],
        pool: PgPool,
        organization: &str,
    ) -> Outcome<Self> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = Settings::read(settings.iter().map(own).collect::<BTreeMap<_, _>>())?;
        let composed = compose(&settings, &Roles::working([]), Replacements::default()).await?;
        Ok(Self { composed, pool, organization: OrganizationId::parse(organization)? })
    }

    pub async fn close(self) {
        self.composed.log.close().await;
        self.composed.stores.close().await;
    }

    /// Makes so many guests members, who have less than the organization could have.
    pub async fn add_guests(&self, count: usize) -> Outcome {
        let app = &self.composed.app;
        for first in (0..count).step_by(TOGETHER) {
            let id = self.organization.as_str();
            let mut organization = app.organizations.load(&call(), id).await?;
            let (mut parts, mut noted) = (vec![], vec![]);
            for _ in first..count.min(first + TOGETHER) {
                let user = UserId::new(app.ids.token());
                let mut guest = Loaded::new(user.as_str());
                parts.push(app.end_users.stage(&mut guest, self.joined(&user))?);
                noted.push(OrganizationEvent::MembershipAdded { user_id: user });
            }
            parts.push(app.organizations.stage(&mut organization, noted)?);
            let Committed::Done = app.commit(&call(), parts).await? else {
                return Err("the organization changed meanwhile".into());
            };
        }
        Ok(())
    }

    fn joined(&self, user: &UserId) -> Vec<EndUserEvent> {
        vec![
            EndUserEvent::Created {
                access: Access::Enabled,
                status: UserStatus::Unregistered,
                classification: Classification::Person,
                host_region: "bench".to_owned(),
            },
            EndUserEvent::MembershipAdded {
                membership_id: membership_id(user, &self.organization),
                organization_id: self.organization.clone(),
                ownership: Ownership::Shared,
                is_default: true,
                roles: vec![Role::TenantMember],
                features: vec![Feature::TenantBasic],
            },
        ]
    }

    /// Chooses the plan anew, so that all members get its features.
    pub async fn choose_plan(&self) -> Outcome {
        let app = &self.composed.app;
        let id = self.organization.twin("billsub");
        let mut subscription = app.subscriptions.load(&call(), &id).await?;
        let provider = subscription.state.provider().cloned().ok_or("nobody pays")?;
        let chosen = SubscriptionEvent::SubscriptionPlanChanged {
            plan_id: SimpleProvider::PLAN.to_owned(),
            owning_entity_id: self.organization.clone(),
            provider_name: provider.name,
            provider_state: provider.state,
            buyer_reference: subscription.state.buyer_reference().unwrap_or_default().to_owned(),
            subscription_reference: subscription.state.subscription_reference().map(str::to_owned),
        };
        let part = app.subscriptions.stage(&mut subscription, vec![chosen])?;
        match app.commit(&call(), vec![part]).await? {
            Committed::Done => Ok(()),
            Committed::Raced => Err("the subscription changed meanwhile".into()),
        }
    }

    /// How long it takes until so many got other features.
    pub async fn reset(&self, count: usize, since: Instant) -> Outcome<Duration> {
        let count = i64::try_from(count)?;
        while sqlx::query_scalar::<_, i64>(RESET).fetch_one(&self.pool).await? < count {
            wait(since).await?;
        }
        Ok(since.elapsed())
    }

    /// How long it takes until somebody is a member.
    pub async fn is_member(&self, user: &str, since: Instant) -> Outcome<Duration> {
        loop {
            let found = sqlx::query_scalar::<_, i64>(JOINED)
                .bind(user)
                .bind(self.organization.as_str())
                .fetch_one(&self.pool)
                .await?;
            if found > 0 {
                return Ok(since.elapsed());
            }
            wait(since).await?;
        }
    }
}

fn call() -> Call {
    Call::new(Caller::maintenance(), "bench".to_owned())
}

async fn wait(since: Instant) -> Outcome {
    if since.elapsed() > PATIENCE {
        return Err(format!("it is not done after {PATIENCE:?}").into());
    }
    tokio::time::sleep(LOOK).await;
    Ok(())
}
