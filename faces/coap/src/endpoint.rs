//! One listener's state: what comes in goes in, what is to be sent or asked comes out. No sockets, no tasks, no clock.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::asking::Asked;
use crate::gate::{Admitted, Credential, Gate, Hello, Key, Message as Said, NotTaken, Refused};
use crate::limits::{Bucket, Dice, Gauge, Limits, Memory};
use crate::links;
use crate::message::{Code, Fault, Kind, Message, Reply, empty};
use crate::metrics::{Counters, count};
use crate::peers::{Again, Entered, Peers};
use crate::request::{LINK_FORMAT, Request, Target};
use crate::sending::Sent;

/// What is over is looked for this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How long whoever is held off is told to wait, seconds.
const HELD_OFF_S: u32 = 2;
/// The same where there is no place at all.
const FULL_S: u32 = 60;
/// An answer to whoever has not said who it is is at most so many times as long as the request: nobody is flooded through us.
const AMPLIFICATION: usize = 3;
/// Longest frame around a block of the listing: header, token, format, block, marker.
const FRAME: usize = 4 + 8 + 2 + 4 + 1;

/// What all listeners share.
pub(crate) struct Shared<G> {
    pub gate: Arc<G>,
    pub limits: Limits,
    pub counters: Counters,
    pub memory: Arc<Memory>,
}

/// Who is at the other end of a DTLS session.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub identity: Arc<str>,
    pub key: Key,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Out<C> {
    Send(SocketAddr, Bytes),
    /// To be answered by [`Endpoint::answered`] with the number.
    Ask(u64, Arc<C>, Question),
}

/// What the platform is asked.
#[derive(Debug)]
pub(crate) enum Question {
    Take(Said),
    NextCommand,
}

pub(crate) struct Endpoint<G: Gate> {
    pub shared: Arc<Shared<G>>,
    pub peers: Peers<G::Client>,
    pub asked: HashMap<u64, Asked>,
    /// When requests under way are to be acknowledged, in the order they came.
    pub acks_due: VecDeque<(Instant, u64)>,
    pub sent: HashMap<(SocketAddr, u16), Sent>,
    pub sent_due: BTreeSet<(Instant, SocketAddr, u16)>,
    pub dice: Dice,
    pub out: Vec<Out<G::Client>>,
    /// Counts questions.
    pub number: u64,
    /// Counts notifications (RFC 7641 §4.4).
    pub sequence: u32,
    gauge: Gauge,
    strangers: Bucket,
    sweep_at: Instant,
}

/// A request with where it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub peer: SocketAddr,
    pub message: Message<'a>,
    pub request: Request<'a>,
}

