//! What has to follow from each organization that was founded, and that it followed once.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::events::Log;
use serde_json::Value;

/// The plan that is chosen for each organization.
pub const PLAN: &str = "_simple_standard";
/// The role that a founder has, and that each invited member gets.
pub const ROLE: &str = "tenant_billing_admin";
/// E-mails that each organization causes: two people confirm that they registered, a guest is
/// invited.
pub const MAILS: usize = 3;

const FACTS: &str = "SELECT position, aggregate_type, aggregate_id, event_type, \
                     CAST(payload AS TEXT) FROM events WHERE aggregate_type IN ('end_user', \
                     'person_credential', 'user_profile', 'api_key', 'organization', \
                     'subscription')";
/// Members of events that are compared, in this order.
const TOLD: [&str; 10] = [
    "organizationId",
    "owningEntityId",
    "userId",
    "createdById",
    "invitedId",
    "uninvitedId",
    "subscriberId",
    "buyerId",
    "role",
    "planId",
];
/// How often a default changes depends on what came first.
const ANY_NUMBER: [&str; 2] = ["default_membership_changed", "default_organization_changed"];

/// What a founder was told of an organization.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Who founded it, and pays for it.
    pub founder: String,
    /// Who was invited by its id, and got a role.
    pub member: String,
    /// The organization.
    pub organization: String,
    /// A machine of it.
    pub machine: String,
    /// How many machines there may be at most.
    pub machines: u64,
    /// Whether the member was un-invited.
    pub left: bool,
}

/// An event, as far as it can be read without keys.
#[derive(Clone, Debug)]
pub struct Fact {
    position: i64,
    kind: String,
    id: String,
    name: String,
    about: Value,
}

type Columns = (i64, String, String, String, String);

/// The facts behind those that were read before, in order.
///
/// # Errors
/// If they can't be read.
pub async fn facts_behind(log: &Log, before: &[Fact]) -> Result<Vec<Fact>, String> {
    let after = before.last().map_or(0, |fact| fact.position);
    let statement = format!("{FACTS} AND position > {after} ORDER BY position");
    let found = log.try_all::<Columns>(&statement).await;
    let found = found.map_err(|error| format!("the log can't be read: {error}"))?;
    found.into_iter().map(Fact::read).collect()
}

impl Fact {
    fn read((position, kind, id, name, payload): Columns) -> Result<Self, String> {
        let about = serde_json::from_str::<Value>(&payload);
        let about = about.map_err(|error| format!("position {position} is no JSON: {error}"))?;
        Ok(Self { position, kind, id, name, about })
    }

    /// What happened and to whom, as one line.
    fn told(&self) -> String {
        let told = TOLD.iter().filter_map(|member| self.about[*member].as_str());
        let words: Vec<&str> = [self.name.as_str()].into_iter().chain(told).collect();
        words.join(" ")
    }
}

/// What a user is.
#[derive(Clone, Copy)]
enum Sort {
    Person,
    Machine,
}

/// A stream, and everything that must be in it, in any order.
type Stream = (&'static str, String, Vec<String>);

/// All facts, by their streams.
pub struct History<'a>(BTreeMap<(&'a str, &'a str), Vec<&'a Fact>>);

impl<'a> History<'a> {
    /// Of these.
    pub fn of(facts: &'a [Fact]) -> Self {
        let mut streams: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fact in facts {
            streams.entry((fact.kind.as_str(), fact.id.as_str())).or_default().push(fact);
        }
        Self(streams)
    }

    /// What has not followed yet from what a founder was told; `None` if everything has.
    ///
    /// # Errors
    /// If something happened twice, or that nobody asked for.
    pub fn missing(&self, tenant: &Tenant) -> Result<Option<String>, String> {
        let Tenant { founder, organization: at, machine, .. } = tenant;
        let (guests, machines) = (self.guests(founder), self.machines(at));
        if guests.len() > 1 {
            return Err(format!("{founder} invited one guest, but there are {guests:?}"));
        }
        if machines.len() as u64 > tenant.machines {
            return Err(format!("{machines:?} are more than {} machines", tenant.machines));
        }
        if !machines.contains(machine.as_str()) {
            return Ok(Some(format!("{machine} is no machine of {at}")));
        }
        // Nobody has no events.
        let guest = guests.first().copied().unwrap_or_default();
        let mut expected = people(tenant, guest);
        expected.push(organization(tenant, guest, &machines));
        for machine in machines {
            expected.extend(brought_along(machine, Sort::Machine));
            expected.push(user(machine, &[&joined(at), &joined(&twin(machine, "org"))]));
            expected.push(self.key(machine)?);
        }
        for stream in &expected {
            let missing = self.compare(stream)?;
            if missing.is_some() {
                return Ok(missing);
            }
        }
        Ok(None)
    }

    /// The random part of the id of everybody and everything that came with an organization.
    pub fn came_with(&self, tenant: &Tenant) -> BTreeSet<String> {
        let Tenant { founder, member, organization, .. } = tenant;
        let told = [founder.as_str(), member, organization];
        let found = self.guests(founder).into_iter().chain(self.machines(organization));
        told.into_iter().chain(found).map(|id| random_part(id).to_owned()).collect()
    }

