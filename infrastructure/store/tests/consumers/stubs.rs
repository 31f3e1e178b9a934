//! An application whose only working parts are those that reactions use.

use std::{sync::Arc, time::Duration};

use application::{
    App, Call, Repository, Result,
    audits::{AuditReads, AuditView},
    cars::{CarReads, CarView, UnavailabilityView},
    end_users::{EndUserReads, EndUserWithMemberships, Member, MembershipView},
    organizations::{OrganizationReads, OrganizationView},
    ports::{Audited, Notifications, Reacted, ReadModels, Recorded, Recorder, Severity},
    search::{Found, Rows, Search},
    testing::{Alone, OpenVault},
    user_profiles::{OwnProfile, UserProfileReads, UserProfileView},
};
use async_trait::async_trait;
use domain::{
    cars::CarId,
    kernel::{OrganizationId, TimeSlot, Timestamp, UserId},
};
use serde_json::Value;
use store::work::TableQueues;

use crate::support::Site;

struct Nothing;

#[async_trait]
impl ReadModels for Nothing {
    async fn reached(&self, _: &[&str], _: u64, _: Duration) -> bool {
        true
    }
    fn handling(&self, _: &[(&str, &str)]) -> Vec<&'static str> {
        vec![]
    }
    async fn reacted(&self, _: &str, _: &Recorded, _: Duration) -> Result<Reacted> {
        Ok(Reacted::Done)
    }
    async fn settled(&self, _: Duration) -> bool {
        true
    }
}

#[async_trait]
impl Notifications for Nothing {
    async fn delivered(&self, _: &Recorded, _: &str) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Recorder for Nothing {
    fn crash(&self, _: &Call, _: Severity, _: &'static str, _: &str) {}
    fn measure(&self, _: &Call, _: &str, _: &[(&str, Value)]) {}
    async fn flush(&self) {}
    fn usage(&self, _: &Call, _: &'static str, _: &[(&'static str, Value)]) {}
    async fn audit(&self, _: &Call, _: Audited<'_>) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl CarReads for Nothing {
    async fn car(&self, _: &OrganizationId, _: &CarId) -> Result<Option<(CarView, u64)>> {
        Ok(None)
    }
    async fn cars(&self, _: &OrganizationId, _: &Search) -> Result<Found<CarView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
    async fn available(
        &self,
        _: &OrganizationId,
        _: TimeSlot,
        _: &Search,
    ) -> Result<Found<CarView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
    async fn unavailabilities(
        &self,
        _: &OrganizationId,
        _: &CarId,
        _: &Search,
    ) -> Result<Found<UnavailabilityView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

#[async_trait]
impl AuditReads for Nothing {
    async fn audits(
        &self,
        _: Option<&OrganizationId>,
        _: Timestamp,
        _: &Search,
    ) -> Result<Found<AuditView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

#[async_trait]
impl EndUserReads for Nothing {
    async fn user(&self, _: &UserId) -> Result<Option<(EndUserWithMemberships, u64)>> {
        Ok(None)
    }
    async fn memberships(&self, _: &UserId) -> Result<Option<Vec<MembershipView>>> {
        Ok(None)
    }
    async fn members(&self, _: &OrganizationId, _: &Search) -> Result<Found<Member>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

#[async_trait]
impl OrganizationReads for Nothing {
    async fn organization(&self, _: &OrganizationId) -> Result<Option<(OrganizationView, u64)>> {
        Ok(None)
    }
}

#[async_trait]
impl UserProfileReads for Nothing {
    async fn of_user(&self, _: &UserId) -> Result<Option<OwnProfile>> {
        Ok(None)
    }
    async fn of_users(&self, _: &[UserId]) -> Result<Vec<UserProfileView>> {
        Ok(vec![])
    }
}

#[cfg(feature = "testing-only")]
#[async_trait]
impl application::ports::Testing for Nothing {
    fn usages(&self) -> Vec<application::ports::Usage> {
        vec![]
    }
    async fn drain(&self, _: Duration) -> Result<()> {
        Ok(())
    }
    async fn destroy(&self) -> Result<()> {
        Ok(())
    }
    async fn advance_clock(&self, _: i64) -> Result<()> {
        Ok(())
    }
    async fn reset_clock(&self) -> Result<()> {
        Ok(())
    }
    async fn notifications(
        &self,
        _: &Search,
    ) -> Result<Found<application::testing_only::notifications::NotificationView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

/// Over the log of a site.
pub fn app(site: &Site) -> App {
    App {
        clock: site.clock.clone(),
        ids: site.ids.clone(),
        log: site.log.clone(),
        sealed_log: site.log.clone(),
        vault: Arc::new(OpenVault),
        read_models: Arc::new(Nothing),
        recorder: Arc::new(Nothing),
        notifications: Arc::new(Nothing),
        reactions: &[],
        work: Arc::new(TableQueues::new(site.log_db.clone(), site.clock.clone())),
        region: "aregion".into(),
        audits: Repository::new(site.log.clone(), site.ids.clone()),
        audit_reads: Arc::new(Nothing),
        cars: Repository::new(site.log.clone(), site.ids.clone()),
        car_reads: Arc::new(Nothing),
        end_users: Repository::new(site.log.clone(), site.ids.clone()),
        end_user_reads: Arc::new(Nothing),
        operators: Arc::new([]),
        organizations: Repository::new(site.log.clone(), site.ids.clone()),
        organization_reads: Arc::new(Nothing),
        tenant_settings: Arc::new([]),
        subscriptions: Repository::new(site.log.clone(), site.ids.clone()),
        subscription_reads: Arc::new(Alone),
        billing: Arc::new(Alone),
        billing_proofs: Arc::new(Alone),
        user_profiles: Repository::new(site.log.clone(), site.ids.clone()),
        user_profile_reads: Arc::new(Nothing),
        emails: Repository::new(site.log.clone(), site.ids.clone()),
        email_reads: Arc::new(Alone),
        email_provider: Arc::new(Alone),
        mail_templates: Arc::new(Alone),
        usages: Arc::new(Alone),
        webhook_proofs: Arc::new(Alone),
        webhooks: Arc::new(Alone),
        api_keys: Repository::new(site.log.clone(), site.ids.clone()),
        api_key_reads: Arc::new(Alone),
        api_key_uses: Arc::new(Alone),
        credentials: Repository::new(site.log.clone(), site.ids.clone()),
        token_families: Repository::new(site.log.clone(), site.ids.clone()),
        access_tokens: Arc::new(Alone),
        used_tokens: Arc::new(Alone),
        strangers: Arc::new(Alone),
        passwords: Arc::new(Alone),
        password_strength: Arc::new(Alone),
        secrets: Arc::new(Alone),
        sign_in: Arc::new(application::identities::SignIn::default()),
        #[cfg(feature = "testing-only")]
        testing: Arc::new(Nothing),
    }
}
