//! The task of one connection: reads while it may, answers in order, sends what waits.
//!
//! One loop and no task beside it: what pauses a device pauses its socket, and TCP tells the device.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};

use crate::codec::{AckKind, Disconnect, Fault, Packet, Protocol, Qos, Reason, protocol_error, read, write};
use crate::gate::{Gate, Gone};
use crate::house::House;
use crate::inflight::InFlight;
use crate::limits::Taken;
use crate::metrics::count;
use crate::session::{HeldWill, Kick, LateWill, Link, Session};
use crate::sessions::Share;

/// Bytes to send above which nothing more is read or taken from the queue.
const OUTPUT_PAUSE: usize = 16 << 10;
/// Buffers of a quiet connection are not larger than this; there are many.
const BUFFER_KEPT: usize = 2 << 10;
/// Read at once from a busy one.
const READ_BUSY: usize = 16 << 10;
/// Packets above this are counted against the memory of all while they arrive.
const PACKET_LARGE: usize = 4 << 10;
/// A connection that waits for memory asks again after this.
const MEMORY_RETRY: Duration = Duration::from_millis(20);
/// Time for a last word.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why no further packet is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// As many messages as agreed are with the platform, or the client does not read its answers.
    Full,
    /// Its rate, or the memory of all.
    Until(Instant),
}

pub(crate) struct Connection<G: Gate, S> {
    pub house: Arc<House<G>>,
    pub session: Arc<Session<G::Client>>,
    pub client: Arc<G::Client>,
    pub link: Arc<Link>,
    pub share: Arc<Share>,
    pub epoch: u64,
    pub protocol: Protocol,
    pub wants_words: bool,
    /// Longest packet the client takes.
    pub packet_max: u32,
    /// Messages the client takes unacknowledged.
    pub out_flight: usize,
    pub keep_alive: Option<Duration>,
    pub will: Option<HeldWill>,
    pub read: ReadHalf<S>,
    pub write: WriteHalf<S>,
    pub input: BytesMut,
    pub output: BytesMut,
    pub work: Work,
}

/// What a connection has in hand.
#[derive(Debug)]
pub(crate) struct Work {
    pub inflight: InFlight,
    /// The topic of the message before: devices mostly use one.
    pub topic: Arc<str>,
    /// Topics by their numbers, from 1.
    pub aliases: Vec<Option<(Arc<str>, Taken)>>,
    pub words: Option<Box<str>>,
    pause: Option<Pause>,
    large: Option<Taken>,
    read_size: usize,
    heard_at: Instant,
    packet_since: Option<Instant>,
    stalled_since: Option<Instant>,
}

impl Work {
    pub fn new(now: Instant) -> Self {
        Self {
            inflight: InFlight::default(),
            topic: "".into(),
            aliases: Vec::new(),
            words: None,
            pause: None,
            large: None,
            read_size: BUFFER_KEPT,
            heard_at: now,
            packet_since: None,
            stalled_since: None,
        }
    }
}

