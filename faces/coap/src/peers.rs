//! Devices that speak, the addresses they speak from, and what is known of each: requests that may come again, messages in
//! blocks, observations. Nothing is kept here of whoever has not been let in.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::DeviceId;
use tokio::time::Instant;

use crate::block::Upload;
use crate::gate::Resource;
use crate::limits::{Bucket, Limits, Memory, Taken};
use crate::message::Token;

/// Messages in blocks that may be under way from one address.
const UPLOADS: usize = 4;
/// Devices that may be observed from one address: a gateway speaks for several.
const WATCHES: usize = 64;
/// What a remembered request weighs beside its answer, bytes.
const EXCHANGE_BYTES: usize = 96;

/// A request that is known again when it comes twice.
#[derive(Debug)]
struct Exchange {
    mid: u16,
    until: Instant,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting,
    Acknowledged,
    Answered { bytes: Bytes, _taken: Taken },
}

/// What is done about a request that came before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Its answer is under way.
    Wait,
    /// It was acknowledged, and is answered by a message of its own.
    Acknowledge,
    /// It was answered with this.
    Answer(Bytes),
}

/// A command that waits, or is on its way.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub payload: Bytes,
    pub ticket: u64,
    pub _taken: Taken,
}

/// What an observer is being told.
#[derive(Debug)]
pub(crate) enum Stage {
    Idle,
    /// A notification waits for its acknowledgement; without a command when it only asks whether anybody is there.
    Sending(u16, Option<Waiting>),
    /// A command of several blocks is being asked for.
    Fetching(Instant, Waiting),
}

/// An observation of a device's commands from an address.
#[derive(Debug)]
pub(crate) struct Watch<C> {
    pub device: DeviceId,
    pub client: Arc<C>,
    pub token: Token,
    pub szx: u8,
    pub queue: VecDeque<Waiting>,
    pub stage: Stage,
    /// When the device was last known to be interested.
    pub confirmed_at: Instant,
}

/// A command of several blocks that is being asked for.
#[derive(Debug)]
pub(crate) struct Download {
    pub device: DeviceId,
    pub etag: u32,
    pub body: Bytes,
    /// Told when the last block was given.
    pub ticket: Option<u64>,
    pub until: Instant,
    pub _taken: Taken,
}

/// An address that a device speaks from.
#[derive(Debug)]
pub(crate) struct Peer<C> {
    device: DeviceId,
    heard_at: Instant,
    next_mid: u16,
    exchanges: VecDeque<Exchange>,
    uploads: Vec<(DeviceId, Resource, Option<Upload>)>,
    pub downloads: Vec<Download>,
    pub watches: Vec<Watch<C>>,
}

/// A device that speaks.
#[derive(Debug)]
struct Known {
    bucket: Bucket,
    in_flight: usize,
    addresses: Vec<SocketAddr>,
    watchers: Vec<SocketAddr>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Peers<C> {
    peers: HashMap<SocketAddr, Peer<C>>,
    devices: HashMap<DeviceId, Known>,
}

/// Whether an address is taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Yes,
    /// Another address of the device is to be forgotten first.
    InPlaceOf(SocketAddr),
    Full,
}

impl<C> Peers<C> {
    pub fn new() -> Self {
        Self { peers: HashMap::new(), devices: HashMap::new() }
    }

