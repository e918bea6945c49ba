//! SUBSCRIBE and UNSUBSCRIBE.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::codec::{Options, Protocol, Qos, Reason, Subscribe, Unsubscribe, write};
use crate::connection::Connection;
use crate::gate::{Gate, Gone};
use crate::house::Subscription;
use crate::metrics::count;
use crate::session::{OVERHEAD_BYTES, Offer, Offered};
use crate::topic;

/// UNSUBACK: there was no such subscription.
const NO_SUBSCRIPTION_EXISTED: u8 = 0x11;

impl<G: Gate, S: AsyncRead + AsyncWrite + Send> Connection<G, S> {
    pub(crate) fn take_subscribe(&mut self, subscribe: Subscribe) -> Result<(), Gone> {
        let Subscribe { pid, id, filters } = subscribe;
        let mut codes = Vec::with_capacity(filters.len());
        let mut shown = Vec::new();
        for (filter, mut options) in filters {
            options.qos = options.qos.min(Qos::AtLeastOnce);
            match self.subscribe(&filter, options, id) {
                Ok(new) => {
                    codes.push(options.qos as u8);
                    if options.retain_handling == 0 || (options.retain_handling == 1 && new) {
                        shown.push((filter, options));
                    }
                }
                Err(reason) if self.protocol == Protocol::V5 => codes.push(reason as u8),
                Err(_) => codes.push(0x80),
            }
        }
        write::suback(&mut self.output, self.protocol, pid, &codes);
        for (filter, options) in shown {
            self.show_retained(&filter, options, id);
        }
        Ok(())
    }

    /// Whether the subscription is a new one.
    fn subscribe(&mut self, filter: &str, options: Options, id: Option<u32>) -> Result<bool, Reason> {
        if filter.starts_with("$share/") {
            return Err(Reason::SharedSubscriptionsNotSupported);
        }
        if !topic::is_filter(filter) || filter.len() > self.house.limits.topic_bytes {
            return Err(Reason::TopicFilterInvalid);
        }
        if !self.house.gate.may_subscribe(&self.client, filter) {
            return Err(Reason::NotAuthorized);
        }
        let new = {
            let mut state = self.session.state();
            if state.ended || state.epoch != self.epoch {
                return Err(Reason::Unspecified);
            }
            let known = state.filters.contains_key(filter);
            if !known && state.filters.len() >= self.house.limits.subscriptions {
                return Err(Reason::QuotaExceeded);
            }
            if !known {
                // Once here, and level by level in the tree.
                let taken = self.house.memory.take(2 * filter.len() + OVERHEAD_BYTES).ok_or(Reason::QuotaExceeded)?;
                state.filters.insert(filter.into(), taken);
            }
            // Under the lock of the session: its end finds either both or none.
            let subscription = Subscription { session: Arc::clone(&self.session), options, id };
            let mut routes = self.house.routes.write().expect("no holder panics");
            routes.insert(filter, subscription, |held| Arc::ptr_eq(&held.session, &self.session));
            !known
        };
        self.house.gate.subscribed(&self.client, filter);
        Ok(new)
    }

    /// Puts what is retained into the queue, as far as there is room.
    fn show_retained(&mut self, filter: &str, options: Options, id: Option<u32>) {
        let posts = self.house.retained.lock().expect("no holder panics").find(filter, Instant::now());
        let mut state = self.session.state();
        for post in &posts {
            let ids = id.into_iter().collect();
            let offer = Offer { post, qos: options.qos.min(post.qos), retain: true, ids };
            if state.offer(offer, &self.house.limits, &self.house.memory) == Offered::Dropped {
                count(&self.house.counters.dropped);
            }
        }
    }

    pub(crate) fn take_unsubscribe(&mut self, unsubscribe: Unsubscribe) -> Result<(), Gone> {
        let Unsubscribe { pid, filters } = unsubscribe;
        let codes: Vec<u8> = filters.iter().map(|filter| self.unsubscribe(filter)).collect();
        write::unsuback(&mut self.output, self.protocol, pid, &codes);
        Ok(())
    }

    fn unsubscribe(&mut self, filter: &str) -> u8 {
        {
            let mut state = self.session.state();
            if state.epoch != self.epoch || state.filters.remove(filter).is_none() {
                return NO_SUBSCRIPTION_EXISTED;
            }
            let mut routes = self.house.routes.write().expect("no holder panics");
            routes.remove(filter, &|held| Arc::ptr_eq(&held.session, &self.session));
        }
        self.house.gate.unsubscribed(&self.client, filter);
        0
    }

    /// Gives up the subscriptions of a resumed session that its client may not have any more.
    pub(crate) fn recheck(&mut self) {
        let filters: Vec<Box<str>> = self.session.state().filters.keys().cloned().collect();
        for filter in filters {
            if !self.house.gate.may_subscribe(&self.client, &filter) {
                self.unsubscribe(&filter);
            }
        }
    }
}
