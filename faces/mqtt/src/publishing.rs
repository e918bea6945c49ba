//! Messages from a client, and its acknowledgements of ours.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::codec::{Ack, AckKind, Protocol, Publish, Qos, Reason, protocol_error, write};
use crate::connection::{Connection, unknown_id};
use crate::gate::{Gate, Gone, Message, PublishRefused};
use crate::inflight::Answer;
use crate::limits::Taken;
use crate::metrics::count;

impl<G: Gate, S: AsyncRead + AsyncWrite + Send> Connection<G, S> {
    /// Gives a message to the platform; the answer comes later, in order.
    pub(crate) fn take_publish(&mut self, publish: Publish<'_>, taken: Option<Taken>) -> Result<(), Gone> {
        count(&self.house.counters.received);
        let Publish { dup, qos, retain, pid, topic, alias, payload, properties } = publish;
        if topic.len() > self.house.limits.topic_bytes {
            return Err(self.refuse(Reason::TopicNameInvalid, "the topic is longer than allowed"));
        }
        let topic = self.topic(topic, alias)?;
        if qos == Qos::ExactlyOnce {
            let known = {
                let state = self.session.state();
                let full = state.taken_ids.len() >= usize::from(self.house.limits.in_flight);
                (state.taken_ids.contains(&pid), full)
            };
            match known {
                // Taken before: the client did not hear it.
                (true, _) => {
                    self.work.inflight.push_done(pid, qos, Ok(()));
                    return Ok(());
                }
                (false, true) => {
                    return Err(self.refuse(Reason::ReceiveMaximumExceeded, "too many messages are not released"));
                }
                (false, false) => {}
            }
        }
        if !self.house.gate.may_publish(&self.client, &topic) {
            count(&self.house.counters.refused);
            let words = "this client may not publish there".into();
            let refused = PublishRefused::Never { reason: Reason::NotAuthorized, words };
            self.work.inflight.push_done(pid, qos, Err(refused));
            return Ok(());
        }
        let payload = Bytes::copy_from_slice(payload);
        let message = Message { topic, payload, qos, retain, dup, properties };
        let (house, session, client) = (Arc::clone(&self.house), Arc::clone(&self.session), Arc::clone(&self.client));
        let work = async move { house.take(Some(&session), &client, message).await };
        self.work.inflight.push(pid, qos, taken, work);
        Ok(())
    }

    /// The topic that is meant, by name or by number.
    fn topic(&mut self, name: &str, alias: u16) -> Result<Arc<str>, Gone> {
        if alias > self.house.limits.aliases {
            return Err(self.refuse(Reason::TopicAliasInvalid, "the topic alias is above what was offered"));
        }
        let at = usize::from(alias).wrapping_sub(1);
        if name.is_empty() {
            let known = self.work.aliases.get(at).and_then(Option::as_ref).map(|(topic, _)| Arc::clone(topic));
            return known.ok_or_else(|| self.refuse(Reason::ProtocolError, "the topic alias was never given a topic"));
        }
        if *self.work.topic != *name {
            self.work.topic = name.into();
        }
        let topic = Arc::clone(&self.work.topic);
        if alias > 0 {
            let length = self.work.aliases.len().max(at + 1);
            self.work.aliases.resize_with(length, || None);
            let Some(taken) = self.house.memory.take(topic.len()) else {
                return Err(self.refuse(Reason::QuotaExceeded, "there is no memory left"));
            };
            self.work.aliases[at] = Some((Arc::clone(&topic), taken));
        }
        Ok(topic)
    }

    /// Acknowledges what the platform has taken; says so, where MQTT can, when it has not.
    pub(crate) fn take_answer(&mut self, answer: Answer) -> Result<(), Gone> {
        let Answer { pid, qos, outcome } = answer;
        let kind = match qos {
            Qos::AtMostOnce => return self.answer_unasked(outcome),
            Qos::AtLeastOnce => AckKind::Puback,
            Qos::ExactlyOnce => AckKind::Pubrec,
        };
        match (outcome, self.protocol) {
            (Ok(()), _) => {
                if qos == Qos::ExactlyOnce {
                    self.remember(pid);
                }
                write::ack(&mut self.output, self.protocol, kind, pid, Reason::Success, None);
                Ok(())
            }
            (Err(PublishRefused::Never { reason, words }), Protocol::V5) => {
                let words = self.words(&words);
                write::ack(&mut self.output, self.protocol, kind, pid, reason, words);
                Ok(())
            }
            (Err(PublishRefused::Never { reason, words }), Protocol::V311) => Err(self.refuse(reason, &words)),
            (Err(PublishRefused::Later), _) => {
                Err(self.refuse(Reason::ServerBusy, "the message could not be kept, send it again"))
            }
        }
    }

    /// QoS 0: nobody waits for an answer, and a message that is not taken is lost as MQTT says it may be.
    fn answer_unasked(&mut self, outcome: Result<(), PublishRefused>) -> Result<(), Gone> {
        if let Err(refused) = outcome {
            tracing::debug!(owner = ?self.session.owner, %refused, "a message of QoS 0 was not taken");
        }
        Ok(())
    }

    /// Keeps the number of a message of QoS 2 until the client releases it.
    pub(crate) fn remember(&mut self, pid: u16) {
        let mut state = self.session.state();
        if state.epoch == self.epoch {
            state.taken_ids.insert(pid);
        }
    }

    pub(crate) fn take_ack(&mut self, ack: Ack) -> Result<(), Gone> {
        match ack.kind {
            AckKind::Puback => {
                let post = self.session.state().acknowledge(ack.pid);
                if let Some(post) = post {
                    count(&self.house.counters.delivered);
                    // A reason of 0x80 and above: the client has it and will have none of it.
                    if let Some(ticket) = post.ticket
                        && ack.reason < 0x80
                    {
                        self.house.gate.delivered(&self.client, ticket);
                    }
                }
                Ok(())
            }
            AckKind::Pubrel => {
                if self.session.state().taken_ids.remove(&ack.pid) {
                    write::ack(&mut self.output, self.protocol, AckKind::Pubcomp, ack.pid, Reason::Success, None);
                } else {
                    unknown_id(&mut self.output, self.protocol, AckKind::Pubcomp, ack.pid);
                }
                Ok(())
            }
            AckKind::Pubrec | AckKind::Pubcomp => {
                Err(self.broken(protocol_error("an acknowledgement of QoS 2, which we do not send")))
            }
        }
    }
}