    pub fn get(&mut self, peer: SocketAddr) -> Option<&mut Peer<C>> {
        self.peers.get_mut(&peer)
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    fn known(&mut self, device: &DeviceId) -> &mut Known {
        if !self.devices.contains_key(device) {
            let new = Known { bucket: Bucket::FULL, in_flight: 0, addresses: Vec::new(), watchers: Vec::new() };
            self.devices.insert(device.clone(), new);
        }
        self.devices.get_mut(device).expect("it was put there above")
    }

    /// Takes one of the requests a device may make in this second.
    pub fn may_ask(&mut self, device: &DeviceId, per_s: u32, now: Instant) -> bool {
        self.known(device).bucket.take(per_s, now)
    }

    /// Takes in the address a device speaks from.
    pub fn enter(
        &mut self,
        peer: SocketAddr,
        device: &DeviceId,
        first_mid: u16,
        limits: &Limits,
        now: Instant,
    ) -> Entered {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.heard_at = now;
            return Entered::Yes;
        }
        let addresses = self.known(device).addresses.clone();
        if addresses.len() >= limits.peers_per_device.max(1) {
            let heard = |address: &SocketAddr| self.peers.get(address).map(|peer| peer.heard_at);
            return addresses.into_iter().min_by_key(heard).map_or(Entered::Full, Entered::InPlaceOf);
        }
        if self.peers.len() >= limits.peers {
            return Entered::Full;
        }
        self.known(device).addresses.push(peer);
        let new = Peer {
            device: device.clone(),
            heard_at: now,
            next_mid: first_mid,
            exchanges: VecDeque::new(),
            uploads: Vec::new(),
            downloads: Vec::new(),
            watches: Vec::new(),
        };
        self.peers.insert(peer, new);
        Entered::Yes
    }

    /// Forgets an address with all that is known of it.
    pub fn leave(&mut self, peer: SocketAddr) -> Option<Peer<C>> {
        let gone = self.peers.remove(&peer)?;
        if let Some(known) = self.devices.get_mut(&gone.device) {
            known.addresses.retain(|address| *address != peer);
        }
        for watch in &gone.watches {
            if let Some(known) = self.devices.get_mut(&watch.device) {
                known.watchers.retain(|address| *address != peer);
            }
        }
        Some(gone)
    }

    /// Counts a request of a device that is with the platform; false when it has as many there as it may.
    pub fn begin(&mut self, device: &DeviceId, most: usize) -> bool {
        let known = self.known(device);
        let fits = known.in_flight < most;
        known.in_flight += usize::from(fits);
        fits
    }

    pub fn end(&mut self, device: &DeviceId) {
        if let Some(known) = self.devices.get_mut(device) {
            known.in_flight = known.in_flight.saturating_sub(1);
        }
    }

    /// Where a device is observed from.
    pub fn watchers(&self, device: &DeviceId) -> Vec<SocketAddr> {
        self.devices.get(device).map(|known| known.watchers.clone()).unwrap_or_default()
    }

    /// Where a device speaks from or is observed from.
    pub fn addresses(&self, device: &DeviceId) -> Vec<SocketAddr> {
        let mut all = self.watchers(device);
        all.extend(self.devices.get(device).into_iter().flat_map(|known| known.addresses.iter().copied()));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Keeps an observation; false when there are as many from this address as there may be.
    pub fn watch(&mut self, peer: SocketAddr, watch: Watch<C>) -> bool {
        let device = watch.device.clone();
        let Some(known) = self.peers.get_mut(&peer).filter(|peer| peer.watches.len() < WATCHES) else { return false };
        known.watches.push(watch);
        self.known(&device).watchers.push(peer);
        true
    }

    /// Ends an observation.
    pub fn unwatch(&mut self, peer: SocketAddr, device: &DeviceId) -> Option<Watch<C>> {
        let watches = &mut self.peers.get_mut(&peer)?.watches;
        let at = watches.iter().position(|watch| watch.device == *device)?;
        let watch = watches.swap_remove(at);
        if let Some(known) = self.devices.get_mut(device) {
            known.watchers.retain(|address| *address != peer);
        }
        Some(watch)
    }

    /// Forgets what is over. Answers with addresses that were silent for so long that nothing of them can come again, and with
    /// the observations that want to be looked at: those not heard of for a day, and those whose
    /// commands do not go on by themselves.
    pub fn sweep(&mut self, limits: &Limits, now: Instant) -> (Vec<SocketAddr>, Vec<(SocketAddr, DeviceId)>) {
        let (mut silent, mut looked_at) = (Vec::new(), Vec::new());
        for (address, peer) in &mut self.peers {
            while peer.exchanges.front().is_some_and(|first| first.until <= now) {
                peer.exchanges.pop_front();
            }
            peer.uploads.retain(|(.., upload)| upload.as_ref().is_some_and(|upload| !upload.is_over(now)));
            peer.downloads.retain(|download| now < download.until);
            if peer.watches.is_empty() && peer.heard_at + limits.exchange_lifetime <= now {
                silent.push(*address);
            }
            let due = |watch: &&Watch<C>| match watch.stage {
                Stage::Idle => !watch.queue.is_empty() || watch.confirmed_at + limits.observe_check <= now,
                Stage::Fetching(until, _) => until <= now,
                Stage::Sending(..) => false,
            };
            looked_at.extend(peer.watches.iter().filter(due).map(|watch| (*address, watch.device.clone())));
        }
        let is_there = |known: &Known| known.in_flight > 0 || known.addresses.len() + known.watchers.len() > 0;
        self.devices.retain(|_, known| is_there(known));
        (silent, looked_at)
    }
}

impl<C> Peer<C> {
    /// A number for a message of ours.
    pub fn next_mid(&mut self) -> u16 {
        self.next_mid = self.next_mid.wrapping_add(1);
        self.next_mid
    }

