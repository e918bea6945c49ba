//! What devices may do over MQTT: publish their own readings, hear their own commands, and nothing else.

use std::sync::Arc;

use model::DeviceId;
use mqtt::{
    Admitted, Broker, ConnectRefused, Gate, Gone, Hello, Limits, Listener, Message, Protocol, PublishRefused, Reason,
    Route, Tls,
};
use sense::telemetry::{FaultKind, Format, Intake, IntakeError, MESSAGE_MAX, Refused};

use super::courier::{AnswerError, Courier};
use crate::config::Config;

/// The gate of the city's broker.
pub struct DeviceGate {
    intake: Arc<Intake>,
    courier: Arc<Courier>,
}

/// A device that is connected.
pub struct Device {
    id: DeviceId,
    protocol: Protocol,
}

/// Starts the broker where the configuration has an address for it.
pub async fn start(
    config: &Config,
    intake: &Arc<Intake>,
    courier: &Arc<Courier>,
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
    let gate = Arc::new(DeviceGate { intake: Arc::clone(intake), courier: Arc::clone(courier) });
    Ok(Some(Broker::start(listeners, limits, gate).await?))
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
    type Client = Device;

    async fn connect(&self, hello: Hello) -> Result<Admitted<Device>, ConnectRefused> {
        let name = hello.user_name.as_deref().unwrap_or_default();
        let secret = hello.password.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let (member, is_new_secret) = self.intake.admit(name, secret).map_err(|refused| match refused {
            Refused::Credentials => ConnectRefused::BadUserNameOrPassword,
            Refused::Quarantined => ConnectRefused::Banned,
            Refused::Retired => ConnectRefused::NotAuthorized,
        })?;
        let id = member.row.id.clone();
        if is_new_secret {
            self.intake.take_over_secret(id.clone()).await.map_err(|error| {
                tracing::error!(device = %id, %error, "a new secret could not take the old one's place");
                ConnectRefused::Unavailable
            })?;
        }
        tracing::debug!(device = %id, peer = %hello.peer, "a device connected");
        Ok(Admitted { device: id.clone(), client: Device { id, protocol: hello.protocol } })
    }

    fn may_publish(&self, client: &Device, topic: &str) -> bool {
        kind_of(topic, &client.id).is_some()
    }

    fn may_subscribe(&self, client: &Device, filter: &str) -> bool {
        own(filter, &client.id) == Some("commands")
    }

    async fn publish(&self, client: &Device, message: Message) -> Result<Route, PublishRefused> {
        let format = match kind_of(&message.topic, &client.id) {
            Some(Kind::Readings(format)) => format,
            Some(Kind::Answer) => return self.take_answer(client, &message.payload).await,
            None => {
                let words = "devices publish to devices/{name}/readings, /senml or /answers".into();
                return Err(PublishRefused::Never { reason: Reason::TopicNameInvalid, words });
            }
        };
        match self.intake.take(&client.id, format, &message.payload).await {
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

    fn delivered(&self, _client: &Device, ticket: u64) {
        self.courier.delivered(ticket);
    }

    fn gone(&self, client: &Device, why: Gone) {
        tracing::debug!(device = %client.id, ?why, "a device is gone");
    }
}

impl DeviceGate {
    async fn take_answer(&self, client: &Device, payload: &[u8]) -> Result<Route, PublishRefused> {
        match self.courier.answered(&client.id, payload).await {
            Ok(()) => Ok(Route::Stop),
            Err(AnswerError::Later) => Err(PublishRefused::Later),
            Err(AnswerError::Refused(words)) => {
                self.intake.blame(&client.id, FaultKind::Answer, words.clone()).await;
                match client.protocol {
                    Protocol::V311 => Ok(Route::Stop),
                    Protocol::V5 => {
                        Err(PublishRefused::Never { reason: Reason::PayloadFormatInvalid, words: words.into() })
                    }
                }
            }
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
