//! Strangers at the door: how many from one address, and those that came with wrong keys.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::door::Limits;

/// Addresses that are kept in mind; the longest unheard of is forgotten first.
const ADDRESSES_MAX: usize = 4_096;

/// What is known of addresses.
#[derive(Debug)]
pub(crate) struct Guard {
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
    strangers: usize,
    wrong_keys: u32,
    shut: Duration,
}

#[derive(Debug)]
struct Address {
    strangers: usize,
    wrong_keys: u32,
    at: Instant,
}

/// One of the strangers there may be from an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
    peer: IpAddr,
}

fn lock(addresses: &Mutex<HashMap<IpAddr, Address>>) -> MutexGuard<'_, HashMap<IpAddr, Address>> {
    addresses.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard {
    pub fn new(limits: &Limits) -> Self {
        let (strangers, wrong_keys, shut) = (limits.strangers_per_address, limits.wrong_keys, limits.shut);
        Self { addresses: Arc::default(), strangers, wrong_keys, shut }
    }

    /// Lets a stranger speak; `None` when there are too many from there, or it came with too many wrong keys.
    pub fn enter(&self, peer: IpAddr, now: Instant) -> Option<Place> {
        let mut addresses = lock(&self.addresses);
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&peer) {
            let oldest = addresses.iter().filter(|(_, known)| known.strangers == 0).min_by_key(|(_, known)| known.at);
            let oldest = oldest.map(|(peer, _)| *peer)?;
            addresses.remove(&oldest);
        }
        let known = addresses.entry(peer).or_insert(Address { strangers: 0, wrong_keys: 0, at: now });
        if now.saturating_duration_since(known.at) >= self.shut {
            known.wrong_keys = 0;
        }
        if known.strangers >= self.strangers || known.wrong_keys >= self.wrong_keys {
            return None;
        }
        known.strangers += 1;
        Some(Place { addresses: Arc::clone(&self.addresses), peer })
    }

    /// A stranger came with a wrong key.
    pub fn blame(&self, peer: IpAddr, now: Instant) {
        if let Some(known) = lock(&self.addresses).get_mut(&peer) {
            known.wrong_keys = known.wrong_keys.saturating_add(1);
            known.at = now;
        }
    }

    /// One came with the right key: those before it were mistakes.
    pub fn forgive(&self, peer: IpAddr) {
        if let Some(known) = lock(&self.addresses).get_mut(&peer) {
            known.wrong_keys = 0;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = lock(&self.addresses);
        let Some(known) = addresses.get_mut(&self.peer) else { return };
        known.strangers -= 1;
        if known.strangers == 0 && known.wrong_keys == 0 {
            addresses.remove(&self.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_few_and_wrong_keys_are_remembered_for_a_while() {
        let limits = Limits { strangers_per_address: 2, wrong_keys: 3, ..Limits::new(8) };
        let (guard, now) = (Guard::new(&limits), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let places = [guard.enter(one, now).unwrap(), guard.enter(one, now).unwrap()];
        assert!(guard.enter(one, now).is_none() && guard.enter(other, now).is_some());
        (0..3).for_each(|_| guard.blame(one, now));
        drop(places);
        assert!(guard.enter(one, now + limits.shut / 2).is_none(), "not yet");
        assert!(guard.enter(one, now + limits.shut).is_some());
        let _here = guard.enter(one, now);
        (0..3).for_each(|_| guard.blame(one, now));
        guard.forgive(one);
        assert!(guard.enter(one, now).is_some(), "the right key came");
    }

    #[test]
    fn no_more_addresses_are_kept_in_mind_than_there_is_room_for() {
        let (guard, now) = (Guard::new(&Limits::new(8)), Instant::now());
        for number in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 100 {
            let peer = IpAddr::from(number.to_be_bytes());
            let _place = guard.enter(peer, now + Duration::from_millis(number.into())).unwrap();
            guard.blame(peer, now + Duration::from_millis(number.into()));
        }
        assert_eq!(lock(&guard.addresses).len(), ADDRESSES_MAX);
    }
}
