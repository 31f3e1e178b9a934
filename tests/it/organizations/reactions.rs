//! What follows in organizations follows in whatever order and however often it is delivered.

use acceptance::{TestApp, on_every_deployment};
use application::{
    organizations::reactions::REACTION,
    ports::{Recorded, StreamId},
};
use domain::{
    kernel::roles::Role,
    subscriptions::{SimpleProvider, SubscriptionEvent},
};
use serde_json::json;

use super::{
    events, founder, happened, join, leave, maintenance, member, members, path, roles_of, state,
};

on_every_deployment!(
    members_come_and_go,
    nothing_happens_twice,
    whoever_comes_back_begins_anew,
    whoever_pays_hands_over,
    nothing_happens_to_what_is_gone,
);

/// Delivers everything that the reaction handles once more, in this order.
async fn deliver(app: &TestApp, events: &[Recorded]) {
    let handled =
        |event: &&Recorded| REACTION.handles.contains(&(&*event.stream.kind, event.name.as_str()));
    for event in events.iter().filter(handled) {
        let done = (REACTION.react)(app.ports(), &maintenance(), event).await;
        done.unwrap_or_else(|error| panic!("{}: {error}", event.name));
    }
}

async fn everything(app: &TestApp) -> Vec<Recorded> {
    app.ports().sealed_log.read(0, 1_000).await.unwrap()
}

async fn members_come_and_go(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    assert_eq!(members(app, &id).await, [ann.user.clone(), bea.user.clone()].into());
    leave(app, &bea.user, &id).await;
    assert_eq!(members(app, &id).await, [ann.user].into());
    assert_eq!(roles_of(app, &id, &bea.user).await, []);
}

async fn nothing_happens_twice(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let given = json!({ "userId": bea.user, "roles": ["tenant_owner"] });
    let assign = app.put(&path(&id, "/roles/assign")).by(&ann).json(&given);
    let _ = assign.send().await.expect(202);
    leave(app, &bea.user, &id).await;
    join(app, &bea.user, &id).await;
    leave(app, &bea.user, &id).await;
    let before = app.head().await;
    let mut all = everything(app).await;
    for _ in 0..2 {
        deliver(app, &all).await;
        all.reverse();
    }
    assert_eq!(app.head().await, before);
    join(app, &bea.user, &id).await;
    let before = app.head().await;
    let mut all = everything(app).await;
    for _ in 0..2 {
        all.reverse();
        deliver(app, &all).await;
    }
    assert_eq!(app.head().await, before);
}

async fn whoever_comes_back_begins_anew(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let given = json!({ "userId": bea.user, "roles": ["tenant_owner"] });
    let assign = app.put(&path(&id, "/roles/assign")).by(&ann).json(&given);
    let _ = assign.send().await.expect(202);
    app.settle().await;
    let un_invite = app.delete(&path(&id, &format!("/members/{}", bea.user))).by(&ann);
    let _ = un_invite.send().await.expect(202);
    app.settle().await;
    leave(app, &bea.user, &id).await;
    join(app, &bea.user, &id).await;
    assert_eq!(members(app, &id).await, [ann.user.clone(), bea.user.clone()].into());
    assert_eq!(roles_of(app, &id, &bea.user).await, [Role::TenantMember]);
}

async fn whoever_pays_hands_over(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let bea = member(app, &id).await;
    let subscription = state(app, &id).await.subscription().unwrap().clone();
    let paid = app.ports().subscriptions.load(&maintenance(), subscription.as_str()).await;
    let provider = paid.unwrap().state.provider().unwrap().clone();
    let transferred = SubscriptionEvent::SubscriptionTransferred {
        plan_id: SimpleProvider::PLAN.to_owned(),
        from_buyer_id: ann.user.clone(),
        to_buyer_id: bea.user.clone(),
        owning_entity_id: id.clone(),
        provider_name: provider.name,
        provider_state: provider.state,
        buyer_reference: bea.user.to_string(),
        subscription_reference: None,
    };
    let ports = app.ports();
    happened(app, &ports.subscriptions, subscription.as_str(), vec![transferred]).await;
    assert_eq!(state(app, &id).await.subscriber(), Some(&bea.user));
    let before = events(app, &id).await;
    let stream = StreamId::new("subscription", subscription.as_str());
    let mut all = ports.sealed_log.load(&stream, 0).await.unwrap();
    for _ in 0..2 {
        deliver(app, &all).await;
        all.reverse();
    }
    assert_eq!(events(app, &id).await, before);
    assert_eq!(before.last().unwrap(), "billing_subscriber_changed");
}

async fn nothing_happens_to_what_is_gone(app: &TestApp) {
    let ann = founder(app).await;
    let id = ann.organization.clone();
    let _ = app.delete(&path(&id, "")).by(&ann).send().await.expect(204);
    app.settle().await;
    leave(app, &ann.user, &id).await;
    let before = events(app, &id).await;
    assert_eq!(before.last().unwrap(), "deleted");
    let mut all = everything(app).await;
    for _ in 0..2 {
        deliver(app, &all).await;
        all.reverse();
    }
    assert_eq!(events(app, &id).await, before);
}
