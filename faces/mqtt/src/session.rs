//! One session: what a client subscribed to, and what waits for it, connected or away.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::codec::{Properties, Qos, Will};
use crate::gate::Owner;
use crate::limits::{Limits, Memory, Taken};

/// What a message costs beside its topic and payload, roughly: the entry of a queue and the counts around it.
pub(crate) const OVERHEAD_BYTES: usize = 256;

/// A message on its way to subscribers.
#[derive(Debug)]
pub(crate) struct Post {
    pub topic: Arc<str>,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    pub properties: Option<Box<Properties>>,
    pub expires_at: Option<Instant>,
    pub ticket: Option<u64>,
}

impl Post {
    pub fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + OVERHEAD_BYTES
    }

    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A message for one client.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub post: Arc<Post>,
    pub qos: Qos,
    pub retain: bool,
    /// Of the subscriptions it is sent for.
    pub ids: Vec<u32>,
    /// 0 until it is sent for the first time.
    pub pid: u16,
    taken: Taken,
}

/// What is written next to a client.
#[derive(Debug)]
pub(crate) struct Next {
    pub post: Arc<Post>,
    pub qos: Qos,
    pub retain: bool,
    pub ids: Vec<u32>,
    pub pid: u16,
    pub dup: bool,
}

/// What became of a message for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    Queued,
    /// QoS 0, and the client is away.
    Away,
    Dropped,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kick {
    TakenOver,
    Cut,
    Stopped,
}

/// How others reach the task of a connection.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub woken: Notify,
    kick: OnceLock<Kick>,
}

impl Link {
    /// Ends the connection; the first reason counts.
    pub fn kick(&self, why: Kick) {
        let _ = self.kick.set(why);
        self.woken.notify_one();
    }

    pub fn kicked(&self) -> Option<Kick> {
        self.kick.get().copied()
    }
}

/// A will, with the memory it takes.
#[derive(Debug)]
pub(crate) struct HeldWill {
    pub will: Will,
    _taken: Taken,
}

impl HeldWill {
    /// `None` when there is no memory left.
    pub fn new(will: Will, memory: &Arc<Memory>) -> Option<Self> {
        let taken = memory.take(will.topic.len() + will.payload.len() + OVERHEAD_BYTES)?;
        Some(Self { will, _taken: taken })
    }
}

/// A will that waits for its client to come back.
#[derive(Debug)]
pub(crate) struct LateWill {
    pub will: HeldWill,
    pub due: Instant,
}

#[derive(Debug)]
pub(crate) struct Session<C> {
    pub owner: Owner,
    pub client_id: Box<str>,
    state: Mutex<State<C>>,
}

/// What changes in a session.
#[derive(Debug)]
pub(crate) struct State<C> {
    /// Which connection it belongs to: counts up, so that an old one knows that it is old.
    pub epoch: u64,
    pub link: Option<Arc<Link>>,
    pub client: Arc<C>,
    /// With the memory each takes.
    pub filters: HashMap<Box<str>, Taken>,
    /// QoS 2 packet identifiers that were taken and not yet released.
    pub taken_ids: HashSet<u16>,
    pub expiry: Duration,
    pub ends_at: Option<Instant>,
    pub late_will: Option<LateWill>,
    pub ended: bool,
    queue: VecDeque<Waiting>,
    unacknowledged: VecDeque<Waiting>,
    waiting_bytes: usize,
    last_pid: u16,
}

/// What is left of a session that ended.
#[derive(Debug)]
pub(crate) struct Ended<C> {
    pub session: Arc<Session<C>>,
    pub client: Arc<C>,
    pub filters: Vec<Box<str>>,
    pub will: Option<HeldWill>,
}

impl<C> Session<C> {
    pub fn new(owner: Owner, client_id: Box<str>, client: Arc<C>) -> Self {
        let state = State {
            epoch: 0,
            link: None,
            client,
            filters: HashMap::new(),
            taken_ids: HashSet::new(),
            expiry: Duration::ZERO,
            ends_at: None,
            late_will: None,
            ended: false,
            queue: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            waiting_bytes: 0,
            last_pid: 0,
        };
        Self { owner, client_id, state: Mutex::new(state) }
    }

    pub fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().expect("no holder panics")
    }
}

