//! What the platform decides: who speaks, what each may touch, and when a message is kept.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use model::DeviceId;

use crate::message::Code;

/// What the platform decides; the executable implements it.
///
/// The methods that return at once are called on the task that reads the socket: they must not block.
pub trait Gate: Send + Sync + 'static {
    /// What the platform wants to know again of a device that was let in.
    type Client: Send + Sync + 'static;

    /// The pre-shared key of an identity, for DTLS; `None` when there is none.
    ///
    /// Whoever has it may speak: it is as good as the password.
    fn key(&self, identity: &str) -> Option<Key>;

    /// Whether a device may speak. Asked with every request, before anything is kept of it.
    ///
    /// # Errors
    /// [`Refused`]; should take as long for a name that is not known as for a password that is wrong.
    fn admit(&self, hello: Hello<'_>) -> Result<Admitted<Self::Client>, Refused>;

    /// Takes a message. It is acknowledged when the future resolves to `Ok`, and never before.
    ///
    /// A message comes again when its acknowledgement was lost and the device has forgotten its number: what keeps it must
    /// know it again.
    fn take(&self, client: &Self::Client, message: Message) -> impl Future<Output = Result<(), NotTaken>> + Send;

    /// The next command for a device that asks once and does not observe; `None` when there is none.
    fn next_command(&self, client: &Self::Client) -> impl Future<Output = Result<Option<Command>, NotTaken>> + Send;

    /// Whether a device may observe its commands. Once it does, [`Gate::observed`] tells, and commands that wait can be
    /// published.
    ///
    /// # Errors
    /// [`NotTaken`] is the answer.
    fn may_observe(&self, client: &Self::Client) -> Result<(), NotTaken>;

    /// The device observes its commands: what is published from now on reaches it. Told again when it asks again.
    fn observed(&self, client: &Self::Client) {
        let _ = client;
    }

    /// The device no longer observes its commands from one address: it said so, or does not answer.
    fn unobserved(&self, client: &Self::Client) {
        let _ = client;
    }

    /// The device acknowledged a command.
    fn delivered(&self, device: &DeviceId, ticket: u64);

    /// A command did not reach the device at one of its addresses, and is not sent there any more.
    fn undelivered(&self, device: &DeviceId, ticket: u64) {
        let _ = (device, ticket);
    }
}

/// A key that is shared with one device.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub Vec<u8>);

impl fmt::Debug for Key {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Who says it is a device.
#[derive(Debug, Clone, Copy)]
pub struct Hello<'a> {
    /// The device's name, of the path it asks for.
    pub device: &'a str,
    /// What it shows for it.
    pub credential: Credential<'a>,
    /// Where it speaks from.
    pub peer: SocketAddr,
}

/// What a device shows for its name.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// Nothing.
    Nothing,
    /// Its password, in the clear.
    Password(&'a str),
    /// It has proved to have this key, under this identity.
    Proven {
        /// The identity of the handshake.
        identity: &'a str,
        /// What [`Gate::key`] answered then. It may have ended since.
        key: &'a Key,
    },
}

impl fmt::Debug for Credential<'_> {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Password(_) => f.write_str("Password(…)"),
            Self::Proven { identity, .. } => write!(f, "Proven({identity:?})"),
        }
    }
}

/// A device that may speak.
#[derive(Debug)]
pub struct Admitted<C> {
    /// Whose limits these are.
    pub device: DeviceId,
    /// The platform's own.
    pub client: C,
}

/// Why a device may not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Name or password is wrong; which, is not said.
    #[error("name or password is wrong")]
    Credentials,
    /// Known, and not allowed to speak.
    #[error("this device may not speak")]
    NotAllowed,
    /// It cannot be decided now.
    #[error("this cannot be decided now, try again later")]
    Unavailable,
}

impl Refused {
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Credentials => Code::UNAUTHORIZED,
            Self::NotAllowed => Code::FORBIDDEN,
            Self::Unavailable => Code::UNAVAILABLE,
        }
    }
}

/// What of a device a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `devices/{name}/readings`: what it measured.
    Readings,
    /// `devices/{name}/senml`: the same as SenML.
    Senml,
    /// `devices/{name}/answers`: what became of a command.
    Answers,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Nothing was said of it.
    Own,
    /// `application/octet-stream`, 42.
    OctetStream,
    /// `application/json`, 50.
    Json,
    /// `application/cbor`, 60.
    Cbor,
    /// `application/senml+json`, 110.
    SenmlJson,
    /// `application/senml+cbor`, 112.
    SenmlCbor,
}

/// A message of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is for.
    pub resource: Resource,
    /// How it is written.
    pub format: Format,
    /// What it says.
    pub payload: Bytes,
}

/// A command for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it says, JSON.
    pub payload: Bytes,
    /// Told to [`Gate::delivered`].
    pub ticket: u64,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It never will be (4.00).
    #[error("{words}")]
    Never {
        /// For people; cut at 200 bytes.
        words: Box<str>,
    },
    /// There is no such resource (4.04).
    #[error("there is no such resource")]
    NotFound,
    /// The device may not speak any more (4.03).
    #[error("the device may not speak any more")]
    Gone,
    /// Not now: the device is to send it again (5.03).
    #[error("the message cannot be kept now")]
    Later,
}