    /// What is known of a request by its number.
    pub fn again(&self, mid: u16, now: Instant) -> Option<Again> {
        let found = self.exchanges.iter().rfind(|exchange| exchange.mid == mid && now < exchange.until)?;
        Some(match &found.state {
            State::Waiting => Again::Wait,
            State::Acknowledged => Again::Acknowledge,
            State::Answered { bytes, .. } => Again::Answer(bytes.clone()),
        })
    }

    /// Remembers a request that is under way.
    pub fn begin(&mut self, mid: u16, limits: &Limits, now: Instant) {
        if self.exchanges.len() >= limits.exchanges_per_peer.max(1)
            && let Some(at) = self.exchanges.iter().position(|one| !matches!(one.state, State::Waiting))
        {
            self.exchanges.remove(at);
        }
        self.exchanges.push_back(Exchange { mid, until: now + limits.exchange_lifetime, state: State::Waiting });
    }

    /// Notes that a request was acknowledged before it is answered.
    pub fn acknowledge(&mut self, mid: u16) {
        if let Some(exchange) = self.exchanges.iter_mut().rfind(|exchange| exchange.mid == mid) {
            exchange.state = State::Acknowledged;
        }
    }

    /// Keeps the answer to a request. Where there is no memory for it, older answers go; at last the request is not known again.
    pub fn answer(&mut self, mid: u16, bytes: Bytes, memory: &Arc<Memory>) {
        let Some(at) = self.exchanges.iter().rposition(|exchange| exchange.mid == mid) else { return };
        let weight = EXCHANGE_BYTES + bytes.len();
        let older = |one: &Exchange| matches!(one.state, State::Answered { .. });
        let mut taken = memory.take(weight);
        if taken.is_none()
            && let Some(old) = self.exchanges.iter().position(older)
            && old != at
        {
            self.exchanges[old].state = State::Acknowledged;
            self.exchanges[old].until = self.exchanges[old].until.min(self.heard_at);
            taken = memory.take(weight);
        }
        match taken {
            Some(_taken) => self.exchanges[at].state = State::Answered { bytes, _taken },
            None => drop(self.exchanges.remove(at)),
        }
    }

    /// Where a message in blocks is put together.
    pub fn upload(&mut self, device: &DeviceId, resource: Resource) -> &mut Option<Upload> {
        let at = match self.uploads.iter().position(|(one, of, _)| one == device && *of == resource) {
            Some(at) => at,
            None => {
                if self.uploads.len() >= UPLOADS {
                    self.uploads.remove(0);
                }
                self.uploads.push((device.clone(), resource, None));
                self.uploads.len() - 1
            }
        };
        &mut self.uploads[at].2
    }

    pub fn watch(&mut self, device: &DeviceId) -> Option<&mut Watch<C>> {
        self.watches.iter_mut().find(|watch| watch.device == *device)
    }

    pub fn download(&mut self, device: &DeviceId) -> Option<&mut Download> {
        self.downloads.iter_mut().find(|download| download.device == *device)
    }

