//! What devices may do over CoAP: post their own readings, hear their own commands and say what became of them.

use std::sync::Arc;

use coap::{
    Admitted, Command, Credential, Format as Written, Gate, Hello, Key, Limits, Listener, Message, NotTaken, Refused,
    Resource, Server,
};
use model::DeviceId;
use sense::telemetry::{FaultKind, Format, Intake, IntakeError, Refused as Unfit};

use super::courier::{AnswerError, Courier};
use crate::config::Config;

/// The gate of the city's gateway for CoAP.
pub struct CoapGate {
    intake: Arc<Intake>,
    courier: Arc<Courier>,
}

/// A device that asks for something.
pub struct Speaker {
    id: DeviceId,
    /// It came with its new secret for the first time: the old one ends.
    is_new_secret: bool,
}

/// Starts the gateway where the configuration has an address for it.
pub async fn start(
    config: &Config,
    intake: &Arc<Intake>,
    courier: &Arc<Courier>,
) -> anyhow::Result<Option<Server<CoapGate>>> {
    let addresses = [(config.coap, false), (config.coaps, true)];
    let listener = |(address, secure): (Option<_>, bool)| address.map(|address| Listener { address, secure });
    let listeners: Vec<Listener> = addresses.into_iter().filter_map(listener).collect();
    if listeners.is_empty() {
        return Ok(None);
    }
    let gate = Arc::new(CoapGate { intake: Arc::clone(intake), courier: Arc::clone(courier) });
    Ok(Some(Server::start(listeners, Limits::default(), gate).await?))
}

impl Gate for CoapGate {
    type Client = Speaker;

    fn key(&self, identity: &str) -> Option<Key> {
        self.intake.fleet.shared_key(identity).map(|key| Key(key.into_bytes()))
    }

    fn admit(&self, hello: Hello<'_>) -> Result<Admitted<Speaker>, Refused> {
        let fleet = &self.intake.fleet;
        let admitted = match hello.credential {
            Credential::Password(password) => self.intake.admit(hello.device, password),
            Credential::Proven { identity, key } => {
                let name = identity.strip_suffix("/next").unwrap_or(identity);
                let key = std::str::from_utf8(&key.0).unwrap_or_default();
                if name == hello.device { fleet.admit_by_key(name, key) } else { Err(Unfit::Credentials) }
            }
            Credential::Nothing => Err(Unfit::Credentials),
        };
        let (member, is_new_secret) = admitted.map_err(|unfit| match unfit {
            Unfit::Credentials => Refused::Credentials,
            Unfit::Quarantined | Unfit::Retired => Refused::NotAllowed,
        })?;
        let id = member.row.id.clone();
        Ok(Admitted { device: id.clone(), client: Speaker { id, is_new_secret } })
    }

    async fn take(&self, client: &Speaker, message: Message) -> Result<(), NotTaken> {
        if client.is_new_secret {
            self.intake.take_over_secret(client.id.clone()).await.map_err(|error| {
                tracing::error!(device = %client.id, %error, "a new secret could not take the old one's place");
                NotTaken::Later
            })?;
        }
        if message.resource == Resource::Answers {
            return self.take_answer(client, &message.payload).await;
        }
        let format = match message.format {
            Written::Own if message.resource == Resource::Senml => Format::Senml,
            Written::Own => Format::Own,
            Written::Json => Format::Plain,
            Written::Cbor => Format::Cbor,
            Written::OctetStream => Format::Frame,
            Written::SenmlJson | Written::SenmlCbor => Format::Senml,
        };
        match self.intake.take(&client.id, format, &message.payload).await {
            Ok(_) => Ok(()),
            Err(IntakeError::Lake(_)) => Err(NotTaken::Later),
            Err(IntakeError::Gone) => Err(NotTaken::Gone),
            Err(error @ (IntakeError::Payload(_) | IntakeError::ShutOut(_))) => {
                Err(NotTaken::Never { words: error.to_string().into() })
            }
        }
    }

    async fn next_command(&self, client: &Speaker) -> Result<Option<Command>, NotTaken> {
        let next = self.courier.next(&client.id).await.map_err(|_| NotTaken::Later)?;
        Ok(next.map(|(payload, ticket)| Command { payload, ticket }))
    }

    /// What waits for it is published within the courier's next round.
    fn may_observe(&self, _client: &Speaker) -> Result<(), NotTaken> {
        Ok(())
    }

    fn delivered(&self, _device: &DeviceId, ticket: u64) {
        self.courier.delivered(ticket);
    }
}

impl CoapGate {
    async fn take_answer(&self, client: &Speaker, payload: &[u8]) -> Result<(), NotTaken> {
        match self.courier.answered(&client.id, payload).await {
            Ok(()) => Ok(()),
            Err(AnswerError::Later) => Err(NotTaken::Later),
            Err(AnswerError::Refused(words)) => {
                self.intake.blame(&client.id, FaultKind::Answer, words.clone()).await;
                Err(NotTaken::Never { words: words.into() })
            }
        }
    }
}
