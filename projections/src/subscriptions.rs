//! Subscriptions, and what their billing providers know of them.

mod reads;
mod tables;

use application::{ports::Recorded, subscriptions::SUBSCRIPTIONS as NAME};
use domain::subscriptions::{ProviderState, SubscriptionEvent};
use store::{
    db::Value,
    projections::{Changes, ProjectError, Projection},
};

pub use reads::SubscriptionTables;
use tables::SUBSCRIPTIONS as TABLE;

/// The read model of subscriptions.
pub const SUBSCRIPTIONS: Projection = Projection {
    name: NAME,
    version: tables::VERSION,
    tables: &[&TABLE],
    handles: &[
        ("subscription", "created"),
        ("subscription", "provider_changed"),
        ("subscription", "subscription_plan_changed"),
        ("subscription", "subscription_transferred"),
        ("subscription", "subscription_canceled"),
        ("subscription", "subscription_unsubscribed"),
        ("subscription", "payment_method_changed"),
        ("subscription", "buyer_restored"),
        ("subscription", "deleted"),
    ],
    project,
};

#[expect(clippy::too_many_lines, reason = "a list of everything that can happen")]
fn project(recorded: &Recorded, changes: &mut Changes) -> Result<(), ProjectError> {
    let id = recorded.stream.id.as_str();
    let version = ("version", recorded.sequence.into());
    match recorded.decode::<SubscriptionEvent>()? {
        SubscriptionEvent::Created { owning_entity_id, buyer_id, provider_name: _ } => changes
            .upsert(
                &TABLE,
                id,
                [
                    ("owning_entity_id", owning_entity_id.as_str().into()),
                    ("buyer_id", buyer_id.as_str().into()),
                    ("provider_state", Value::json(&ProviderState::new())?),
                    ("position", recorded.position.into()),
                    version,
                ],
            ),
        SubscriptionEvent::ProviderChanged {
            owning_entity_id: _,
            from_provider_name: _,
            to_provider_name: provider_name,
            provider_state,
            buyer_reference,
            subscription_reference,
        }
        | SubscriptionEvent::SubscriptionPlanChanged {
            plan_id: _,
            owning_entity_id: _,
            provider_name,
            provider_state,
            buyer_reference,
            subscription_reference,
        }
        | SubscriptionEvent::BuyerRestored {
            owning_entity_id: _,
            provider_name,
            provider_state,
            buyer_reference,
            subscription_reference,
        } => changes.set(
            &TABLE,
            id,
            [
                ("provider_name", provider_name.into()),
                ("provider_state", Value::json(&provider_state)?),
                ("buyer_reference", buyer_reference.into()),
                ("subscription_reference", subscription_reference.into()),
                version,
            ],
        ),
        SubscriptionEvent::SubscriptionTransferred {
            plan_id: _,
            from_buyer_id: _,
            to_buyer_id,
            owning_entity_id: _,
            provider_name,
            provider_state,
            buyer_reference,
            subscription_reference,
        } => changes.set(
            &TABLE,
            id,
            [
                ("buyer_id", to_buyer_id.as_str().into()),
                ("provider_name", provider_name.into()),
                ("provider_state", Value::json(&provider_state)?),
                ("buyer_reference", buyer_reference.into()),
                ("subscription_reference", subscription_reference.into()),
                version,
            ],
        ),
        SubscriptionEvent::SubscriptionCanceled {
            owning_entity_id: _,
            provider_name,
            provider_state,
        }
        | SubscriptionEvent::PaymentMethodChanged {
            owning_entity_id: _,
            provider_name,
            provider_state,
        } => changes.set(
            &TABLE,
            id,
            [
                ("provider_name", provider_name.into()),
                ("provider_state", Value::json(&provider_state)?),
                version,
            ],
        ),
        SubscriptionEvent::SubscriptionUnsubscribed {
            owning_entity_id: _,
            provider_name,
            provider_state,
        } => changes.set(
            &TABLE,
            id,
            [
                ("provider_name", provider_name.into()),
                ("provider_state", Value::json(&provider_state)?),
                ("subscription_reference", None::<String>.into()),
                version,
            ],
        ),
        SubscriptionEvent::Deleted { deleted_by_id: _ } => {
            changes.delete(&TABLE, id);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Event;

    use super::*;

    #[test]
    fn every_event_of_a_subscription_is_handled() {
        let known: Vec<_> =
            SubscriptionEvent::CATALOG.iter().map(|e| (e.aggregate, e.name)).collect();
        assert_eq!(SUBSCRIPTIONS.handles, known);
    }
}