impl<C> State<C> {
    /// Ends its session for good; `None` when it has ended before.
    pub fn end(&mut self, session: &Arc<Session<C>>) -> Option<Ended<C>> {
        if self.ended {
            return None;
        }
        self.ended = true;
        if let Some(link) = self.link.take() {
            link.kick(Kick::TakenOver);
        }
        self.queue.clear();
        self.unacknowledged.clear();
        let filters = std::mem::take(&mut self.filters).into_keys().collect();
        let will = self.late_will.take().map(|late| late.will);
        Some(Ended { session: Arc::clone(session), client: Arc::clone(&self.client), filters, will })
    }

    /// Hands the session to a new connection: what was sent and not acknowledged is sent again first.
    pub fn attach(&mut self, link: &Arc<Link>, client: &Arc<C>, expiry: Duration) -> u64 {
        if let Some(old) = self.link.replace(Arc::clone(link)) {
            old.kick(Kick::TakenOver);
        }
        self.epoch += 1;
        self.client = Arc::clone(client);
        self.expiry = expiry;
        self.ends_at = None;
        self.late_will = None;
        while let Some(waiting) = self.unacknowledged.pop_back() {
            self.queue.push_front(waiting);
        }
        self.epoch
    }

    /// Puts a message into the queue.
    pub fn offer(&mut self, waiting: Offer<'_>, limits: &Limits, memory: &Arc<Memory>) -> Offered {
        if self.ended || (waiting.qos == Qos::AtMostOnce && self.link.is_none()) {
            return Offered::Away;
        }
        let bytes = waiting.post.bytes();
        let count = self.queue.len() + self.unacknowledged.len();
        if count >= limits.queue || self.waiting_bytes + bytes > limits.queue_bytes {
            return Offered::Dropped;
        }
        let Some(taken) = memory.take(bytes) else { return Offered::Dropped };
        self.waiting_bytes += bytes;
        let Offer { post, qos, retain, ids } = waiting;
        self.queue.push_back(Waiting { post: Arc::clone(post), qos, retain, ids, pid: 0, taken });
        if let Some(link) = &self.link {
            link.woken.notify_one();
        }
        Offered::Queued
    }

    /// What to write next, when fewer than `window` wait for their acknowledgement; counts what expired meanwhile.
    pub fn next(&mut self, window: usize, now: Instant, expired: &mut u64) -> Option<Next> {
        loop {
            let first = self.queue.front()?;
            if first.pid == 0 && first.post.is_expired(now) {
                self.forget_first();
                *expired += 1;
                continue;
            }
            if first.qos == Qos::AtMostOnce {
                let waiting = self.forget_first()?;
                let Waiting { post, qos, retain, ids, .. } = waiting;
                return Some(Next { post, qos, retain, ids, pid: 0, dup: false });
            }
            if self.unacknowledged.len() >= window {
                return None;
            }
            let mut waiting = self.queue.pop_front()?;
            let dup = waiting.pid != 0;
            if !dup {
                waiting.pid = self.free_pid();
            }
            let next = Next {
                post: Arc::clone(&waiting.post),
                qos: waiting.qos,
                retain: waiting.retain,
                ids: waiting.ids.clone(),
                pid: waiting.pid,
                dup,
            };
            self.unacknowledged.push_back(waiting);
            return Some(next);
        }
    }

    fn forget_first(&mut self) -> Option<Waiting> {
        let waiting = self.queue.pop_front()?;
        self.waiting_bytes -= waiting.taken.bytes;
        Some(waiting)
    }

    /// The next number that is not under way. Those sent before are in front of the queue, so they are all under way
    /// again when a new one is needed; and there are fewer than numbers.
    fn free_pid(&mut self) -> u16 {
        loop {
            self.last_pid = self.last_pid.checked_add(1).unwrap_or(1);
            if self.unacknowledged.iter().all(|waiting| waiting.pid != self.last_pid) {
                return self.last_pid;
            }
        }
    }

    /// The client has it.
    pub fn acknowledge(&mut self, pid: u16) -> Option<Arc<Post>> {
        let at = self.unacknowledged.iter().position(|waiting| waiting.pid == pid)?;
        let waiting = self.unacknowledged.remove(at)?;
        self.waiting_bytes -= waiting.taken.bytes;
        Some(waiting.post)
    }
}

