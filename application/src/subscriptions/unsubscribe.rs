//! Ends a subscription for good.

use domain::{
    kernel::{OrganizationId, UserId},
    subscriptions::Subscription,
};

use super::{
    attempt,
    buyer::standing_kept,
    deciding::{Decide, Decided, change, known},
};
use crate::{App, Call, Loaded, Result};

/// Ends the subscription of an organization at once, there and here; its buyer can come back with
/// another one. `by` is who wants it; `None` asks neither who that is nor whether it can end now.
///
/// # Errors
/// Not found; those of [`Subscription::check_unsubscribe`]; whatever the provider refuses.
pub async fn unsubscribe(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    by: Option<&UserId>,
) -> Result<Loaded<Subscription>> {
    change(app, call, organization, &Unsubscribe { by }).await
}

struct Unsubscribe<'a> {
    by: Option<&'a UserId>,
}

impl Decide for Unsubscribe<'_> {
    async fn decide(
        &self,
        app: &App,
        call: &Call,
        organization: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> Result<Decided> {
        let (installed, it) = (app.billing.interpreter(), &subscription.state);
        let mut unchanged = vec![];
        let by = match self.by {
            Some(by) => {
                let (standing, kept) = standing_kept(app, call, by, organization).await?;
                unchanged.push(kept);
                Some((by, standing))
            }
            None => None,
        };
        it.check_unsubscribe(installed, by)?;
        let state = app.billing.unsubscribe(&attempt(subscription), known(it)?).await?;
        Ok(Decided { events: it.unsubscribe(installed, state)?, unchanged })
    }
}
