//! Histories in which something is missing or doubled.

use serde_json::Map;

use super::*;

/// Somebody with what it brings along.
fn with_its_own(user: &str) -> Vec<String> {
    [
        "end_user user_U created",
        "end_user user_U registered",
        "end_user user_U membership_added organizationId=org_U",
        "organization org_U created createdById=user_U",
        "organization org_U membership_added userId=user_U",
        "organization org_U billing_subscribed subscriberId=user_U",
        "subscription billsub_U created owningEntityId=org_U buyerId=user_U",
        "subscription billsub_U provider_changed owningEntityId=org_U",
        "user_profile profile_U created userId=user_U",
    ]
    .map(|line| line.replace('U', user))
    .to_vec()
}

/// A person likewise.
fn person(user: &str) -> Vec<String> {
    let more = [
        "person_credential cred_U created userId=user_U",
        "person_credential cred_U credentials_changed",
        "person_credential cred_U registration_changed",
        "person_credential cred_U registration_verification_created",
        "user_profile profile_U email_address_changed userId=user_U",
    ]
    .map(|line| line.replace('U', user));
    [with_its_own(user), more.to_vec()].concat()
}

/// Everything about one organization.
fn whole(left: bool) -> Vec<String> {
    let here = [
        "end_user user_ann membership_added organizationId=org_acme",
        "end_user user_bea membership_added organizationId=org_acme",
        "end_user user_bea membership_role_assigned organizationId=org_acme \
         role=tenant_billing_admin",
        "end_user user_eve created",
        "end_user user_eve guest_invitation_created invitedById=user_ann",
        "end_user user_eve membership_added organizationId=org_acme",
        "end_user user_robot membership_added organizationId=org_acme",
        "api_key apikey_robots created userId=user_robot",
        "api_key apikey_robots parameters_changed",
        "organization org_acme created createdById=user_ann",
        "organization org_acme membership_added userId=user_ann",
        "organization org_acme membership_added userId=user_bea",
        "organization org_acme membership_added userId=user_eve",
        "organization org_acme membership_added userId=user_robot",
        "organization org_acme member_invited invitedById=user_ann invitedId=user_bea",
        "organization org_acme member_invited invitedById=user_ann",
        "organization org_acme role_assigned userId=user_bea role=tenant_billing_admin",
        "organization org_acme billing_subscribed subscriberId=user_ann",
        "subscription billsub_acme created owningEntityId=org_acme buyerId=user_ann",
        "subscription billsub_acme provider_changed owningEntityId=org_acme",
        "subscription billsub_acme subscription_plan_changed owningEntityId=org_acme \
         planId=_simple_standard",
    ];
    let gone = [
        "organization org_acme member_un_invited uninvitedId=user_bea",
        "organization org_acme membership_removed userId=user_bea",
        "end_user user_bea membership_removed organizationId=org_acme",
    ];
    let mut robot = with_its_own("robot");
    for line in &mut robot {
        if line.ends_with(" registered") {
            line.push_str(" classification=machine");
        }
    }
    let mut lines = [person("ann"), person("bea"), robot].concat();
    lines.extend(here.map(str::to_owned));
    lines.extend(gone.iter().filter(|_| left).map(|line| (*line).to_owned()));
    lines
}

fn fact(line: &str) -> Fact {
    let mut words = line.split_whitespace();
    let mut word = || words.next().expect("a word").to_owned();
    let (kind, id, name) = (word(), word(), word());
    let about: Map<String, Value> = words
        .map(|word| word.split_once('=').expect("a member"))
        .map(|(member, value)| (member.to_owned(), Value::from(value)))
        .collect();
    Fact { position: 0, kind, id, name, about: about.into() }
}

fn tenant(left: bool) -> Tenant {
    Tenant {
        founder: "user_ann".to_owned(),
        member: "user_bea".to_owned(),
        organization: "org_acme".to_owned(),
        machine: "user_robot".to_owned(),
        machines: 1,
        left,
    }
}

fn judged(lines: &[String], tenant: &Tenant) -> Result<Option<String>, String> {
    let facts: Vec<Fact> = lines.iter().map(|line| fact(line)).collect();
    History::of(&facts).missing(tenant)
}

#[test]
fn everything_follows_once_from_each_organization() {
    for left in [false, true] {
        let (tenant, all) = (tenant(left), whole(left));
        assert_eq!(judged(&all, &tenant), Ok(None));
        for (at, line) in all.iter().enumerate() {
            let mut lines = all.clone();
            lines.remove(at);
            assert!(matches!(judged(&lines, &tenant), Ok(Some(_))), "{line} is missing");
            let mut lines = all.clone();
            lines.push(line.clone());
            assert!(judged(&lines, &tenant).is_err(), "{line} is doubled");
        }
    }
}

#[test]
fn nobody_and_nothing_is_there_twice() {
    let all = whole(false);
    for more in [
        vec!["end_user user_max guest_invitation_created invitedById=user_ann"],
        vec!["api_key apikey_other created userId=user_robot"],
        vec!["api_key apikey_robots expired userId=user_robot"],
        vec![
            "end_user user_other registered classification=machine",
            "end_user user_other membership_added organizationId=org_acme",
        ],
    ] {
        let lines = [all.clone(), more.iter().map(|line| (*line).to_owned()).collect()].concat();
        assert!(judged(&lines, &tenant(false)).is_err(), "{more:?}");
    }
}

#[test]
fn whoever_came_along_is_known() {
    let facts: Vec<Fact> = whole(true).iter().map(|line| fact(line)).collect();
    let known = History::of(&facts).came_with(&tenant(true));
    assert!(["acme", "ann", "bea", "eve", "robot"].iter().eq(known.iter()));
}
