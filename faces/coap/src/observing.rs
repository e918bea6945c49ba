//! Devices that observe their commands (RFC 7641): one command is one notification, confirmable, one at a time.

use std::collections::VecDeque;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::DeviceId;
use tokio::time::Instant;

use crate::block::slice;
use crate::endpoint::{Call, Endpoint, Question, refusal};
use crate::gate::{Command, Gate};
use crate::message::{Code, Reply};
use crate::metrics::count;
use crate::peers::{Download, Stage, Waiting, Watch};
use crate::request::JSON;
use crate::sending::Purpose;

/// What a command that waits weighs beside its payload, bytes.
const WAITING_BYTES: usize = 64;
/// Sequence numbers have 24 bits (RFC 7641 §3.4).
const SEQUENCE: u32 = (1 << 24) - 1;
/// How much longer than the interval of checks a notification is good for, seconds: a check may be under way for 93.
const SLACK_S: u64 = 120;

/// To how many addresses of a device a command went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handed {
    /// Those that have it in their queues, or on the way.
    pub queued: usize,
    /// Those whose queues are full.
    pub dropped: usize,
}

impl<G: Gate> Endpoint<G> {
    /// Takes a GET of a device's commands.
    pub fn take_get(&mut self, now: Instant, call: &Call<'_>, device: DeviceId, client: G::Client) {
        let request = &call.request;
        if request.accept.is_some_and(|accept| accept != u32::from(JSON)) {
            return self.conclude(now, call, &device, Reply::new(Code::NOT_ACCEPTABLE));
        }
        if request.block2.is_some_and(|block| block.num > 0) {
            return self.give_block(now, call, &device);
        }
        match request.observe {
            Some(0) => self.observe(now, call, device, client),
            Some(1) => {
                self.unobserve(call.peer, &device);
                self.conclude(now, call, &device, Reply { max_age_s: Some(0), ..Reply::new(Code::CONTENT) });
            }
            _ => self.ask(now, call, device, client, Question::NextCommand),
        }
    }