impl<G: Gate, S: AsyncRead + AsyncWrite + Send> Connection<G, S> {
    /// Serves the client until it goes or has to go.
    pub async fn run(mut self) {
        let why = match self.serve().await {
            Ok(never) => match never {},
            Err(why) => why,
        };
        if why == Gone::Stopped {
            let _ = timeout(self.house.limits.drain, self.drain(true)).await;
        }
        self.say_goodbye(why).await;
        // The client is gone; what it brought is still finished, and counts as brought before it went.
        let _ = timeout(self.house.limits.drain, self.drain(false)).await;
        self.leave(why).await;
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Gone> {
        let link = Arc::clone(&self.link);
        let timer = sleep_until(Instant::now() + Duration::from_secs(3600));
        tokio::pin!(timer);
        loop {
            let now = Instant::now();
            self.check_kick()?;
            self.check_times(now)?;
            self.take_input(now)?;
            self.take_deliveries(now);
            let deadline = self.deadline(now);
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            let reads = self.work.pause.is_none();
            if reads {
                self.input.reserve(self.work.read_size);
            }
            let Self { read, write, input, output, work, .. } = &mut *self;
            // Not biased: whoever is always ready would keep the others waiting.
            tokio::select! {
                () = link.woken.notified() => {}
                () = poll_fn(|context| work.inflight.poll(context)), if !work.inflight.is_empty() => {
                    self.take_answers()?;
                }
                written = write.write_buf(output), if !output.is_empty() => self.wrote(written)?,
                length = read.read_buf(input), if reads => self.heard(length)?,
                () = &mut timer => {}
            }
        }
    }

    fn check_kick(&self) -> Result<(), Gone> {
        match self.link.kicked() {
            None => Ok(()),
            Some(Kick::TakenOver) => Err(Gone::TakenOver),
            Some(Kick::Cut) => Err(Gone::Cut),
            Some(Kick::Stopped) => Err(Gone::Stopped),
        }
    }

    fn wrote(&mut self, written: io::Result<usize>) -> Result<(), Gone> {
        if written.map_err(|_| Gone::Lost)? == 0 {
            return Err(Gone::Lost);
        }
        self.work.stalled_since = None;
        if self.output.is_empty() && self.output.capacity() > BUFFER_KEPT {
            self.output = BytesMut::new();
        }
        Ok(())
    }

    fn heard(&mut self, length: io::Result<usize>) -> Result<(), Gone> {
        let length = length.map_err(|_| Gone::Lost)?;
        if length == 0 {
            return Err(Gone::Lost);
        }
        // Much came: there is more. Little came: the buffer shrinks again.
        self.work.read_size = if length >= BUFFER_KEPT { READ_BUSY } else { BUFFER_KEPT };
        self.house.counters.received_bytes.fetch_add(length as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// When the loop has to look again by itself.
    fn deadline(&mut self, now: Instant) -> Instant {
        let limits = &self.house.limits;
        if self.output.is_empty() {
            self.work.stalled_since = None;
        } else {
            self.work.stalled_since.get_or_insert(now);
        }
        let work = &self.work;
        let silent = match work.pause {
            None => self.keep_alive.map(|keep_alive| work.heard_at + keep_alive),
            Some(Pause::Until(at)) => Some(at),
            Some(Pause::Full) => None,
        };
        let packet = work.packet_since.map(|since| since + limits.packet_timeout);
        let stalled = work.stalled_since.map(|since| since + limits.write_timeout);
        let far = now + Duration::from_secs(3600);
        [silent, packet, stalled].into_iter().flatten().min().unwrap_or(far)
    }

    fn check_times(&mut self, now: Instant) -> Result<(), Gone> {
        let work = &self.work;
        let silent =
            self.keep_alive.is_some_and(|keep_alive| work.pause.is_none() && work.heard_at + keep_alive <= now);
        let limits = &self.house.limits;
        let packet = work.packet_since.is_some_and(|since| since + limits.packet_timeout <= now);
        let stalled = work.stalled_since.is_some_and(|since| since + limits.write_timeout <= now);
        if !(silent || packet || stalled) {
            return Ok(());
        }
        count(&self.house.counters.timed_out);
        Err(Gone::TimedOut)
    }

    /// Takes the packets that are there, as far as limits allow now.
    fn take_input(&mut self, now: Instant) -> Result<(), Gone> {
        let was_free = self.work.pause.take().is_none();
        let input = std::mem::take(&mut self.input);
        let mut at = 0;
        let outcome = self.take_packets(&input, &mut at, now);
        self.input = input;
        self.input.advance(at);
        outcome?;
        if let Some(Pause::Until(_)) = self.work.pause
            && was_free
        {
            count(&self.house.counters.slowed);
        }
        if self.work.pause.is_some() {
            self.work.heard_at = now;
            self.work.packet_since = None;
        } else if self.input.is_empty() {
            self.work.packet_since = None;
            if self.input.capacity() > 2 * self.work.read_size {
                self.input = BytesMut::new();
            }
        } else if at > 0 || self.work.packet_since.is_none() {
            self.work.packet_since = Some(now);
        }
        Ok(())
    }

    fn take_packets(&mut self, input: &[u8], at: &mut usize, now: Instant) -> Result<(), Gone> {
        loop {
            let rest = &input[*at..];
            let frame = match read::frame(rest, self.house.limits.packet_bytes) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(fault) => return Err(self.broken(fault)),
            };
            if self.output.len() > OUTPUT_PAUSE {
                self.work.pause = Some(Pause::Full);
                return Ok(());
            }
            if frame.total > PACKET_LARGE && self.work.large.is_none() {
                self.work.large = self.house.memory.take(frame.total);
                if self.work.large.is_none() {
                    return self.starve(now);
                }
            }
            if rest.len() < frame.total {
                self.work.read_size = self.work.read_size.max((frame.total - rest.len()).min(4 * READ_BUSY));
                return Ok(());
            }
            let publishes = frame.first >> 4 == 3;
            let mut taken = None;
            if publishes {
                if self.work.inflight.len() >= usize::from(self.house.limits.in_flight) {
                    self.work.pause = Some(Pause::Full);
                    return Ok(());
                }
                taken = self.house.memory.take(frame.total + crate::session::OVERHEAD_BYTES);
                if taken.is_none() {
                    return self.starve(now);
                }
            }
            if let Err(wait) = self.share.take(frame.total, now) {
                self.work.pause = Some(Pause::Until(now + wait));
                return Ok(());
            }
            *at += frame.total;
            self.work.heard_at = now;
            self.work.large = None;
            self.take_packet(frame.first, &rest[frame.head..frame.total], taken)?;
        }
    }

    fn starve(&mut self, now: Instant) -> Result<(), Gone> {
        count(&self.house.counters.starved);
        self.work.pause = Some(Pause::Until(now + MEMORY_RETRY));
        Ok(())
    }

    fn take_packet(&mut self, first: u8, body: &[u8], taken: Option<Taken>) -> Result<(), Gone> {
        match read::packet(first, body, self.protocol) {
            Ok(Packet::Publish(publish)) => self.take_publish(publish, taken),
            Ok(Packet::Ack(ack)) => self.take_ack(ack),
            Ok(Packet::Subscribe(subscribe)) => self.take_subscribe(subscribe),
            Ok(Packet::Unsubscribe(unsubscribe)) => self.take_unsubscribe(unsubscribe),
            Ok(Packet::Ping) => {
                write::pong(&mut self.output);
                Ok(())
            }
            Ok(Packet::Disconnect(disconnect)) => Err(self.take_disconnect(disconnect)),
            Ok(Packet::Connect(_)) => Err(self.broken(protocol_error("a second CONNECT"))),
            Err(fault) => Err(self.broken(fault)),
        }
    }

    fn take_disconnect(&mut self, disconnect: Disconnect) -> Gone {
        if let Some(expiry_s) = disconnect.session_expiry_s {
            let mut state = self.session.state();
            if state.epoch == self.epoch {
                if state.expiry.is_zero() && expiry_s > 0 {
                    drop(state);
                    return self.broken(protocol_error("a session that was to end with its connection is to be kept"));
                }
                state.expiry = Duration::from_secs(expiry_s.into()).min(self.house.limits.session_expiry);
            }
        }
        // 0x04: disconnect with will message.
        if disconnect.reason != 4 {
            self.will = None;
        }
        Gone::Left
    }

    /// The client broke the protocol: that is the end of this connection, and of nothing else.
    pub(crate) fn broken(&mut self, fault: Fault) -> Gone {
        count(&self.house.counters.faults);
        self.refuse(fault.reason, fault.what)
    }

    pub(crate) fn refuse(&mut self, reason: Reason, words: &str) -> Gone {
        self.work.words = Some(words.into());
        Gone::Refused(reason)
    }

    /// Words for a client that wants them.
    pub(crate) fn words<'a>(&self, words: &'a str) -> Option<&'a str> {
        self.wants_words.then_some(words)
    }

