//! DTLS 1.2 with pre-shared keys (RFC 6347, 4279, 6655): sessions by address, on the datagrams of one socket.
//!
//! A session is the device's word for who it is: nothing is asked of it again with a request. A device that begins anew from
//! the same address takes its old session's place when the new one is proved, and not before (RFC 6347 §4.2.8).

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dimpl::{Config, Dtls, Output, PskResolver};
use tokio::time::Instant;

use crate::endpoint::{Proven, Shared};
use crate::gate::Gate;
use crate::metrics::count;

/// Longest packet of ours: a block of 1,024 bytes with all around it has less.
const MTU: usize = 1_280;
/// Longest identity of a device, bytes: names have 64.
const IDENTITY_MAX: usize = 128;
/// Silent sessions are looked for this often.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Where there is no place for a handshake, whoever has not answered for so long makes room. Those that do answer keep theirs:
/// when a city has its power back, all devices come at once, and must not take each other's places.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// What sessions bring.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Datagrams to be sent as they are.
    pub send: Vec<(SocketAddr, Vec<u8>)>,
    /// What a device said, and who it has proved to be.
    pub heard: Vec<(SocketAddr, Vec<u8>, Proven)>,
    /// Addresses whose session ended, or was replaced.
    pub ended: Vec<SocketAddr>,
}

/// One side of a conversation.
struct Line {
    dtls: Dtls,
    /// The random bytes of its ClientHello, which tell one beginning from another.
    random: [u8; 32],
    proven: Option<Proven>,
    /// It has answered from where it says it is.
    is_shown: bool,
    began_at: Instant,
    heard_at: Instant,
    due: Option<Instant>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Goes,
    Connected,
    Over,
}

#[derive(Default)]
struct Session {
    /// The one that is proved.
    line: Option<Line>,
    /// The one whose handshake is under way.
    next: Option<Line>,
}

pub(crate) struct Secure<G: Gate> {
    shared: Arc<Shared<G>>,
    suite: Suite,
    sessions: HashMap<SocketAddr, Session>,
    /// Handshakes of whoever has not shown yet that it is where it says; with those that have.
    fresh: BTreeSet<(Instant, SocketAddr)>,
    shown: BTreeSet<(Instant, SocketAddr)>,
    /// When lines want to be gone on with; whether that is the next one of its address.
    dues: BTreeSet<(Instant, SocketAddr, bool)>,
    buffer: Vec<u8>,
    sweep_at: Instant,
    pub brought: Brought,
}

/// Whose key was given last.
type Resolved = Arc<Mutex<Option<Proven>>>;

/// Asks the gate for keys, and notes whose was given last.
struct Resolver<G: Gate>(AssertUnwindSafe<(Arc<Shared<G>>, Resolved)>);

impl<G: Gate> PskResolver for Resolver<G> {
    fn resolve(&self, identity: &[u8]) -> Option<Vec<u8>> {
        let Self(AssertUnwindSafe((shared, resolved))) = self;
        let identity = std::str::from_utf8(identity).ok().filter(|identity| identity.len() <= IDENTITY_MAX)?;
        let key = shared.gate.key(identity)?;
        let bytes = key.0.clone();
        *resolved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Proven { identity: identity.into(), key });
        Some(bytes)
    }
}

/// The first record of a datagram, as far as it has to be known whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    is_application: bool,
    epoch: u16,
    /// It begins a ClientHello; its random bytes.
    hello: Option<[u8; 32]>,
}

impl Record {
    /// Looks at a datagram (RFC 6347 §4.1, §4.2.2): `None` when it is none of DTLS 1.2.
    fn read(datagram: &[u8]) -> Option<Self> {
        let (&[kind, 0xfe, _, high, low, ..], body) = datagram.split_first_chunk::<13>()? else { return None };
        let epoch = u16::from_be_bytes([high, low]);
        let is_hello = kind == 22 && epoch == 0 && body.first() == Some(&1) && body.get(6..9) == Some(&[0, 0, 0]);
        let random = body.get(14..46).and_then(|random| random.try_into().ok());
        (20..=23).contains(&kind).then_some(Self {
            is_application: kind == 23,
            epoch,
            hello: random.filter(|_| is_hello),
        })
    }
}