impl<G: Gate> Endpoint<G> {
    pub fn new(shared: Arc<Shared<G>>, seed: u64, now: Instant) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            shared,
            peers: Peers::new(),
            asked: HashMap::new(),
            acks_due: VecDeque::new(),
            sent: HashMap::new(),
            sent_due: BTreeSet::new(),
            out: Vec::new(),
            number: 0,
            sequence: dice.roll() as u32,
            dice,
            gauge: Gauge::new(),
            strangers: Bucket::FULL,
            sweep_at: now + SWEEP_EVERY,
        }
    }

    /// Whether a datagram from an address is looked at now.
    pub fn may_come(&mut self, peer: SocketAddr, now: Instant) -> bool {
        count(&self.shared.counters.received);
        let passes = self.gauge.take(peer, self.shared.limits.datagrams_per_s, now);
        if !passes {
            count(&self.shared.counters.slowed);
        }
        passes
    }

    /// Takes a datagram.
    pub fn receive(&mut self, now: Instant, peer: SocketAddr, datagram: &[u8], proven: Option<&Proven>) {
        let message = match Message::read(datagram) {
            Ok(message) => message,
            Err(fault) => {
                count(&self.shared.counters.faults);
                if let Fault::Malformed(Kind::Confirmable, mid) = fault {
                    self.out.push(Out::Send(peer, empty(Kind::Reset, mid)));
                }
                return;
            }
        };
        match message.kind {
            Kind::Acknowledgement | Kind::Reset => self.take_receipt(now, peer, &message),
            Kind::Confirmable | Kind::NonConfirmable if message.code.is_request() => {
                self.take_request(now, peer, message, proven);
            }
            // A ping, or an answer to what nobody asked (RFC 7252 §4.2).
            Kind::Confirmable => self.out.push(Out::Send(peer, empty(Kind::Reset, message.mid))),
            Kind::NonConfirmable => {}
        }
    }

    fn take_request(&mut self, now: Instant, peer: SocketAddr, message: Message<'_>, proven: Option<&Proven>) {
        if let Some(again) = self.peers.get(peer).and_then(|known| known.again(message.mid, now)) {
            return self.repeat(peer, &message, again);
        }
        let request = match Request::read(&message) {
            Ok(request) => request,
            // One that is not confirmable is rejected without a word (RFC 7252 §5.4.1).
            Err(Code::BAD_OPTION) if message.kind == Kind::NonConfirmable => return,
            Err(code) => return self.dismiss(now, peer, &message, Reply::new(code)),
        };
        let call = Call { peer, message, request };
        let fits = match request.target {
            Target::Nothing => return self.dismiss(now, peer, &message, Reply::new(Code::NOT_FOUND)),
            Target::Post(..) => matches!(message.code, Code::POST | Code::PUT),
            Target::WellKnown | Target::Commands(_) => message.code == Code::GET,
        };
        if !fits {
            return self.dismiss(now, peer, &message, Reply::new(Code::METHOD_NOT_ALLOWED));
        }
        let name = match request.target {
            Target::WellKnown | Target::Nothing => return self.list(now, &call, proven),
            Target::Post(name, _) | Target::Commands(name) => name,
        };
        let credential = match (proven, request.password) {
            (Some(Proven { identity, key }), _) => Credential::Proven { identity, key },
            (None, Some(password)) => Credential::Password(password),
            (None, None) => Credential::Nothing,
        };
        match self.shared.gate.admit(Hello { device: name, credential, peer }) {
            Ok(admitted) => self.take_admitted(now, &call, admitted),
            Err(refused) => {
                count(&self.shared.counters.turned_away);
                let max_age_s = (refused == Refused::Unavailable).then_some(FULL_S);
                self.dismiss(now, peer, &message, Reply { max_age_s, ..Reply::new(refused.code()) });
            }
        }
    }

    fn take_admitted(&mut self, now: Instant, call: &Call<'_>, admitted: Admitted<G::Client>) {
        let Admitted { device, client } = admitted;
        if !self.peers.may_ask(&device, self.shared.limits.requests_per_s, now) {
            return self.hold_off(call);
        }
        let first_mid = self.dice.roll() as u16;
        let mut entered = self.peers.enter(call.peer, &device, first_mid, &self.shared.limits, now);
        if let Entered::InPlaceOf(other) = entered {
            self.forget(other);
            entered = self.peers.enter(call.peer, &device, first_mid, &self.shared.limits, now);
        }
        if entered != Entered::Yes {
            count(&self.shared.counters.held_off);
            let reply = Reply { max_age_s: Some(FULL_S), ..Reply::new(Code::UNAVAILABLE) };
            return self.answer_once(call.peer, &call.message, &reply);
        }
        match call.request.target {
            Target::Post(_, resource) => self.take_post(now, call, device, client, resource),
            _ => self.take_get(now, call, device, client),
        }
    }

    fn repeat(&mut self, peer: SocketAddr, message: &Message<'_>, again: Again) {
        count(&self.shared.counters.duplicates);
        match again {
            Again::Answer(bytes) => self.out.push(Out::Send(peer, bytes)),
            Again::Acknowledge if message.kind == Kind::Confirmable => {
                self.out.push(Out::Send(peer, empty(Kind::Acknowledgement, message.mid)));
            }
            Again::Acknowledge | Again::Wait => {}
        }
    }

    /// Tells a device to come later; nothing of its request is kept.
    pub fn hold_off(&mut self, call: &Call<'_>) {
        count(&self.shared.counters.held_off);
        let reply = Reply { max_age_s: Some(HELD_OFF_S), ..Reply::new(Code::TOO_MANY) };
        self.answer_once(call.peer, &call.message, &reply);
    }

    /// Answers whoever has not said who it is, as often as that may be; nothing of its request is kept.
    fn dismiss(&mut self, now: Instant, peer: SocketAddr, message: &Message<'_>, reply: Reply) {
        if self.strangers.take(self.shared.limits.strangers_per_s, now) {
            self.answer_once(peer, message, &reply);
        }
    }

    /// Answers, and keeps nothing of it.
    fn answer_once(&mut self, peer: SocketAddr, message: &Message<'_>, reply: &Reply) {
        let bytes = match message.kind {
            Kind::Confirmable => reply.write(Kind::Acknowledgement, message.mid, &message.token),
            _ => reply.write(Kind::NonConfirmable, self.dice.roll() as u16, &message.token),
        };
        self.out.push(Out::Send(peer, bytes));
    }

    /// Answers with what there is, in blocks that are not much longer than the question.
    fn list(&mut self, now: Instant, call: &Call<'_>, proven: Option<&Proven>) {
        let Call { peer, message, request } = call;
        if request.accept.is_some_and(|accept| accept != u32::from(LINK_FORMAT)) {
            return self.dismiss(now, *peer, message, Reply::new(Code::NOT_ACCEPTABLE));
        }
        let listing = links::listing(proven.map(|proven| &*proven.identity));
        let (num, mut szx) = request.block2.map_or((0, self.shared.limits.block_szx), |block| (block.num, block.szx));
        if proven.is_none() {
            let most = (AMPLIFICATION * message.length()).saturating_sub(FRAME);
            let asked = szx;
            while szx > 0 && 16 << szx > most {
                szx -= 1;
            }
            if num > 0 && szx < asked {
                return self.dismiss(now, *peer, message, Reply::new(Code::BAD_OPTION));
            }
        }
        let Some((block, payload)) = crate::block::slice(&listing, num, szx) else {
            return self.dismiss(now, *peer, message, Reply::new(Code::BAD_OPTION));
        };
        let block2 = (request.block2.is_some() || block.more).then_some(block);
        let reply = Reply { format: Some(LINK_FORMAT), block2, payload, ..Reply::new(Code::CONTENT) };
        self.dismiss(now, *peer, message, reply);
    }

    /// Forgets an address and what was on its way there.
    pub fn forget(&mut self, peer: SocketAddr) {
        let mids: Vec<_> = self.sent.keys().filter(|(to, _)| *to == peer).map(|(_, mid)| *mid).collect();
        for mid in mids {
            if let Some(sent) = self.take_back(peer, mid) {
                self.failed(peer, mid, &sent);
            }
        }
        let Some(gone) = self.peers.leave(peer) else { return };
        for watch in gone.watches {
            self.ended(watch);
        }
    }

    /// When [`Endpoint::tick`] wants to be called.
    pub fn deadline(&self) -> Instant {
        let ack = self.acks_due.front().map(|(at, _)| *at);
        let send = self.sent_due.first().map(|(at, ..)| *at);
        [ack, send].into_iter().flatten().fold(self.sweep_at, Instant::min)
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.acknowledge_due(now);
        self.send_due(now);
        if now < self.sweep_at {
            return;
        }
        self.sweep_at = now + SWEEP_EVERY;
        let (silent, looked_at) = self.peers.sweep(&self.shared.limits, now);
        for peer in silent {
            self.forget(peer);
        }
        for (peer, device) in looked_at {
            self.look_at(now, peer, &device);
        }
    }
}

/// The answer to a message that the platform did not take.
pub(crate) fn refusal(refused: &NotTaken) -> Reply {
    match refused {
        NotTaken::Never { words } => Reply::with_words(Code::BAD_REQUEST, cut(words)),
        NotTaken::NotFound => Reply::new(Code::NOT_FOUND),
        NotTaken::Gone => Reply::new(Code::FORBIDDEN),
        NotTaken::Later => Reply { max_age_s: Some(HELD_OFF_S), ..Reply::new(Code::UNAVAILABLE) },
    }
}

/// The first 200 bytes of a text, or a few less where a character would be cut.
fn cut(words: &str) -> &str {
    let end = (0..=words.len().min(200)).rev().find(|end| words.is_char_boundary(*end)).unwrap_or(0);
    &words[..end]
}