    /// Answers what the platform has answered.
    fn take_answers(&mut self) -> Result<(), Gone> {
        while let Some(answer) = self.work.inflight.pop() {
            self.take_answer(answer)?;
        }
        Ok(())
    }

    /// Writes what waits for the client.
    fn take_deliveries(&mut self, now: Instant) {
        while self.output.len() < OUTPUT_PAUSE {
            let mut expired = 0;
            let next = {
                let mut state = self.session.state();
                if state.epoch != self.epoch || state.ended {
                    return;
                }
                state.next(self.out_flight, now, &mut expired)
            };
            self.house.counters.dropped.fetch_add(expired, std::sync::atomic::Ordering::Relaxed);
            let Some(next) = next else { return };
            let expiry_s = next.post.expires_at.map(|at| at.saturating_duration_since(now).as_secs() as u32);
            let delivery = write::Delivery {
                topic: &next.post.topic,
                payload: &next.post.payload,
                qos: next.qos,
                retain: next.retain,
                dup: next.dup,
                pid: next.pid,
                properties: next.post.properties.as_deref(),
                expiry_s,
                subscription_ids: &next.ids,
            };
            if write::publish(&mut self.output, self.protocol, self.packet_max, &delivery) {
                count(&self.house.counters.sent);
            } else {
                count(&self.house.counters.dropped);
                if next.qos != Qos::AtMostOnce {
                    self.session.state().acknowledge(next.pid);
                }
            }
        }
    }