/// A message offered to a session.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    pub post: &'a Arc<Post>,
    pub qos: Qos,
    pub retain: bool,
    pub ids: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(number: usize) -> Arc<Post> {
        let topic: Arc<str> = format!("t/{number}").into();
        let payload = Bytes::from_static(b"x");
        let qos = Qos::AtLeastOnce;
        Arc::new(Post { topic, payload, qos, retain: false, properties: None, expires_at: None, ticket: None })
    }

    fn session() -> Session<()> {
        Session::new(Owner::Device("lamp".parse().unwrap()), "c".into(), Arc::new(()))
    }

    fn offer(state: &mut State<()>, number: usize, limits: &Limits, memory: &Arc<Memory>) -> Offered {
        let waiting = Offer { post: &post(number), qos: Qos::AtLeastOnce, retain: false, ids: Vec::new() };
        state.offer(waiting, limits, memory)
    }

    #[test]
    fn what_was_not_acknowledged_comes_again_first_and_in_order() {
        let (session, limits, memory) = (session(), Limits::default(), Memory::new(1 << 20));
        let mut state = session.state();
        let (link, client) = (Arc::new(Link::default()), Arc::new(()));
        state.attach(&link, &client, Duration::from_secs(9));
        for number in 0..5 {
            assert_eq!(offer(&mut state, number, &limits, &memory), Offered::Queued);
        }
        let now = Instant::now();
        let sent: Vec<Next> = std::iter::from_fn(|| state.next(3, now, &mut 0)).collect();
        assert_eq!(sent.iter().map(|next| next.pid).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(&*state.acknowledge(2).unwrap().topic, "t/1");
        assert!(state.acknowledge(2).is_none());
        assert_eq!(state.attach(&Arc::new(Link::default()), &client, Duration::from_secs(9)), 2);
        assert_eq!(link.kicked(), Some(Kick::TakenOver));
        let again: Vec<(u16, bool, String)> = std::iter::from_fn(|| state.next(9, now, &mut 0))
            .map(|next| (next.pid, next.dup, next.post.topic.to_string()))
            .collect();
        let expected = [(1, true, "t/0"), (3, true, "t/2"), (4, false, "t/3"), (5, false, "t/4")];
        assert_eq!(again, expected.map(|(pid, dup, topic)| (pid, dup, topic.to_owned())));
        for pid in [1, 3, 4, 5] {
            state.acknowledge(pid).unwrap();
        }
        assert_eq!((memory.used(), state.waiting_bytes), (0, 0));
    }

    #[test]
    fn a_queue_is_bounded_in_number_and_in_bytes() {
        let limits = Limits { queue: 3, ..Limits::default() };
        let (session, memory) = (session(), Memory::new(1 << 20));
        let mut state = session.state();
        let offered: Vec<Offered> = (0..4).map(|number| offer(&mut state, number, &limits, &memory)).collect();
        assert_eq!(offered, [Offered::Queued, Offered::Queued, Offered::Queued, Offered::Dropped]);
        let scarce = Limits { queue_bytes: state.waiting_bytes + 10, ..Limits::default() };
        assert_eq!(offer(&mut state, 5, &scarce, &memory), Offered::Dropped);
        let full = Memory::new(10);
        assert_eq!(offer(&mut state, 5, &Limits::default(), &full), Offered::Dropped);
        let waiting = Offer { post: &post(6), qos: Qos::AtMostOnce, retain: false, ids: Vec::new() };
        assert_eq!(state.offer(waiting, &Limits::default(), &memory), Offered::Away);
    }

    #[test]
    fn numbers_go_round_and_miss_those_under_way() {
        let (session, limits, memory) = (session(), Limits::default(), Memory::new(1 << 20));
        let mut state = session.state();
        state.last_pid = u16::MAX - 1;
        for number in 0..3 {
            offer(&mut state, number, &limits, &memory);
        }
        let now = Instant::now();
        assert_eq!(state.next(9, now, &mut 0).unwrap().pid, u16::MAX);
        assert_eq!(state.next(9, now, &mut 0).unwrap().pid, 1);
        state.last_pid = u16::MAX - 1;
        assert_eq!(state.next(9, now, &mut 0).unwrap().pid, 2);
    }

    #[test]
    fn what_expired_is_not_sent() {
        let (session, limits, memory) = (session(), Limits::default(), Memory::new(1 << 20));
        let mut state = session.state();
        let now = Instant::now();
        let mut late = Arc::into_inner(post(1)).unwrap();
        late.expires_at = Some(now);
        let waiting = Offer { post: &Arc::new(late), qos: Qos::AtLeastOnce, retain: false, ids: Vec::new() };
        state.offer(waiting, &limits, &memory);
        offer(&mut state, 2, &limits, &memory);
        let mut expired = 0;
        assert_eq!(&*state.next(9, now, &mut expired).unwrap().post.topic, "t/2");
        assert_eq!(expired, 1);
    }
}