/// What all sessions of a listener share. Making it tries the ciphers, which takes milliseconds.
#[derive(Clone)]
pub(crate) struct Suite {
    config: Arc<Config>,
    /// Who the handshake that is just being gone on with is with.
    resolved: Resolved,
}

impl Suite {
    /// Makes ready.
    ///
    /// # Errors
    /// When the limits make no sense to DTLS, such as no time for a handshake.
    pub fn new<G: Gate>(shared: &Arc<Shared<G>>) -> Result<Self, dimpl::Error> {
        let resolved = Arc::new(Mutex::new(None));
        let resolver = Resolver(AssertUnwindSafe((Arc::clone(shared), Arc::clone(&resolved))));
        let config = Config::builder()
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
            .mtu(MTU)
            .handshake_timeout(shared.limits.handshake_timeout)
            .flight_start_rto(shared.limits.ack_timeout)
            .with_psk_server(Some(b"dipper".to_vec()), Arc::new(resolver))
            .build()?;
        Ok(Self { config: Arc::new(config), resolved })
    }
}

impl<G: Gate> Secure<G> {
    pub fn new(shared: Arc<Shared<G>>, suite: Suite, now: Instant) -> Self {
        Self {
            shared,
            suite,
            sessions: HashMap::new(),
            fresh: BTreeSet::new(),
            shown: BTreeSet::new(),
            dues: BTreeSet::new(),
            buffer: vec![0; 2 * MTU],
            sweep_at: now + SWEEP_EVERY,
            brought: Brought::default(),
        }
    }

    /// Takes a datagram from the network.
    pub fn receive(&mut self, now: Instant, peer: SocketAddr, datagram: &[u8]) {
        let Some(record) = Record::read(datagram) else { return count(&self.shared.counters.faults) };
        let session = self.sessions.get(&peer);
        let knows = |line: Option<&Line>, random| line.is_some_and(|line| line.random == random);
        let (line, next) = (session.and_then(|one| one.line.as_ref()), session.and_then(|one| one.next.as_ref()));
        let is_next = match record.hello {
            Some(random) if knows(line, random) => false,
            Some(random) => {
                if !knows(next, random) && !self.begin(now, peer, random) {
                    return;
                }
                true
            }
            None => next.is_some() && (record.epoch == 0 || !record.is_application || line.is_none()),
        };
        self.go_on(now, peer, is_next, |line| line.dtls.handle_packet(datagram));
    }

    /// Sends something to a device, if it is there.
    pub fn send(&mut self, now: Instant, peer: SocketAddr, bytes: &[u8]) {
        self.go_on(now, peer, false, |line| line.dtls.send_application_data(bytes).map(drop));
    }

    /// Begins a handshake in place of any that is under way with this address; false where there is no place for one.
    fn begin(&mut self, now: Instant, peer: SocketAddr, random: [u8; 32]) -> bool {
        self.give_up(peer);
        if self.fresh.len() + self.shown.len() >= self.shared.limits.handshakes {
            let Some((_, oldest)) = self.fresh.first().copied().filter(|(began_at, _)| *began_at + FRESH_FOR <= now)
            else {
                count(&self.shared.counters.handshakes_failed);
                return false;
            };
            self.give_up(oldest);
        }
        if self.sessions.len() >= self.shared.limits.sessions && !self.sessions.contains_key(&peer) {
            let heard = |(_, session): &(&SocketAddr, &Session)| session.line.as_ref().map(|line| line.heard_at);
            let quietest = self
                .sessions
                .iter()
                .filter(|(_, one)| one.line.is_some())
                .min_by_key(heard)
                .map(|(address, _)| *address);
            quietest.into_iter().for_each(|address| self.end(address));
        }
        let dtls = Dtls::new_12_psk(Arc::clone(&self.suite.config), now.into_std());
        let line = Line { dtls, random, proven: None, is_shown: false, began_at: now, heard_at: now, due: None };
        self.fresh.insert((now, peer));
        self.sessions.entry(peer).or_default().next = Some(line);
        true
    }

