//! Getting money for subscriptions, as the settings say.

use std::sync::Arc;

use adapters::billing::{chargebee::WebhookCredentials, simple::SimpleBilling};
use application::ports::{BillingProofs, BillingProvider, Clock};

use crate::{
    cli::Stop,
    config::billing::{BillingSettings, BillingWay},
};

/// Everything about billing that the settings decide.
pub struct Billing {
    /// Gets the money.
    pub provider: Arc<dyn BillingProvider>,
    /// Whether notifications are a provider's.
    pub proofs: Arc<dyn BillingProofs>,
}

impl Billing {
    /// As the settings say.
    ///
    /// # Errors
    /// A sentence that says what can't be used.
    pub fn new(settings: &BillingSettings, clock: &Arc<dyn Clock>) -> Result<Self, Stop> {
        let (user, password) = settings.webhook.clone();
        let proofs = Arc::new(WebhookCredentials::new(user, password));
        Ok(Self { provider: provider(settings, clock)?, proofs })
    }
}

#[cfg(not(feature = "testing-only"))]
fn provider(
    settings: &BillingSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn BillingProvider>, Stop> {
    use adapters::billing::chargebee::ChargebeeBilling;
    match &settings.way {
        BillingWay::Simple => Ok(Arc::new(SimpleBilling)),
        BillingWay::Chargebee(account) => {
            let plans = settings.plans.clone();
            let chargebee = ChargebeeBilling::new(account.clone(), plans, clock.clone())
                .map_err(|error| Stop::because("Chargebee can't be used", error))?;
            Ok(Arc::new(chargebee))
        }
    }
}

/// Testing builds reach nobody outside.
#[cfg(feature = "testing-only")]
#[expect(clippy::unnecessary_wraps, reason = "the other one can fail")]
fn provider(
    settings: &BillingSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn BillingProvider>, Stop> {
    use adapters::billing::testing::PretendedChargebee;
    Ok(match &settings.way {
        BillingWay::Simple => Arc::new(SimpleBilling),
        BillingWay::Chargebee(_) => {
            Arc::new(PretendedChargebee::new(settings.plans.clone(), clock.clone()))
        }
    })
}
