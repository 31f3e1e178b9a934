//! For tests of everything that needs no secrets.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    identities::{ApiKeyId, Password, PasswordHash, TokenHash, WrongPasswords},
    kernel::{OrganizationId, Timestamp, UserId},
    subscriptions::{BillingInterpreter, ProviderState, SimpleProvider},
};

use crate::{
    Error, Result,
    call::BasicCredentials,
    emails::{EmailFilter, EmailReads, EmailView, Mail},
    identities::api_keys::{ApiKeyReads, ApiKeyView},
    ports::{
        AccessToken, AccessTokens, ApiKeyUse, ApiKeyUses, Attempt, Bearer, BillingProofs,
        BillingProvider, Buyer, EmailProvider, Ending, Letter, MailTemplates, OutgoingEmail,
        PasswordHasher, PasswordStrength, Proof, SealedText, Secrets, Strangers, Usage,
        UsageProvider, UsedTokens, Vault, Verdict, WebhookNotification, WebhookProofs,
        WebhookStatus, Webhooks,
    },
    search::{Found, Rows, Search},
    subscriptions::{
        Reference, SubscriptionReads, SubscriptionRecord, invoices::Invoice, plans::PricingPlans,
    },
};

/// A vault that keeps everything readable.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenVault;

#[async_trait]
impl Vault for OpenVault {
    async fn seal(&self, _subject: &str, _context: &str, plain: &[u8]) -> Result<String> {
        Ok(format!("open {}", String::from_utf8_lossy(plain)))
    }
    async fn open(&self, sealed: &[SealedText<'_>]) -> Result<Vec<Option<Vec<u8>>>> {
        let open =
            |sealed: &SealedText<'_>| Some(sealed.text.strip_prefix("open ")?.as_bytes().to_vec());
        Ok(sealed.iter().map(open).collect())
    }
    async fn has(&self, _subject: &str) -> Result<bool> {
        Ok(true)
    }
    async fn erase(&self, _subject: &str) -> Result<bool> {
        Ok(false)
    }
    fn digest(&self, purpose: &str, value: &str) -> String {
        format!("{purpose}-{}", value.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
    }
}

/// Sends no e-mail, tells nobody of usages, and knows no third party.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl AccessTokens for Alone {
    fn issue(&self, _: &Bearer<'_>) -> Result<AccessToken> {
        Err(Error::unavailable("nobody signs tokens"))
    }
}

#[async_trait]
impl UsedTokens for Alone {
    async fn note(&self, _: &str) -> Result<()> {
        Ok(())
    }
    async fn any(&self, _: &[String]) -> Result<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Strangers for Alone {
    async fn wrong_passwords(&self, _: &str) -> Result<WrongPasswords> {
        Ok(WrongPasswords::default())
    }
    async fn note(&self, _: &str, _: &WrongPasswords, _: &WrongPasswords) -> Result<bool> {
        Ok(true)
    }
}

#[async_trait]
impl PasswordHasher for Alone {
    async fn hash(&self, _: &Password) -> Result<PasswordHash> {
        Err(Error::unavailable("nobody hashes passwords"))
    }
    async fn verify(&self, _: &Password, _: Option<&PasswordHash>) -> Result<Verdict> {
        Ok(Verdict::Wrong)
    }
}

impl PasswordStrength for Alone {
    fn is_guessable(&self, _: &Password, _: &[&str]) -> bool {
        false
    }
}

impl Secrets for Alone {
    fn token(&self) -> String {
        "a".repeat(43)
    }
    fn between(&self, least: Duration, _: Duration) -> Duration {
        least
    }
    fn hash(&self, token: &str) -> TokenHash {
        TokenHash::new(token)
    }
}

#[async_trait]
impl EmailProvider for Alone {
    async fn send(&self, _: &OutgoingEmail) -> Result<String> {
        Err(Error::unavailable("nobody sends e-mails"))
    }
}

#[async_trait]
impl EmailReads for Alone {
    async fn emails(&self, _: &EmailFilter, _: &Search) -> Result<Found<EmailView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}

impl MailTemplates for Alone {
    fn write(&self, _: &Mail) -> Result<Letter> {
        Err(Error::unavailable("nobody writes e-mails"))
    }
}

#[async_trait]
impl UsageProvider for Alone {
    fn is_wanted(&self) -> bool {
        false
    }
    async fn deliver(&self, _: &Usage) -> Result<()> {
        Ok(())
    }
}

impl WebhookProofs for Alone {
    fn mailgun(&self, _: &str, _: &str, _: &str, _: Timestamp) -> Proof {
        Proof::Bad { counted: true }
    }
}

#[async_trait]
impl Webhooks for Alone {
    async fn received(&self, _: &WebhookNotification) -> Result<bool> {
        Ok(true)
    }
    async fn became(&self, _: &WebhookNotification, _: WebhookStatus) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl ApiKeyReads for Alone {
    async fn keys(&self, _: &UserId, _: &Search) -> Result<Found<ApiKeyView>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
    async fn unexpired(&self, _: &UserId, _: Timestamp) -> Result<Vec<ApiKeyId>> {
        Ok(vec![])
    }
}

#[async_trait]
impl ApiKeyUses for Alone {
    async fn note(&self, _: Vec<ApiKeyUse>) -> Result<Vec<ApiKeyUse>> {
        Ok(vec![])
    }
    async fn forget(&self, _: &ApiKeyId) -> Result<()> {
        Ok(())
    }
    async fn forget_all(&self, _: &UserId) -> Result<()> {
        Ok(())
    }
}

fn nobody_bills<T>() -> Result<T> {
    Err(Error::unavailable("nobody gets money"))
}

#[async_trait]
impl BillingProvider for Alone {
    fn interpreter(&self) -> &dyn BillingInterpreter {
        &SimpleProvider
    }
    async fn is_there(&self) -> bool {
        false
    }
    async fn subscribe(&self, _: &Attempt, _: &Buyer) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn change_plan(&self, _: &Attempt, _: &ProviderState, _: &str) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn cancel(&self, _: &Attempt, _: &ProviderState, _: Ending) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn unsubscribe(&self, _: &Attempt, _: &ProviderState) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn change_payment_method(&self, _: &ProviderState) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn transfer(
        &self,
        _: &Attempt,
        _: &ProviderState,
        _: &Buyer,
        _: Option<&str>,
    ) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn restore_buyer(&self, _: &Attempt, _: &Buyer) -> Result<ProviderState> {
        nobody_bills()
    }
    async fn invoices(
        &self,
        _: &ProviderState,
        _: Timestamp,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Invoice>> {
        nobody_bills()
    }
    async fn plans(&self) -> Result<PricingPlans> {
        nobody_bills()
    }
}

impl BillingProofs for Alone {
    fn chargebee(&self, _: Option<&BasicCredentials>, _: Timestamp) -> Proof {
        Proof::Bad { counted: true }
    }
}

#[async_trait]
impl SubscriptionReads for Alone {
    async fn of_organization(&self, _: &OrganizationId) -> Result<Option<SubscriptionRecord>> {
        Ok(None)
    }
    async fn of_reference(&self, _: &str, _: Reference, _: &str) -> Result<Option<String>> {
        Ok(None)
    }
    async fn at_provider(&self, _: &str, _: &Search) -> Result<Found<SubscriptionRecord>> {
        Ok(Found { rows: Rows::default(), total: 0 })
    }
}