    /// Does something with a line, and takes what it brings.
    fn go_on(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        is_next: bool,
        deed: impl FnOnce(&mut Line) -> Result<(), dimpl::Error>,
    ) {
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        let place = if is_next { &mut session.next } else { &mut session.line };
        let Some(line) = place else { return };
        if let Some(due) = line.due.take() {
            self.dues.remove(&(due, peer, is_next));
        }
        line.heard_at = now;
        let (resolved, buffer, brought) = (&self.suite.resolved, &mut self.buffer, &mut self.brought);
        // A fault in the handshake of one device must not be the end of all others.
        let course = catch_unwind(AssertUnwindSafe(|| {
            line.dtls.handle_timeout(now.into_std())?;
            deed(line)?;
            if let Some(proven) = resolved.lock().unwrap_or_else(PoisonError::into_inner).take() {
                line.proven = Some(proven);
            }
            Ok(drain(line, peer, buffer, brought))
        }));
        if let Some(due) = line.due {
            self.dues.insert((due, peer, is_next));
        }
        if line.is_shown && self.fresh.remove(&(line.began_at, peer)) {
            self.shown.insert((line.began_at, peer));
        }
        match course {
            Ok(Ok(Course::Goes)) => {}
            Ok(Ok(Course::Connected)) => self.connected(peer, now),
            Ok(Ok(Course::Over)) => self.over(peer, is_next),
            Ok(Err::<_, dimpl::Error>(error)) => {
                tracing::debug!(%peer, %error, "a DTLS session ended");
                self.over(peer, is_next);
            }
            Err(_) => {
                tracing::error!(%peer, "a DTLS session broke");
                self.over(peer, is_next);
            }
        }
    }

    /// A handshake is complete: its line is the one that counts.
    fn connected(&mut self, peer: SocketAddr, now: Instant) {
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        let Some(line) = session.next.take() else { return };
        self.shown.remove(&(line.began_at, peer));
        count(&self.shared.counters.handshakes);
        tracing::debug!(%peer, after = ?now.saturating_duration_since(line.began_at), "a DTLS session began");
        if let Some(due) = line.due {
            self.dues.remove(&(due, peer, true));
            self.dues.insert((due, peer, false));
        }
        let Some(old) = session.line.replace(line) else { return };
        self.brought.ended.push(peer);
        if let Some(due) = old.due.filter(|due| session.line.as_ref().and_then(|line| line.due) != Some(*due)) {
            self.dues.remove(&(due, peer, false));
        }
    }

    fn over(&mut self, peer: SocketAddr, is_next: bool) {
        if is_next {
            self.give_up(peer);
        } else {
            self.end(peer);
        }
    }

    /// Gives a handshake up; a session there was before goes on.
    fn give_up(&mut self, peer: SocketAddr) {
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        let Some(line) = session.next.take() else { return };
        if session.line.is_none() {
            self.sessions.remove(&peer);
        }
        let place = if line.is_shown { &mut self.shown } else { &mut self.fresh };
        place.remove(&(line.began_at, peer));
        if let Some(due) = line.due {
            self.dues.remove(&(due, peer, true));
        }
        count(&self.shared.counters.handshakes_failed);
    }

    /// Ends a session; a handshake that is under way goes on.
    fn end(&mut self, peer: SocketAddr) {
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        if let Some(line) = session.line.take() {
            self.brought.ended.push(peer);
            if let Some(due) = line.due {
                self.dues.remove(&(due, peer, false));
            }
        }
        if session.next.is_none() {
            self.sessions.remove(&peer);
        }
    }

