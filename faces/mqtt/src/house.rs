//! What all connections share, and how a message finds its subscribers.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::codec::{Options, Properties, Qos, Will};
use crate::gate::{Gate, Message, PublishRefused, Route};
use crate::limits::{Limits, Memory};
use crate::metrics::{Counters, Metrics, count};
use crate::retained::Retained;
use crate::session::{Ended, HeldWill, Offer, Offered, Post, Session};
use crate::sessions::{self, Due, Sessions};
use crate::topic::{self, Tree};

/// A message from the platform to whoever subscribed to its topic.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Where to.
    pub topic: Arc<str>,
    /// What.
    pub payload: Bytes,
    /// How surely; QoS 2 is sent as QoS 1.
    pub qos: Qos,
    /// To be shown to later subscribers too, until the next one; an empty one takes it away.
    pub retain: bool,
    /// When nobody wants it any more.
    pub expiry: Option<Duration>,
    /// Told to [`Gate::delivered`] when a subscriber has acknowledged it.
    pub ticket: Option<u64>,
    /// What MQTT 5 adds; its expiry is not looked at.
    pub properties: Option<Box<Properties>>,
}

/// To how many a notice went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handed {
    /// Sessions that have it in their queues.
    pub queued: usize,
    /// Sessions whose queues are full.
    pub dropped: usize,
}

/// Why a notice went nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    /// The topic is empty, too long or has wildcards.
    #[error("the topic is empty, longer than 65 535 bytes or has wildcards")]
    NoTopic,
    /// No packet could carry it.
    #[error("the payload is above 256 MiB")]
    TooLarge,
}

/// One subscription in the tree.
#[derive(Debug)]
pub(crate) struct Subscription<C> {
    pub session: Arc<Session<C>>,
    pub options: Options,
    pub id: Option<u32>,
}

/// A session with the QoS, whether `retain` stays as published, and the ids of its subscriptions to a topic.
type Subscriber<C> = (Arc<Session<C>>, Qos, bool, Vec<u32>);

pub(crate) struct House<G: Gate> {
    pub gate: Arc<G>,
    pub limits: Limits,
    pub sessions: Sessions<G::Client>,
    pub routes: RwLock<Tree<Subscription<G::Client>>>,
    pub retained: Mutex<Retained>,
    pub counters: Counters,
    pub memory: Arc<Memory>,
    pub greetings: Semaphore,
    pub connections: AtomicUsize,
    /// Counts [`Broker::disconnect`](crate::Broker::disconnect)s, so that a greeting under way notices one.
    pub cuts: AtomicU64,
    /// Names for clients that bring none.
    pub names: AtomicU64,
}

impl<G: Gate> House<G> {
    pub fn new(gate: Arc<G>, limits: Limits) -> Self {
        Self {
            gate,
            sessions: Sessions::new(),
            routes: RwLock::new(Tree::default()),
            retained: Mutex::new(Retained::default()),
            counters: Counters::default(),
            memory: Memory::new(limits.memory_bytes),
            greetings: Semaphore::new(limits.greetings),
            connections: AtomicUsize::new(0),
            cuts: AtomicU64::new(0),
            names: AtomicU64::new(0),
            limits,
        }
    }

    /// Gives the platform a message, and then, if it says so, subscribers.
    pub async fn take(
        &self,
        origin: Option<&Arc<Session<G::Client>>>,
        client: &G::Client,
        message: Message,
    ) -> Result<(), PublishRefused> {
        let kept = Message::clone(&message);
        match self.gate.publish(client, message).await {
            Ok(route) => {
                count(&self.counters.taken);
                if route == Route::Subscribers {
                    self.hand_on(origin, kept);
                }
                Ok(())
            }
            Err(refused) => {
                count(&self.counters.refused);
                Err(refused)
            }
        }
    }

    fn hand_on(&self, origin: Option<&Arc<Session<G::Client>>>, message: Message) {
        let Message { topic, payload, qos, retain, mut properties, .. } = message;
        let expiry_s = properties.as_mut().and_then(|properties| properties.expiry_s.take());
        let expires_at = expiry_s.map(|expiry_s| Instant::now() + Duration::from_secs(expiry_s.into()));
        let post = Post { topic, payload, qos, retain, properties, expires_at, ticket: None };
        self.spread(origin, &Arc::new(post));
    }

