//! Who calls and whether they may: what a request pays for it.

use std::{hint::black_box, sync::Arc, time::Instant};

use adapters::{
    clock::SystemClock,
    ids::RandomIds,
    key_ring::KeyRing,
    signing_keys::SigningKey,
    standing::Standing,
    tokens::{NewToken, Tokens},
};
use application::{
    Policy, Repository,
    caller::Grant,
    ports::{Clock, EventLog, Ids},
};
use domain::kernel::{
    OrganizationId, UserId,
    roles::{Feature, Role},
};
use store::log::MemLog;
use time::Duration;

use crate::Outcome;

/// Different tokens, none of which was checked before.
const TOKENS: u32 = 2_000;

/// Checks tokens of somebody who is a member of three organizations, on one core.
pub async fn run() -> Outcome {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds::new(clock.clone()));
    let ring = Arc::new(KeyRing::of(SigningKey::generate()?, clock.clone()));
    let issuer = "http://127.0.0.1:5001".to_owned();
    let tokens = Tokens::new(ring, issuer, Duration::seconds(5), clock.clone(), ids.clone());
    let log: Arc<dyn EventLog> = Arc::new(MemLog::new(clock.clone()));
    let users = Repository::new(log.clone(), ids.clone());
    let standing = Standing::new(log, users, clock.as_ref()).await?;
    let user = UserId::new(ids.token());
    let organizations: Vec<_> = (0..3).map(|_| OrganizationId::new(ids.token())).collect();
    let mut roles: Vec<Grant<Role>> = vec![(Role::PlatformStandard, None)];
    let mut features: Vec<Grant<Feature>> = vec![(Feature::PlatformPaidTrial, None)];
    for organization in &organizations {
        roles.push((Role::TenantBillingAdmin, Some(organization.clone())));
        features.push((Feature::TenantPaidTrial, Some(organization.clone())));
    }
    let new = NewToken {
        user: &user,
        roles: &roles,
        features: &features,
        version: Some(1),
        logged_in_at: clock.now(),
        lifetime: Duration::minutes(15),
    };
    let texts = (0..TOKENS).map(|_| tokens.issue(&new)).collect::<Result<Vec<_>, _>>()?;
    let policy = Policy::member().with(Feature::TenantPaidTrial);
    let tenant = organizations.last();
    let check = async || -> Outcome<f64> {
        let begun = Instant::now();
        for text in &texts {
            let token = tokens.verify(text)?;
            let caller = standing.of(&token).await?.ok_or("the session has ended")?;
            if !black_box(policy.allows(&caller, tenant)) {
                return Err("the caller may not do what it may".into());
            }
        }
        Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(TOKENS))
    };
    println!("token and policy: {:.1} µs when the token is new", check().await?);
    println!("token and policy: {:.1} µs when it was seen before\n", check().await?);
    Ok(())
}
