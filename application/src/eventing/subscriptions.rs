//! Who is told of domain events.

use crate::reaction::Reaction;

/// The name of the host in the names of its subscriptions.
pub const HOST: &str = "ApiHost1";

/// The areas that every event goes to, whether they care about it or not.
pub const AREAS: &[&str] = &["EndUsers", "Organizations", "Subscriptions", "UserProfiles"];

/// The subscription of an area.
#[must_use]
pub fn name(area: &str) -> String {
    format!("{HOST}-{area}")
}

/// The area of a subscription's name, whatever its case; `None` for an unknown one.
#[must_use]
pub fn area(subscription: &str) -> Option<&'static str> {
    AREAS.iter().copied().find(|area| name(area).eq_ignore_ascii_case(subscription))
}

/// The reactions of an area to an event of this aggregate type and name.
pub fn reactions<'a>(
    all: &'a [Reaction],
    area: &'a str,
    kind: &'a str,
    event: &'a str,
) -> impl Iterator<Item = &'a Reaction> {
    all.iter()
        .filter(move |reaction| reaction.area == area && reaction.handles.contains(&(kind, event)))
}