    /// Keeps a command of several blocks, in place of the one before.
    pub fn offer(&mut self, download: Download) {
        self.downloads.retain(|other| other.device != download.device);
        self.downloads.push(download);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn limits() -> Limits {
        Limits { peers: 3, peers_per_device: 2, exchanges_per_peer: 3, ..Limits::default() }
    }

    fn entered(peers: &mut Peers<()>, port: u16, device: &str, now: Instant) -> Entered {
        peers.enter(address(port), &DeviceId::new(device).unwrap(), 0, &limits(), now)
    }

    #[test]
    fn a_device_has_a_few_addresses_and_all_together_have_a_bound() {
        let (mut peers, now) = (Peers::new(), Instant::now());
        let later = now + Duration::from_secs(1);
        assert_eq!(entered(&mut peers, 1, "a", now), Entered::Yes);
        assert_eq!(entered(&mut peers, 2, "a", later), Entered::Yes);
        assert_eq!(entered(&mut peers, 3, "a", later), Entered::InPlaceOf(address(1)));
        assert_eq!(entered(&mut peers, 1, "a", later + Duration::from_secs(1)), Entered::Yes);
        assert_eq!(entered(&mut peers, 3, "a", later), Entered::InPlaceOf(address(2)));
        assert_eq!(entered(&mut peers, 4, "b", later), Entered::Yes);
        assert_eq!(entered(&mut peers, 5, "c", later), Entered::Full);
        assert!(peers.leave(address(1)).is_some() && peers.leave(address(1)).is_none());
        assert_eq!(entered(&mut peers, 5, "c", later), Entered::Yes);
    }

    #[test]
    fn requests_are_known_again_within_their_bounds() {
        let (mut peers, now, memory) = (Peers::new(), Instant::now(), Memory::new(10_000));
        entered(&mut peers, 1, "a", now);
        let peer = peers.get(address(1)).unwrap();
        for mid in 0..3 {
            peer.begin(mid, &limits(), now);
        }
        peer.answer(1, Bytes::from_static(b"one"), &memory);
        peer.acknowledge(2);
        assert_eq!(peer.again(0, now), Some(Again::Wait));
        assert_eq!(peer.again(1, now), Some(Again::Answer(Bytes::from_static(b"one"))));
        assert_eq!(peer.again(2, now), Some(Again::Acknowledge));
        assert_eq!((peer.again(3, now), peer.again(1, now + Duration::from_secs(247))), (None, None));
        // One too many: the oldest that is not under way is forgotten.
        peer.begin(3, &limits(), now);
        assert_eq!((peer.again(1, now), peer.again(0, now)), (None, Some(Again::Wait)));
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn without_memory_older_answers_are_forgotten_first() {
        let (mut peers, now, memory) = (Peers::new(), Instant::now(), Memory::new(EXCHANGE_BYTES + 10));
        entered(&mut peers, 1, "a", now);
        let peer = peers.get(address(1)).unwrap();
        peer.begin(1, &limits(), now);
        peer.begin(2, &limits(), now);
        peer.answer(1, Bytes::from_static(b"one"), &memory);
        peer.answer(2, Bytes::from_static(b"two"), &memory);
        assert_eq!((peer.again(1, now), peer.again(2, now)), (None, Some(Again::Answer(Bytes::from_static(b"two")))));
        peer.begin(3, &limits(), now);
        peer.answer(3, Bytes::from(vec![0; 1000]), &memory);
        assert_eq!(peer.again(3, now), None);
    }

    #[test]
    fn who_was_silent_is_forgotten_and_who_observes_is_not() {
        let (mut peers, now) = (Peers::new(), Instant::now());
        entered(&mut peers, 1, "a", now);
        entered(&mut peers, 2, "b", now);
        let device = DeviceId::new("b").unwrap();
        let watch = Watch {
            device: device.clone(),
            client: Arc::new(()),
            token: Token::default(),
            szx: 6,
            queue: VecDeque::new(),
            stage: Stage::Idle,
            confirmed_at: now,
        };
        assert!(peers.watch(address(2), watch));
        assert_eq!(peers.sweep(&limits(), now + Duration::from_secs(246)), (vec![], vec![]));
        let day = now + Duration::from_secs(24 * 3600);
        assert_eq!(peers.sweep(&limits(), day), (vec![address(1)], vec![(address(2), device.clone())]));
        assert_eq!(peers.watchers(&device), [address(2)]);
        peers.leave(address(2));
        assert!(peers.watchers(&device).is_empty());
    }
}
