//! All aggregates whose events are contracts, for the catalogue and for tools that read the log.

use crate::{
    audits::Audit,
    cars::Car,
    emails::EmailDelivery,
    end_users::{EndUser, EndUserIntegrationEvent},
    identities::{ApiKey, Credential, TokenFamily},
    kernel::{DecodeError, Event, EventSpec, Evolve, Upcaster},
    organizations::Organization,
    subscriptions::Subscription,
    user_profiles::UserProfile,
};

/// The events of one aggregate, without its type.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// The aggregate type.
    pub aggregate: &'static str,
    /// What is written today.
    pub events: &'static [EventSpec],
    /// From what was written earlier.
    pub upcasters: &'static [Upcaster],
    /// Reads a stored event of any released version and writes it as of today: its name, version
    /// and payload.
    pub renew: fn(&str, u16, &str) -> Result<Renewed, DecodeError>,
}

/// Name, version and payload of an event as it is written today.
pub type Renewed = (&'static str, u16, String);

const fn contract<D: Evolve>() -> Contract {
    Contract {
        aggregate: D::TYPE,
        events: D::Event::CATALOG,
        upcasters: D::Event::UPCASTERS,
        renew: renew::<D::Event>,
    }
}

fn renew<E: Event>(name: &str, version: u16, payload: &str) -> Result<Renewed, DecodeError> {
    let event = E::decode(name, version, payload)?;
    let payload = serde_json::to_string(&event).map_err(|source| DecodeError::Corrupt {
        name: name.to_owned(),
        version,
        source,
    })?;
    Ok((event.name(), event.version(), payload))
}

/// Every aggregate of the product.
pub const ALL: &[Contract] = &[
    contract::<ApiKey>(),
    contract::<Audit>(),
    contract::<Car>(),
    contract::<Credential>(),
    contract::<EmailDelivery>(),
    contract::<EndUser>(),
    contract::<Organization>(),
    contract::<Subscription>(),
    contract::<TokenFamily>(),
    contract::<UserProfile>(),
];

/// What other systems are told, beside what happens: never stored, made when it is published.
pub const INTEGRATION: &[&[EventSpec]] = &[EndUserIntegrationEvent::CATALOG];