    fn guests(&self, founder: &str) -> BTreeSet<&'a str> {
        self.those("end_user", |fact| {
            fact.name == "guest_invitation_created" && fact.about["invitedById"] == founder
        })
    }

    fn machines(&self, organization: &str) -> BTreeSet<&'a str> {
        let members = self.those("end_user", |fact| {
            fact.name == "membership_added" && fact.about["organizationId"] == organization
        });
        let mut machines = self.those("end_user", |fact| {
            fact.name == "registered" && fact.about["classification"] == "machine"
        });
        machines.retain(|id| members.contains(id));
        machines
    }

    /// Those to whom something happened.
    fn those(&self, kind: &str, is_it: impl Fn(&Fact) -> bool) -> BTreeSet<&'a str> {
        let of_kind = self.0.iter().filter(|((found, _), _)| *found == kind);
        let those = of_kind.filter(|(_, facts)| facts.iter().any(|fact| is_it(fact)));
        those.map(|((_, id), _)| *id).collect()
    }

    /// The only key of a machine, which has not ended.
    fn key(&self, machine: &str) -> Result<Stream, String> {
        let keys =
            self.those("api_key", |fact| fact.name == "created" && fact.about["userId"] == machine);
        if keys.len() > 1 {
            return Err(format!("{machine} has more than one key: {keys:?}"));
        }
        let key = keys.first().copied().unwrap_or_default();
        Ok(stream("api_key", key, &[&format!("created {machine}"), "parameters_changed"]))
    }

    fn compare(&self, (kind, id, expected): &Stream) -> Result<Option<String>, String> {
        let found = self.found(kind, id);
        let count = |all: &[String], one: &String| all.iter().filter(|other| *other == one).count();
        if let Some(one) = found.iter().find(|one| count(&found, one) > count(expected, one)) {
            return Err(format!("{kind} {id} has '{one}' too often: {found:?}"));
        }
        let missing = expected.iter().find(|one| count(&found, one) < count(expected, one));
        Ok(missing.map(|one| format!("{kind} {id} has no '{one}': {found:?}")))
    }

    fn found(&self, kind: &str, id: &str) -> Vec<String> {
        let facts = self.0.get(&(kind, id)).map_or(&[][..], Vec::as_slice);
        let counted = facts.iter().filter(|fact| !ANY_NUMBER.contains(&fact.name.as_str()));
        counted.map(|fact| fact.told()).collect()
    }
}

/// What happened to everybody but the machines, and to what pays for the organization.
fn people(tenant: &Tenant, guest: &str) -> Vec<Stream> {
    let Tenant { founder, member, organization: at, left, .. } = tenant;
    let (here, role) = (joined(at), format!("membership_role_assigned {at} {ROLE}"));
    let (removed, own) = (format!("membership_removed {at}"), joined(&twin(member, "org")));
    let mut to_member = vec![own.as_str(), &here, &role];
    if *left {
        to_member.push(&removed);
    }
    let (kind, id, mut paid) = subscribed(at, founder);
    paid.push(format!("subscription_plan_changed {at} {PLAN}"));
    let mut streams = vec![
        user(founder, &[&joined(&twin(founder, "org")), &here]),
        user(member, &to_member),
        stream("end_user", guest, &["created", "guest_invitation_created", &here]),
        (kind, id, paid),
    ];
    for person in [founder, member] {
        streams.extend(brought_along(person, Sort::Person));
    }
    streams
}

/// What happened to the organization.
fn organization(tenant: &Tenant, guest: &str, machines: &BTreeSet<&str>) -> Stream {
    let Tenant { founder, member, organization: at, left, .. } = tenant;
    let mut events = vec![
        format!("created {founder}"),
        format!("billing_subscribed {founder}"),
        format!("member_invited {member}"),
        "member_invited".to_owned(),
        format!("role_assigned {member} {ROLE}"),
    ];
    let members = [founder.as_str(), member, guest].into_iter();
    events.extend(members.chain(machines.iter().copied()).map(joined));
    if *left {
        events.push(format!("member_un_invited {member}"));
        events.push(format!("membership_removed {member}"));
    }
    ("organization", at.clone(), events)
}

/// What a user has for itself.
fn brought_along(user: &str, sort: Sort) -> Vec<Stream> {
    let organization = twin(user, "org");
    let (created, paid) = (format!("created {user}"), format!("billing_subscribed {user}"));
    let mut streams = vec![
        subscribed(&organization, user),
        stream("organization", &organization, &[&created, &joined(user), &paid]),
    ];
    let profile = twin(user, "profile");
    match sort {
        Sort::Machine => streams.push(stream("user_profile", &profile, &[&created])),
        Sort::Person => {
            let reached = format!("email_address_changed {user}");
            streams.push(stream("user_profile", &profile, &[&created, &reached]));
            let credential = &[
                created.as_str(),
                "credentials_changed",
                "registration_changed",
                "registration_verification_created",
            ];
            streams.push(stream("person_credential", &twin(user, "cred"), credential));
        }
    }
    streams
}

fn subscribed(organization: &str, buyer: &str) -> Stream {
    let created = format!("created {organization} {buyer}");
    let id = twin(organization, "billsub");
    stream("subscription", &id, &[&created, &format!("provider_changed {organization}")])
}

/// Somebody who registered, and to whom more happened.
fn user(id: &str, more: &[&str]) -> Stream {
    stream("end_user", id, &[&["created", "registered"][..], more].concat())
}

fn stream(kind: &'static str, id: &str, events: &[&str]) -> Stream {
    (kind, id.to_owned(), events.iter().map(|event| (*event).to_owned()).collect())
}

/// That somebody is a member, as the user or the organization tells it.
fn joined(other: &str) -> String {
    format!("membership_added {other}")
}

/// What ids of the same origin have in common.
pub fn random_part(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, random)| random)
}

fn twin(id: &str, prefix: &str) -> String {
    format!("{prefix}_{}", random_part(id))
}

#[cfg(test)]
mod tests;