    fn observe(&mut self, now: Instant, call: &Call<'_>, device: DeviceId, client: G::Client) {
        if let Err(refused) = self.shared.gate.may_observe(&client) {
            return self.conclude(now, call, &device, refusal(&refused));
        }
        let (peer, token, client) = (call.peer, call.message.token, Arc::new(client));
        let most = self.shared.limits.block_szx;
        let szx = call.request.block2.map_or(most, |block| block.szx.min(most));
        if let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(&device)) {
            let on_its_way = match watch.stage {
                Stage::Sending(mid, _) if watch.token != token => Some(mid),
                _ => None,
            };
            (watch.token, watch.client, watch.szx, watch.confirmed_at) = (token, Arc::clone(&client), szx, now);
            // It would be answered with a reset: the device no longer knows the token.
            if let Some(mid) = on_its_way {
                if let Stage::Sending(_, Some(waiting)) = mem::replace(&mut watch.stage, Stage::Idle) {
                    watch.queue.push_front(waiting);
                }
                self.take_back(peer, mid);
            }
        } else {
            let (device, client, queue) = (device.clone(), Arc::clone(&client), VecDeque::new());
            let watch = Watch { device, client, token, szx, queue, stage: Stage::Idle, confirmed_at: now };
            if !self.peers.watch(peer, watch) {
                return self.hold_off(call);
            }
        }
        let reply = self.notification();
        self.conclude(now, call, &device, reply);
        self.shared.gate.observed(&client);
        self.pump(now, peer, &device);
    }

    /// A notification without a command.
    fn notification(&mut self) -> Reply {
        self.sequence = self.sequence.wrapping_add(1) & SEQUENCE;
        let max_age_s = u32::try_from(self.shared.limits.observe_check.as_secs() + SLACK_S).ok();
        Reply { observe: Some(self.sequence), max_age_s, ..Reply::new(Code::CONTENT) }
    }

    /// Ends an observation: the device said so, or is not there.
    fn unobserve(&mut self, peer: SocketAddr, device: &DeviceId) {
        let Some(watch) = self.peers.unwatch(peer, device) else { return };
        if let Stage::Sending(mid, _) = watch.stage {
            self.take_back(peer, mid);
        }
        self.ended(watch);
    }

    /// Tells the platform of an observation that ended, and of commands that did not arrive by it.
    pub fn ended(&mut self, watch: Watch<G::Client>) {
        let current = match watch.stage {
            Stage::Idle => None,
            Stage::Sending(_, current) => current,
            Stage::Fetching(_, current) => Some(current),
        };
        for waiting in current.iter().chain(&watch.queue) {
            self.shared.gate.undelivered(&watch.device, waiting.ticket);
        }
        self.shared.gate.unobserved(&watch.client);
    }

    /// Ends all observations of a device and forgets its addresses.
    pub fn cut(&mut self, device: &DeviceId) {
        for peer in self.peers.addresses(device) {
            self.unobserve(peer, device);
            self.forget(peer);
        }
    }

    /// Sends a command to wherever the device observes from.
    pub fn publish(&mut self, now: Instant, device: &DeviceId, command: &Command) -> Handed {
        let mut handed = Handed::default();
        for peer in self.peers.watchers(device) {
            let taken = self.shared.memory.take(WAITING_BYTES + command.payload.len());
            let most = self.shared.limits.queue;
            let watch = self.peers.get(peer).and_then(|known| known.watch(device));
            match (watch.filter(|watch| watch.queue.len() < most), taken) {
                (Some(watch), Some(_taken)) => {
                    let Command { payload, ticket } = command.clone();
                    watch.queue.push_back(Waiting { payload, ticket, _taken });
                    handed.queued += 1;
                    self.pump(now, peer, device);
                }
                _ => handed.dropped += 1,
            }
        }
        handed
    }

    /// Sends the next command, if none is on its way.
    fn pump(&mut self, now: Instant, peer: SocketAddr, device: &DeviceId) {
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        if matches!(watch.stage, Stage::Idle)
            && let Some(waiting) = watch.queue.pop_front()
        {
            self.notify(now, peer, device, Some(waiting));
        }
    }

    fn notify(&mut self, now: Instant, peer: SocketAddr, device: &DeviceId, current: Option<Waiting>) {
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        let (token, szx) = (watch.token, watch.szx);
        let shown = self.notification();
        let mut reply = shown.clone();
        let mut whole = true;
        if let Some(Waiting { payload, ticket, .. }) = &current
            && let Some((command, purpose)) = self.command_reply(now, peer, device, payload, *ticket, szx)
        {
            whole = matches!(purpose, Purpose::Command { whole: true, .. });
            reply = Reply { observe: shown.observe, max_age_s: shown.max_age_s, ..command };
            count(&self.shared.counters.commands);
        } else if let Some(waiting) = current {
            return self.put_back(peer, device, waiting);
        }
        let purpose = Purpose::Notification { whole };
        let mid = self.send_confirmable(now, peer, device.clone(), &reply, &token, purpose);
        match (mid, current) {
            (Some(mid), current) => {
                if let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) {
                    watch.stage = Stage::Sending(mid, current);
                }
            }
            (None, Some(waiting)) => self.put_back(peer, device, waiting),
            (None, None) => {}
        }
    }

    /// There is no room to send a command now: it is tried again in a moment.
    fn put_back(&mut self, peer: SocketAddr, device: &DeviceId, waiting: Waiting) {
        if let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) {
            watch.queue.push_front(waiting);
        }
    }

    /// A command as an answer: whole, or its first block, with the others kept to be asked for. `None` without memory.
    pub fn command_reply(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        device: &DeviceId,
        payload: &Bytes,
        ticket: u64,
        szx: u8,
    ) -> Option<(Reply, Purpose)> {
        let (block, first) = slice(payload, 0, szx)?;
        let mut reply = Reply { format: Some(JSON), payload: first, ..Reply::new(Code::CONTENT) };
        if block.more {
            let taken = self.shared.memory.take(payload.len())?;
            let etag = self.dice.roll() as u32;
            let until = now + self.shared.limits.block_timeout;
            reply.etag = Some(etag);
            reply.block2 = Some(block);
            reply.size2 = u32::try_from(payload.len()).ok();
            let (device, body, ticket) = (device.clone(), payload.clone(), Some(ticket));
            self.peers.get(peer)?.offer(Download { device, etag, body, ticket, until, _taken: taken });
        }
        Some((reply, Purpose::Command { ticket, whole: !block.more }))
    }

    /// Gives a further block of a command.
    fn give_block(&mut self, now: Instant, call: &Call<'_>, device: &DeviceId) {
        let block_timeout = self.shared.limits.block_timeout;
        let download = self.peers.get(call.peer).and_then(|known| known.download(device));
        let (Some(download), Some(block)) = (download, call.request.block2) else {
            return self.conclude(now, call, device, Reply::new(Code::NOT_FOUND));
        };
        let Some((block, payload)) = slice(&download.body, block.num, block.szx) else {
            return self.conclude(now, call, device, Reply::new(Code::BAD_REQUEST));
        };
        download.until = now + block_timeout;
        let ticket = if block.more { None } else { download.ticket.take() };
        let (etag, format, block2) = (Some(download.etag), Some(JSON), Some(block));
        self.conclude(now, call, device, Reply { etag, format, block2, payload, ..Reply::new(Code::CONTENT) });
        if let Some(watch) = self.peers.get(call.peer).and_then(|known| known.watch(device))
            && let Stage::Fetching(until, _) = &mut watch.stage
        {
            *until = now + block_timeout;
        }
        if let Some(ticket) = ticket {
            self.fetched(now, call.peer, device, ticket);
        }
    }

    /// The device has asked for the last block of a command.
    fn fetched(&mut self, now: Instant, peer: SocketAddr, device: &DeviceId, ticket: u64) {
        self.delivered(device, ticket);
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        let on_its_way = match &watch.stage {
            Stage::Fetching(_, current) if current.ticket == ticket => None,
            Stage::Sending(mid, Some(current)) if current.ticket == ticket => Some(*mid),
            _ => return,
        };
        (watch.stage, watch.confirmed_at) = (Stage::Idle, now);
        if let Some(mid) = on_its_way {
            self.take_back(peer, mid);
        }
        self.pump(now, peer, device);
    }

    /// A notification was acknowledged.
    pub fn notified(&mut self, now: Instant, peer: SocketAddr, device: &DeviceId, mid: u16, whole: bool) {
        let block_timeout = self.shared.limits.block_timeout;
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        if !matches!(watch.stage, Stage::Sending(sent, _) if sent == mid) {
            return;
        }
        watch.confirmed_at = now;
        if let Stage::Sending(_, Some(current)) = mem::replace(&mut watch.stage, Stage::Idle) {
            if !whole {
                watch.stage = Stage::Fetching(now + block_timeout, current);
                return;
            }
            self.delivered(device, current.ticket);
        }
        self.pump(now, peer, device);
    }

    /// A notification was reset or not acknowledged: nobody observes there any more (RFC 7641 §4.5).
    pub fn not_notified(&mut self, peer: SocketAddr, device: &DeviceId, mid: u16) {
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        if matches!(watch.stage, Stage::Sending(sent, _) if sent == mid) {
            self.unobserve(peer, device);
        }
    }

    /// Looks at an observation that does not go on by itself.
    pub fn look_at(&mut self, now: Instant, peer: SocketAddr, device: &DeviceId) {
        let Some(watch) = self.peers.get(peer).and_then(|known| known.watch(device)) else { return };
        if let Stage::Fetching(..) = watch.stage {
            if let Stage::Fetching(_, current) = mem::replace(&mut watch.stage, Stage::Idle) {
                self.shared.gate.undelivered(device, current.ticket);
            }
        } else if watch.queue.is_empty() {
            return self.notify(now, peer, device, None);
        }
        self.pump(now, peer, device);
    }
}
