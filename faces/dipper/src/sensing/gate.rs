//! What may be done over MQTT: devices publish their own readings and hear their own commands, programs hear what they may
//! read, and nobody does anything else.

use std::sync::Arc;

use dipper_http::{Listener as Hearer, Topics};
use model::DeviceId;
use mqtt::{
    Admitted, Broker, ConnectRefused, Gate, Gone, Hello, Limits, Listener, Message, Owner, Protocol, PublishRefused,
    Reason, Route, Tls,
};
use sense::telemetry::{FaultKind, Format, Intake, IntakeError, MESSAGE_MAX, Refused};

use super::courier::{AnswerError, Courier};
use super::updates::Watches;
use crate::config::Config;

/// The gate of the city's broker.
pub struct DeviceGate {
    intake: Arc<Intake>,
    courier: Arc<Courier>,
    topics: Arc<Topics>,
    watches: Arc<Watches>,
}

/// Who is connected.
pub enum Connected {
    /// A device.
    Device(Device),
    /// A program.
    Program(Hearer),
}

/// A device that is connected.
pub struct Device {
    id: DeviceId,
    protocol: Protocol,
}

impl Connected {
    fn hearer(&self) -> Hearer {
        match self {
            Self::Device(device) => Hearer::Device(device.id.clone()),
            Self::Program(program) => program.clone(),
        }
    }
}

/// Starts the broker where the configuration has an address for it.
pub async fn start(
    config: &Config,
    intake: &Arc<Intake>,
    courier: &Arc<Courier>,
    topics: &Arc<Topics>,
    watches: &Arc<Watches>,
) -> anyhow::Result<Option<Broker<DeviceGate>>> {
    let mut listeners = Vec::new();
    if let Some(address) = config.mqtt {
        listeners.push(Listener { address, tls: None });
    }
    if let Some(address) = config.mqtts {
        let missing =
            |flag: &str| anyhow::anyhow!("mqtts needs {flag}: the file of the server's certificate and its key");
        let certificate = config.mqtts_certificate.as_ref().ok_or_else(|| missing("mqtts_certificate"))?;
        let key = config.mqtts_key.as_ref().ok_or_else(|| missing("mqtts_key"))?;
        listeners.push(Listener { address, tls: Some(Tls::from_files(certificate, key)?) });
    }
    if listeners.is_empty() {
        return Ok(None);
    }
    let limits = Limits { packet_bytes: MESSAGE_MAX + 1_024, ..Limits::default() };
    let gate = DeviceGate {
        intake: Arc::clone(intake),
        courier: Arc::clone(courier),
        topics: Arc::clone(topics),
        watches: Arc::clone(watches),
    };
    let schemes: Vec<_> =
        listeners.iter().map(|listener| if listener.tls.is_some() { "mqtts" } else { "mqtt" }).collect();
    let broker = Broker::start(listeners, limits, Arc::new(gate)).await?;
    topics.announce(schemes.into_iter().zip(broker.local_addresses().iter().map(|address| address.port())).collect());
    Ok(Some(broker))
}

/// What a device publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What it measured: `devices/{device}/readings` and `devices/{device}/senml`.
    Readings(Format),
    /// What became of a command: `devices/{device}/answers`.
    Answer,
}

fn kind_of(topic: &str, id: &DeviceId) -> Option<Kind> {
    match own(topic, id)? {
        "readings" => Some(Kind::Readings(Format::Own)),
        "senml" => Some(Kind::Readings(Format::Senml)),
        "answers" => Some(Kind::Answer),
        _ => None,
    }
}

/// What follows the device's own part of a topic.
fn own<'a>(topic: &'a str, id: &DeviceId) -> Option<&'a str> {
    topic.strip_prefix("devices/")?.strip_prefix(id.as_str())?.strip_prefix('/')
}

impl Gate for DeviceGate {
    type Client = Connected;

    async fn connect(&self, hello: Hello) -> Result<Admitted<Connected>, ConnectRefused> {
        let name = hello.user_name.as_deref().unwrap_or_default();
        let secret = hello.password.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let (member, is_new_secret) = match self.intake.admit(name, secret) {
            Ok(admitted) => admitted,
            Err(Refused::Credentials) => return self.connect_program(name, secret).await,
            Err(Refused::Quarantined) => return Err(ConnectRefused::Banned),
            Err(Refused::Retired) => return Err(ConnectRefused::NotAuthorized),
        };
        let id = member.row.id.clone();
        if is_new_secret {
            self.intake.take_over_secret(id.clone()).await.map_err(|error| {
                tracing::error!(device = %id, %error, "a new secret could not take the old one's place");
                ConnectRefused::Unavailable
            })?;
        }
        tracing::debug!(device = %id, peer = %hello.peer, "a device connected");
        let client = Connected::Device(Device { id: id.clone(), protocol: hello.protocol });
        Ok(Admitted { owner: id.into(), client })
    }

    fn may_publish(&self, client: &Connected, topic: &str) -> bool {
        match client {
            Connected::Device(device) if Topics::is_one(topic) => self.topics.may_publish(&device.id, topic),
            Connected::Device(device) => kind_of(topic, &device.id).is_some(),
            Connected::Program(_) => false,
        }
    }

    fn may_subscribe(&self, client: &Connected, filter: &str) -> bool {
        match client {
            _ if Topics::is_one(filter) => self.topics.watch(&client.hearer(), filter).is_some(),
            Connected::Device(device) => own(filter, &device.id) == Some("commands"),
            Connected::Program(_) => false,
        }
    }

