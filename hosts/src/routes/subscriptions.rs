//! Subscriptions.

use application::subscriptions::{
    cancel::{CancelSubscription, ForceCancelSubscription},
    change_plan::ChangeSubscriptionPlan,
    export::ExportSubscriptionsToMigrate,
    inspect::GetSubscription,
    invoices::SearchSubscriptionHistory,
    migrate::MigrateSubscription,
    plans::ListPricingPlans,
    transfer::TransferSubscription,
};

use crate::http::route::{Route, delete_with_answer, get, put};

/// Everything about subscriptions.
pub const ROUTES: &[Route] = &[
    get::<ListPricingPlans>("/pricing/plans"),
    get::<ExportSubscriptionsToMigrate>("/subscriptions/export"),
    get::<GetSubscription>("/subscriptions/{id}"),
    delete_with_answer::<CancelSubscription>("/subscriptions/{id}"),
    delete_with_answer::<ForceCancelSubscription>("/subscriptions/{id}/force"),
    get::<SearchSubscriptionHistory>("/subscriptions/{id}/invoices"),
    put::<MigrateSubscription>("/subscriptions/{id}/migrate"),
    put::<ChangeSubscriptionPlan>("/subscriptions/{id}/plan"),
    put::<TransferSubscription>("/subscriptions/{id}/transfer"),
];
