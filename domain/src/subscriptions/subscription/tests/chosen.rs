//! What was chosen counts until something else is.

use super::*;

fn chosen(state: ProviderState) -> SubscriptionEvent {
    SubscriptionEvent::SubscriptionPlanChanged {
        plan_id: SimpleProvider::PLAN.to_owned(),
        owning_entity_id: organization(),
        provider_name: SimpleProvider::NAME.to_owned(),
        provider_state: state,
        buyer_reference: ann().to_string(),
        subscription_reference: None,
    }
}

fn transferred(state: ProviderState) -> SubscriptionEvent {
    SubscriptionEvent::SubscriptionTransferred {
        plan_id: SimpleProvider::PLAN.to_owned(),
        from_buyer_id: ann(),
        to_buyer_id: bea(),
        owning_entity_id: organization(),
        provider_name: SimpleProvider::NAME.to_owned(),
        provider_state: state,
        buyer_reference: bea().to_string(),
        subscription_reference: None,
    }
}

fn after(events: Vec<SubscriptionEvent>) -> Option<ProviderState> {
    let it = given::<Subscription>(complete().into_iter().chain(events)).state();
    it.chosen().map(|chosen| chosen.state.clone())
}

#[test]
fn a_plan_is_chosen_until_another_one_is() {
    assert_eq!(after(vec![]), None, "what it began with nobody chose");
    let canceled = SubscriptionEvent::SubscriptionCanceled {
        owning_entity_id: organization(),
        provider_name: SimpleProvider::NAME.to_owned(),
        provider_state: SimpleProvider::canceled(&simple()),
    };
    assert_eq!(after(vec![chosen(simple()), canceled.clone()]), Some(simple()));
    let second = SimpleProvider::subscribed(&bea(), 2);
    assert_eq!(after(vec![chosen(simple()), canceled, chosen(second.clone())]), Some(second));
    let hers = SimpleProvider::subscribed(&bea(), 1);
    assert_eq!(after(vec![chosen(simple()), transferred(hers.clone())]), Some(hers));
}