    fn subscribed(&self, client: &Connected, filter: &str) {
        if let Some(watch) = self.topics.watch(&client.hearer(), filter) {
            self.watches.add(filter, watch);
        }
    }

    async fn publish(&self, client: &Connected, message: Message) -> Result<Route, PublishRefused> {
        let Connected::Device(client) = client else {
            let words = "programs listen here; Tasks are created at /sta/v1.1/Tasks".into();
            return Err(PublishRefused::Never { reason: Reason::NotAuthorized, words });
        };
        if Topics::is_one(&message.topic) {
            return self.take_observation(client, &message).await;
        }
        let format = match kind_of(&message.topic, &client.id) {
            Some(Kind::Readings(format)) => format,
            Some(Kind::Answer) => return self.take_answer(client, &message.payload).await,
            None => {
                let words = "devices publish to devices/{name}/readings, /senml or /answers".into();
                return Err(PublishRefused::Never { reason: Reason::TopicNameInvalid, words });
            }
        };
        self.take(client, format, &message.payload).await
    }

    fn delivered(&self, client: &Connected, ticket: u64) {
        if matches!(client, Connected::Device(_)) {
            self.courier.delivered(ticket);
        }
    }

    fn gone(&self, client: &Connected, why: Gone) {
        match client {
            Connected::Device(device) => tracing::debug!(device = %device.id, ?why, "a device is gone"),
            Connected::Program(program) => tracing::debug!(?program, ?why, "a program is gone"),
        }
    }
}

impl DeviceGate {
    /// Whoever is no device is perhaps a program, with its key.
    async fn connect_program(&self, name: &str, key: &str) -> Result<Admitted<Connected>, ConnectRefused> {
        let found = self.topics.find_program(name, key).await.map_err(|error| {
            tracing::error!(%error, "a program could not be looked up");
            ConnectRefused::Unavailable
        })?;
        let Some(Hearer::Program { client, regions }) = found else {
            return Err(ConnectRefused::BadUserNameOrPassword);
        };
        let hearer = Hearer::Program { client: client.clone(), regions };
        self.watches.came(client.clone(), hearer.clone(), key.to_owned());
        Ok(Admitted { owner: Owner::Program(client), client: Connected::Program(hearer) })
    }

    async fn take_observation(&self, client: &Device, message: &Message) -> Result<Route, PublishRefused> {
        match self.topics.observation(&client.id, &message.topic, &message.payload) {
            Ok(reading) => self.take(client, Format::Plain, &reading).await,
            Err(words) => self.blame(client, FaultKind::Form, words).await,
        }
    }

    /// MQTT 3.1.1 has no word for a refusal, and would send the same again for ever.
    async fn blame(&self, client: &Device, kind: FaultKind, words: String) -> Result<Route, PublishRefused> {
        self.intake.blame(&client.id, kind, words.clone()).await;
        match client.protocol {
            Protocol::V311 => Ok(Route::Stop),
            Protocol::V5 => Err(PublishRefused::Never { reason: Reason::PayloadFormatInvalid, words: words.into() }),
        }
    }

    async fn take(&self, client: &Device, format: Format, payload: &[u8]) -> Result<Route, PublishRefused> {
        match self.intake.take(&client.id, format, payload).await {
            Ok(_) => Ok(Route::Stop),
            Err(IntakeError::Lake(_)) => Err(PublishRefused::Later),
            Err(IntakeError::Gone) => {
                let words = "the device may not speak any more".into();
                Err(PublishRefused::Never { reason: Reason::NotAuthorized, words })
            }
            // MQTT 3.1.1 has no word for it, and would send the same again for ever. What was wrong is kept aside: whoever
            // looks after the device sees it.
            Err(IntakeError::Payload(_)) if client.protocol == Protocol::V311 => Ok(Route::Stop),
            Err(error @ (IntakeError::Payload(_) | IntakeError::ShutOut(_))) => {
                Err(PublishRefused::Never { reason: Reason::PayloadFormatInvalid, words: error.to_string().into() })
            }
        }
    }

    async fn take_answer(&self, client: &Device, payload: &[u8]) -> Result<Route, PublishRefused> {
        match self.courier.answered(&client.id, payload).await {
            Ok(()) => Ok(Route::Stop),
            Err(AnswerError::Later) => Err(PublishRefused::Later),
            Err(AnswerError::Refused(words)) => self.blame(client, FaultKind::Answer, words).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_speak_of_themselves_alone() {
        let id = DeviceId::new("lamp-7").unwrap();
        for (topic, expect) in [
            ("devices/lamp-7/readings", Some(Kind::Readings(Format::Own))),
            ("devices/lamp-7/senml", Some(Kind::Readings(Format::Senml))),
            ("devices/lamp-7/answers", Some(Kind::Answer)),
            ("devices/lamp-8/answers", None),
            ("devices/lamp-8/readings", None),
            ("devices/lamp-77/readings", None),
            ("devices/lamp-7/commands", None),
            ("devices/lamp-7/readings/x", None),
            ("devices/lamp-7", None),
            ("lamp-7/readings", None),
            ("$SYS/readings", None),
            ("", None),
        ] {
            assert_eq!(kind_of(topic, &id), expect, "{topic}");
        }
    }
}