    /// Publishes for the platform.
    pub fn publish(&self, notice: Notice) -> Result<Handed, NotPublished> {
        if notice.topic.len() > usize::from(u16::MAX) || !topic::is_name(&notice.topic) {
            return Err(NotPublished::NoTopic);
        }
        if notice.payload.len() + notice.topic.len() > (256 << 20) - 1024 {
            return Err(NotPublished::TooLarge);
        }
        let Notice { topic, payload, qos, retain, expiry, ticket, properties } = notice;
        let expires_at = expiry.map(|expiry| Instant::now() + expiry);
        let post = Post { topic, payload, qos, retain, properties, expires_at, ticket };
        Ok(self.spread(None, &Arc::new(post)))
    }

    /// Puts a message into the queue of everybody who subscribed to its topic, once each.
    fn spread(&self, origin: Option<&Arc<Session<G::Client>>>, post: &Arc<Post>) -> Handed {
        if post.retain {
            let mut retained = self.retained.lock().expect("no holder panics");
            if !retained.keep(post, self.limits.retained, &self.memory) {
                count(&self.counters.dropped);
            }
        }
        let mut handed = Handed::default();
        for (session, qos, retain, ids) in self.subscribers(origin, post) {
            let offer = Offer { post, qos: qos.min(post.qos), retain: retain && post.retain, ids };
            match session.state().offer(offer, &self.limits, &self.memory) {
                Offered::Queued => handed.queued += 1,
                Offered::Away => {}
                Offered::Dropped => {
                    handed.dropped += 1;
                    count(&self.counters.dropped);
                }
            }
        }
        handed
    }

    /// Sessions, each once and with the best of its subscriptions.
    fn subscribers(&self, origin: Option<&Arc<Session<G::Client>>>, post: &Post) -> Vec<Subscriber<G::Client>> {
        let mut found: Vec<Subscriber<G::Client>> = Vec::new();
        let routes = self.routes.read().expect("no holder panics");
        routes.each_match(&post.topic, &mut |subscription| {
            let Subscription { session, options, id } = subscription;
            if options.no_local && origin.is_some_and(|origin| Arc::ptr_eq(origin, session)) {
                return;
            }
            found.push((Arc::clone(session), options.qos, options.retain_as_published, id.iter().copied().collect()));
        });
        drop(routes);
        // The sort is stable and looks at addresses alone: it only brings the subscriptions of a session together.
        found.sort_by_key(|(session, ..)| Arc::as_ptr(session).addr());
        found.dedup_by(|next, first| {
            let same = Arc::ptr_eq(&next.0, &first.0);
            if same {
                first.1 = first.1.max(next.1);
                first.2 |= next.2;
                first.3.append(&mut next.3);
            }
            same
        });
        found
    }

    /// Publishes what a client left behind.
    pub async fn take_will(&self, client: &G::Client, held: HeldWill) {
        let Will { topic, payload, qos, retain, properties, .. } = held.will;
        if !self.gate.may_publish(client, &topic) {
            return count(&self.counters.refused);
        }
        let message = Message { topic: topic.into(), payload, qos, retain, dup: false, properties };
        if let Err(refused) = self.take(None, client, message).await {
            tracing::warn!(%refused, "a will was not taken");
        }
    }

    /// Undoes what a session was part of, its will last.
    pub async fn bury(&self, ended: Ended<G::Client>) {
        let Ended { session, client, filters, will } = ended;
        {
            let mut routes = self.routes.write().expect("no holder panics");
            for filter in &filters {
                routes.remove(filter, &|held| Arc::ptr_eq(&held.session, &session));
            }
        }
        for filter in &filters {
            self.gate.unsubscribed(&client, filter);
        }
        if let Some(will) = will {
            self.take_will(&client, will).await;
        }
    }

    /// Ends sessions and publishes wills whose time has come; forgets retained messages that expired.
    ///
    /// Wills go each their own way: thousands may be due at once, and one may have to wait.
    pub fn tidy(self: &Arc<Self>, now: Instant) {
        for session in self.sessions.all() {
            let house = Arc::clone(self);
            match sessions::due(&session, now) {
                None => {}
                Some(Due::End(ended)) => {
                    self.sessions.remove(&session);
                    tokio::spawn(async move { house.bury(ended).await });
                }
                Some(Due::Will(client, will)) => {
                    tokio::spawn(async move { house.take_will(&client, will).await });
                }
            }
        }
        self.retained.lock().expect("no holder panics").expire(now);
    }

    pub fn metrics(&self) -> Metrics {
        Metrics {
            connections: self.connections.load(Ordering::Relaxed) as u64,
            sessions: self.sessions.len() as u64,
            retained: self.retained.lock().expect("no holder panics").len() as u64,
            memory_bytes: self.memory.used() as u64,
            ..self.counters.read()
        }
    }
}
