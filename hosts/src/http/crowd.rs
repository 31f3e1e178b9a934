//! How many requests may do the same at once, and how many of them one client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A bounded number of places, of which one client gets a half at most.
#[derive(Debug)]
pub struct Crowd {
    most: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    /// Of each client that has any, so that it is no longer than `all`.
    by_client: HashMap<Client, usize>,
}

/// `None` for requests whose address is not known.
type Client = Option<u128>;

impl Crowd {
    /// With so many places, one at least.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most: most.max(1), inside: Mutex::default() }
    }

    /// Takes a place until what is returned is dropped; `None` if there is none for this client.
    pub fn enter(&self, address: Option<IpAddr>) -> Option<Place<'_>> {
        let client = address.map(network);
        let mut inside = self.inside();
        let own = inside.by_client.get(&client).copied().unwrap_or_default();
        if inside.all >= self.most || own >= self.most.div_ceil(2) {
            return None;
        }
        inside.all += 1;
        inside.by_client.insert(client, own + 1);
        drop(inside);
        Some(Place { crowd: self, client })
    }

    fn leave(&self, client: Client) {
        let mut inside = self.inside();
        inside.all = inside.all.saturating_sub(1);
        if let Some(own) = inside.by_client.get_mut(&client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                inside.by_client.remove(&client);
            }
        }
    }

    /// What a panic leaves are still numbers.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a crowd.
#[derive(Debug)]
pub struct Place<'a> {
    crowd: &'a Crowd,
    client: Client,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.crowd.leave(self.client);
    }
}

/// One client: of an IPv6 address the part that its network has, as each has 2^64 of them.
#[must_use]
pub fn network(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => u32::from(address).into(),
            None => u128::from(address) >> 64 << 64,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_client_gets_a_half_and_all_together_no_more_than_there_are() {
        let crowd = Crowd::of(4);
        let first = [crowd.enter(Some(at("::1"))), crowd.enter(Some(at("::2")))];
        assert!(first.iter().all(Option::is_some));
        assert!(crowd.enter(Some(at("::3"))).is_none(), "it is the same network");
        let others = [crowd.enter(Some(at("192.0.2.1"))), crowd.enter(None)];
        assert!(others.iter().all(Option::is_some));
        assert!(crowd.enter(Some(at("192.0.2.2"))).is_none(), "it is full");
        drop(first);
        assert!(crowd.enter(Some(at("192.0.2.2"))).is_some());
    }

    #[test]
    fn who_left_is_forgotten() {
        let crowd = Crowd::of(1);
        for _ in 0..3 {
            assert!(crowd.enter(Some(at("192.0.2.1"))).is_some());
        }
        assert!(crowd.inside().by_client.is_empty());
        assert_eq!(crowd.inside().all, 0);
    }
}
