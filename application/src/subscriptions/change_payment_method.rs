//! Takes over how a subscription is paid for.

use domain::{
    kernel::{OrganizationId, UserId},
    subscriptions::Subscription,
};

use super::deciding::{Decide, Decided, change, known};
use crate::{App, Call, Loaded, Result};

/// Takes over how the subscription of an organization is paid for, after its buyer `by` has told the
/// provider: cards never pass through here.
///
/// # Errors
/// Not found; those of [`Subscription::check_payment_method`]; whatever the provider refuses.
pub async fn change_payment_method(
    app: &App,
    call: &Call,
    organization: &OrganizationId,
    by: &UserId,
) -> Result<Loaded<Subscription>> {
    change(app, call, organization, &ChangePaymentMethod { by }).await
}

struct ChangePaymentMethod<'a> {
    by: &'a UserId,
}

impl Decide for ChangePaymentMethod<'_> {
    async fn decide(
        &self,
        app: &App,
        _: &Call,
        _: &OrganizationId,
        subscription: &Loaded<Subscription>,
    ) -> Result<Decided> {
        let (installed, it) = (app.billing.interpreter(), &subscription.state);
        it.check_payment_method(installed, self.by)?;
        let state = app.billing.change_payment_method(known(it)?).await?;
        Ok(it.change_payment_method(installed, state)?.into())
    }
}
