//! All sessions, by owner and client id; and what the connections of one owner share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use crate::gate::Owner;
use crate::limits::{Bucket, Limits};
use crate::session::{Ended, HeldWill, Link, Session};

#[derive(Debug)]
pub(crate) struct Sessions<C> {
    devices: Mutex<HashMap<Owner, Device<C>>>,
    count: AtomicUsize,
}

/// One device: its sessions, few, and its share of the broker.
#[derive(Debug)]
struct Device<C> {
    sessions: Vec<Arc<Session<C>>>,
    share: Arc<Share>,
}

/// What a device may use a second, over all its connections.
#[derive(Debug)]
pub(crate) struct Share {
    buckets: Mutex<(Bucket, Bucket)>,
}

impl Share {
    fn new(limits: &Limits, now: Instant) -> Self {
        let buckets = (Bucket::new(limits.packets_per_s, now), Bucket::new(limits.bytes_per_s, now));
        Self { buckets: Mutex::new(buckets) }
    }

    /// Takes one packet's worth, or says how long to wait.
    pub fn take(&self, bytes: usize, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().expect("no holder panics");
        let (packets, octets) = &mut *buckets;
        if let Some(wait) = packets.wait(now).max(octets.wait(now)) {
            return Err(wait);
        }
        packets.take(1.0);
        octets.take(bytes as f64);
        Ok(())
    }
}

/// A connection got its session.
#[derive(Debug)]
pub(crate) struct Attached<C> {
    pub session: Arc<Session<C>>,
    pub epoch: u64,
    pub share: Arc<Share>,
    /// It was there before, and goes on.
    pub present: bool,
    /// The one it took the place of.
    pub ended: Option<Ended<C>>,
    pub took_over: bool,
}

/// What a connection wants of its session.
#[derive(Debug)]
pub(crate) struct Wish<'a, C> {
    pub owner: &'a Owner,
    pub client_id: &'a str,
    pub client: &'a Arc<C>,
    pub link: &'a Arc<Link>,
    pub clean: bool,
    pub expiry: Duration,
}

impl<C> Sessions<C> {
    pub fn new() -> Self {
        Self { devices: Mutex::new(HashMap::new()), count: AtomicUsize::new(0) }
    }

    fn devices(&self) -> MutexGuard<'_, HashMap<Owner, Device<C>>> {
        self.devices.lock().expect("no holder panics")
    }

    /// Resumes a session or opens one; `None` when there are too many.
    pub fn attach(&self, wish: &Wish<'_, C>, limits: &Limits, now: Instant) -> Option<Attached<C>> {
        let mut devices = self.devices();
        let device = devices
            .entry(wish.owner.clone())
            .or_insert_with(|| Device { sessions: Vec::new(), share: Arc::new(Share::new(limits, now)) });
        let share = Arc::clone(&device.share);
        let found = device.sessions.iter().position(|session| *session.client_id == *wish.client_id);
        let (mut ended, mut took_over) = (None, false);
        if let Some(at) = found {
            let session = Arc::clone(&device.sessions[at]);
            let mut state = session.state();
            took_over = state.link.is_some();
            if !wish.clean && !state.ended {
                let epoch = state.attach(wish.link, wish.client, wish.expiry);
                drop(state);
                return Some(Attached { session, epoch, share, present: true, ended, took_over });
            }
            ended = state.end(&session);
            drop(state);
            device.sessions.swap_remove(at);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        let full = device.sessions.len() >= limits.sessions_per_device
            || self.count.load(Ordering::Relaxed) >= limits.sessions;
        if full {
            if device.sessions.is_empty() {
                devices.remove(wish.owner);
            }
            return None;
        }
        let session = Session::new(wish.owner.clone(), wish.client_id.into(), Arc::clone(wish.client));
        let session = Arc::new(session);
        let epoch = session.state().attach(wish.link, wish.client, wish.expiry);
        device.sessions.push(Arc::clone(&session));
        self.count.fetch_add(1, Ordering::Relaxed);
        Some(Attached { session, epoch, share, present: false, ended, took_over })
    }

    /// Takes a session that ended out of the list.
    pub fn remove(&self, session: &Arc<Session<C>>) {
        let mut devices = self.devices();
        let Some(device) = devices.get_mut(&session.owner) else { return };
        let before = device.sessions.len();
        device.sessions.retain(|held| !Arc::ptr_eq(held, session));
        self.count.fetch_sub(before - device.sessions.len(), Ordering::Relaxed);
        if device.sessions.is_empty() {
            devices.remove(&session.owner);
        }
    }

    /// The sessions of one owner.
    pub fn of(&self, owner: &Owner) -> Vec<Arc<Session<C>>> {
        self.devices().get(owner).map(|device| device.sessions.clone()).unwrap_or_default()
    }

    pub fn all(&self) -> Vec<Arc<Session<C>>> {
        self.devices().values().flat_map(|device| device.sessions.iter().cloned()).collect()
    }

    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// What the time has come for in a session.
#[derive(Debug)]
pub(crate) enum Due<C> {
    End(Ended<C>),
    Will(Arc<C>, HeldWill),
}

/// Ends a session whose time has come, or finds its will due.
pub(crate) fn due<C>(session: &Arc<Session<C>>, now: Instant) -> Option<Due<C>> {
    let mut state = session.state();
    if state.link.is_none() && state.ends_at.is_some_and(|at| at <= now) {
        return state.end(session).map(Due::End);
    }
    let late = state.late_will.take_if(|late| late.due <= now)?;
    Some(Due::Will(Arc::clone(&state.client), late.will))
}
