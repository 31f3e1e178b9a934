//! What a subscription refuses.

use crate::kernel::{DomainError, ErrorKind};

/// What a subscription refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// No provider has it so far.
    #[error("no billing provider has this subscription yet")]
    NoProvider,
    /// Somebody else's state.
    #[error("the billing provider is not the one that is installed")]
    OtherProvider,
    /// A reference is missing.
    #[error("the state of the billing provider is incomplete")]
    IncompleteState,
    /// It was not created.
    #[error("there is no subscription yet")]
    NotCreated,
    /// There is nothing to migrate.
    #[error("the subscription has this billing provider already")]
    SameProvider,
    /// Somebody else pays.
    #[error("only the buyer may do this")]
    NotBuyer,
    /// Neither the buyer nor a billing administrator.
    #[error("only the buyer or a billing administrator of the organization may do this")]
    NotBillingAdmin,
    /// Not of this organization at all.
    #[error("the user is not a member of the organization")]
    NotMember,
    /// Nobody could be charged.
    #[error("a valid payment method is needed for this")]
    NoPaymentMethod,
    /// Its buyer wants to keep it.
    #[error("the subscription can't be claimed until its buyer has canceled it")]
    NotClaimable,
    /// It does not go on anyway.
    #[error("only an active subscription can be canceled")]
    NotCancelable,
    /// It goes on for what was paid for.
    #[error("the subscription can't end before what was paid for is over")]
    NotUnsubscribable,
    /// Nothing would change.
    #[error("this user is the buyer already")]
    AlreadyBuyer,
    /// Who gets it must be able to pay.
    #[error("the new buyer must be a person, and a billing administrator of the organization")]
    NotTransferable,
    /// Only the provider's own notifications.
    #[error("only the billing provider may do this")]
    NotProvider,
    /// It pays for something else.
    #[error("the subscription belongs to another organization")]
    OtherOwner,
}

impl DomainError for SubscriptionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoProvider
            | Self::OtherProvider
            | Self::IncompleteState
            | Self::NotCreated
            | Self::SameProvider
            | Self::NotMember
            | Self::NotClaimable
            | Self::NotUnsubscribable
            | Self::AlreadyBuyer
            | Self::NotTransferable
            | Self::OtherOwner => ErrorKind::Rule,
            Self::NotBuyer | Self::NotBillingAdmin | Self::NotProvider => ErrorKind::Forbidden,
            Self::NoPaymentMethod => ErrorKind::PaymentRequired,
            Self::NotCancelable => ErrorKind::Precondition,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NoProvider => "subscription_no_provider",
            Self::OtherProvider => "subscription_other_provider",
            Self::IncompleteState => "subscription_incomplete_state",
            Self::NotCreated => "subscription_not_created",
            Self::SameProvider => "subscription_same_provider",
            Self::NotBuyer => "subscription_not_buyer",
            Self::NotBillingAdmin => "subscription_not_billing_admin",
            Self::NotMember => "subscription_not_member",
            Self::NoPaymentMethod => "subscription_no_payment_method",
            Self::NotClaimable => "subscription_not_claimable",
            Self::NotCancelable => "subscription_not_cancelable",
            Self::NotUnsubscribable => "subscription_not_unsubscribable",
            Self::AlreadyBuyer => "subscription_already_buyer",
            Self::NotTransferable => "subscription_not_transferable",
            Self::NotProvider => "subscription_not_provider",
            Self::OtherOwner => "subscription_other_owner",
        }
    }
}
