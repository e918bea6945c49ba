//! What devices may do over CoAP: post their own readings, and nothing else yet.
//!
//! Commands and what became of them have their resources in the gateway already; where the platform will answer for them,
//! this gate says that there is no such thing.

use std::sync::Arc;

use coap::{
    Admitted, Command, Credential, Gate, Hello, Key, Limits, Listener, Message, NotTaken, Refused, Resource, Server,
};
use model::DeviceId;
use sense::telemetry::{Format, Intake, IntakeError, Refused as Unfit};

use crate::config::Config;

/// The gate of the city's gateway for CoAP.
pub struct CoapGate {
    intake: Arc<Intake>,
}

/// A device that asks for something.
pub struct Speaker {
    id: DeviceId,
    /// It came with its new secret for the first time: the old one ends.
    is_new_secret: bool,
}

/// Starts the gateway where the configuration has an address for it.
pub async fn start(config: &Config, intake: &Arc<Intake>) -> anyhow::Result<Option<Server<CoapGate>>> {
    let addresses = [(config.coap, false), (config.coaps, true)];
    let listener = |(address, secure): (Option<_>, bool)| address.map(|address| Listener { address, secure });
    let listeners: Vec<Listener> = addresses.into_iter().filter_map(listener).collect();
    if listeners.is_empty() {
        return Ok(None);
    }
    let gate = Arc::new(CoapGate { intake: Arc::clone(intake) });
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
            Credential::Password(password) => fleet.admit(hello.device, password),
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
        let format = match message.resource {
            Resource::Readings => Format::Plain,
            Resource::Senml => Format::Senml,
            // The seam: what became of a command will be taken here.
            Resource::Acks => return Err(NotTaken::NotFound),
        };
        if client.is_new_secret {
            self.intake.take_over_secret(client.id.clone()).await.map_err(|error| {
                tracing::error!(device = %client.id, %error, "a new secret could not take the old one's place");
                NotTaken::Later
            })?;
        }
        match self.intake.take(&client.id, format, &message.payload).await {
            Ok(_) => Ok(()),
            Err(IntakeError::Lake(_)) => Err(NotTaken::Later),
            Err(IntakeError::Gone) => Err(NotTaken::Gone),
            Err(error @ (IntakeError::Payload(_) | IntakeError::ShutOut(_))) => {
                Err(NotTaken::Never { words: error.to_string().into() })
            }
        }
    }

    /// The seam: the command that waits for the device will be given out here.
    async fn next_command(&self, _client: &Speaker) -> Result<Option<Command>, NotTaken> {
        Err(NotTaken::NotFound)
    }

    /// The seam: with commands, this is `Ok`, and `observed` publishes those that wait.
    fn may_observe(&self, _client: &Speaker) -> Result<(), NotTaken> {
        Err(NotTaken::NotFound)
    }

    fn delivered(&self, device: &DeviceId, ticket: u64) {
        tracing::debug!(%device, ticket, "a device acknowledged a command");
    }
}