    /// Waits for the platform's answers, and writes them down if somebody is there to read them.
    async fn drain(&mut self, answer: bool) {
        while !self.work.inflight.is_empty() {
            poll_fn(|context| self.work.inflight.poll(context)).await;
            while let Some(given) = self.work.inflight.pop() {
                if answer {
                    let _ = self.take_answer(given);
                } else if given.qos == Qos::ExactlyOnce && given.outcome.is_ok() {
                    self.remember(given.pid);
                }
            }
        }
    }

    async fn say_goodbye(&mut self, why: Gone) {
        let reason = match why {
            Gone::Left | Gone::Lost => None,
            Gone::TimedOut => Some(Reason::KeepAliveTimeout),
            Gone::TakenOver => Some(Reason::SessionTakenOver),
            Gone::Refused(reason) => Some(reason),
            Gone::Cut => Some(Reason::AdministrativeAction),
            Gone::Stopped => Some(Reason::ServerShuttingDown),
        };
        if let Some(reason) = reason {
            let words = self.work.words.as_deref().filter(|_| self.wants_words);
            write::disconnect(&mut self.output, self.protocol, reason, words);
        }
        if why != Gone::Lost {
            let _ = timeout(GOODBYE, self.write.write_all_buf(&mut self.output)).await;
        }
        let _ = timeout(GOODBYE, self.write.shutdown()).await;
    }

    /// Leaves the session to whoever comes next, or to its end.
    async fn leave(mut self, why: Gone) {
        // Who is sent away because the broker stops is not lost.
        let will = self.will.take().filter(|_| why != Gone::Stopped);
        let mut now_due = None;
        let mut ended = None;
        {
            let mut state = self.session.state();
            let mine = state.epoch == self.epoch && !state.ended;
            if mine {
                let now = Instant::now();
                state.link = None;
                state.ends_at = Some(now + state.expiry);
                let ends = state.expiry.is_zero();
                match will {
                    Some(will) if will.will.delay_s > 0 && !ends => {
                        let delay = Duration::from_secs(will.will.delay_s.into()).min(state.expiry);
                        state.late_will = Some(LateWill { will, due: now + delay });
                    }
                    will => now_due = will,
                }
                if ends {
                    ended = state.end(&self.session);
                }
            } else {
                // Taken over: a will with a delay is void, for the client is there again.
                now_due = will.filter(|will| will.will.delay_s == 0 || state.ended);
            }
        }
        if let Some(ended) = ended {
            self.house.sessions.remove(&self.session);
            self.house.bury(ended).await;
        }
        if let Some(will) = now_due {
            self.house.take_will(&self.client, will).await;
        }
        self.house.gate.gone(&self.client, why);
    }
}

/// Answers to acknowledgements of messages; the other half is in `publishing`.
pub(crate) fn unknown_id(output: &mut BytesMut, protocol: Protocol, kind: AckKind, pid: u16) {
    let reason = match protocol {
        Protocol::V5 => Reason::PacketIdentifierNotFound,
        Protocol::V311 => Reason::Success,
    };
    write::ack(output, protocol, kind, pid, reason, None);
}