    /// When [`Secure::tick`] wants to be called.
    pub fn deadline(&self) -> Instant {
        self.dues.first().map_or(self.sweep_at, |(due, ..)| self.sweep_at.min(*due))
    }

    /// Sends again what is due, and ends what is over.
    pub fn tick(&mut self, now: Instant) {
        while let Some((due, peer, is_next)) = self.dues.first().copied()
            && due <= now
        {
            self.dues.pop_first();
            self.go_on_quietly(now, peer, is_next);
        }
        if self.sweep_at <= now {
            self.sweep_at = now + SWEEP_EVERY;
            self.sweep(now);
        }
    }

    fn go_on_quietly(&mut self, now: Instant, peer: SocketAddr, is_next: bool) {
        let line = self.sessions.get(&peer).and_then(|one| if is_next { one.next.as_ref() } else { one.line.as_ref() });
        let Some(heard_at) = line.map(|line| line.heard_at) else { return };
        self.go_on(now, peer, is_next, |_| Ok(()));
        // That its time came is nothing that was heard of it.
        if let Some(session) = self.sessions.get_mut(&peer)
            && let Some(line) = if is_next { &mut session.next } else { &mut session.line }
        {
            line.heard_at = heard_at;
        }
    }

    fn sweep(&mut self, now: Instant) {
        let limits = &self.shared.limits;
        let is_silent = |(_, one): &(&SocketAddr, &Session)| {
            one.line.as_ref().is_some_and(|line| line.heard_at + limits.session_idle <= now)
        };
        let silent: Vec<_> = self.sessions.iter().filter(is_silent).map(|(address, _)| *address).collect();
        let is_over = |(began_at, _): &&(Instant, SocketAddr)| *began_at + limits.handshake_timeout <= now;
        let over = self.fresh.iter().take_while(is_over).chain(self.shown.iter().take_while(is_over));
        let over: Vec<_> = over.map(|(_, address)| *address).collect();
        silent.into_iter().for_each(|address| self.end(address));
        over.into_iter().for_each(|address| self.give_up(address));
    }
}

/// Takes all that a line has to give.
fn drain(line: &mut Line, peer: SocketAddr, buffer: &mut Vec<u8>, brought: &mut Brought) -> Course {
    let mut course = Course::Goes;
    loop {
        match line.dtls.poll_output(buffer) {
            Output::Packet(packet) => {
                // A ServerHello: the cookie came back (RFC 6347 §4.2.1).
                line.is_shown |= packet.first() == Some(&22) && packet.get(13) == Some(&2);
                brought.send.push((peer, packet.to_vec()));
            }
            Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
            Output::Timeout(at) => {
                line.due = Some(Instant::from_std(at));
                return course;
            }
            Output::Connected => course = Course::Connected,
            Output::ApplicationData(bytes) => {
                if let Some(proven) = &line.proven {
                    brought.heard.push((peer, bytes.to_vec(), proven.clone()));
                }
            }
            Output::CloseNotify => course = Course::Over,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_apart() {
        let hello = |offset: u8| {
            let mut bytes =
                vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 1, 0, 0, 70, 0, 0, 0, 0, offset, 0, 0, 50];
            bytes.extend([0xfe, 0xfd]);
            bytes.extend([7; 60]);
            bytes
        };
        let random = Some([7; 32]);
        let handshake = |hello| Some(Record { is_application: false, epoch: 0, hello });
        assert_eq!(Record::read(&hello(0)), handshake(random));
        assert_eq!(Record::read(&hello(9)), handshake(None));
        assert_eq!(Record::read(&hello(0)[..30]), handshake(None));
        let data = [23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(Record::read(&data), Some(Record { is_application: true, epoch: 1, hello: None }));
        for bytes in [&[][..], &data[..12], &[64; 20], &[23, 3, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(Record::read(bytes), None);
        }
    }
}
