//! What the platform decides: who comes in, what each may touch, and when a message is kept.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::{ClientId, DeviceId};

use crate::codec::{Properties, Protocol, Qos, Reason};

/// What the platform decides; the executable implements it.
///
/// The methods that return at once are called on the tasks of connections: they must not block.
pub trait Gate: Send + Sync + 'static {
    /// What the platform wants to know again of a connected client: its device, its series.
    type Client: Send + Sync + 'static;

    /// Who connects. Should take as long for a name that is not known as for a password that is wrong.
    fn connect(&self, hello: Hello) -> impl Future<Output = Result<Admitted<Self::Client>, ConnectRefused>> + Send;

    /// Whether the client may publish to a topic, its will included.
    fn may_publish(&self, client: &Self::Client, topic: &str) -> bool;

    /// Whether the client may subscribe to a filter. Asked again when a kept session is resumed.
    fn may_subscribe(&self, client: &Self::Client, filter: &str) -> bool;

    /// Takes a message. It is acknowledged when the future resolves to `Ok`, and never before.
    ///
    /// The futures of one client are first polled in the order its messages came; as many as
    /// [`Limits::in_flight`](crate::Limits::in_flight) are under way at a time, and acknowledged in the same order.
    /// A message comes again when its acknowledgement was lost: what keeps it must know it again.
    fn publish(
        &self,
        client: &Self::Client,
        message: Message,
    ) -> impl Future<Output = Result<Route, PublishRefused>> + Send;

    /// The client subscribed to a filter; what is published from now on reaches it.
    fn subscribed(&self, client: &Self::Client, filter: &str) {
        let _ = (client, filter);
    }

    /// The client, or the end of its session, gave a filter up.
    fn unsubscribed(&self, client: &Self::Client, filter: &str) {
        let _ = (client, filter);
    }

    /// The client acknowledged a message that was published with a ticket.
    fn delivered(&self, client: &Self::Client, ticket: u64) {
        let _ = (client, ticket);
    }

    /// The connection ended; every message it brought has been answered by `publish` before.
    fn gone(&self, client: &Self::Client, why: Gone);
}

/// What a client says of itself.
#[derive(Clone)]
pub struct Hello {
    /// As it was sent; may be empty.
    pub client_id: Box<str>,
    /// User name: of a device, its name.
    pub user_name: Option<Box<str>>,
    /// Password or token.
    pub password: Option<Bytes>,
    /// Where it connects from.
    pub peer: SocketAddr,
    /// What it speaks.
    pub protocol: Protocol,
    /// The connection is encrypted.
    pub encrypted: bool,
}

impl fmt::Debug for Hello {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, user_name, peer, protocol, encrypted, .. } = self;
        write!(f, "Hello({client_id:?}, {user_name:?}, {peer}, {protocol:?}, encrypted: {encrypted})")
    }
}

/// Whose connections they are. A program that is called like a device is not the device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A device.
    Device(DeviceId),
    /// A client program.
    Program(ClientId),
}

impl From<DeviceId> for Owner {
    fn from(device: DeviceId) -> Self {
        Self::Device(device)
    }
}

/// A client that was let in.
#[derive(Debug)]
pub struct Admitted<C> {
    /// Whose sessions and limits these are. Client ids of one owner mean nothing to another owner.
    pub owner: Owner,
    /// The platform's own.
    pub client: C,
}

/// Why a client was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectRefused {
    /// Name or password is wrong; which, is not said.
    #[error("user name or password is wrong")]
    BadUserNameOrPassword,
    /// Known, and not allowed to connect.
    #[error("this client may not connect")]
    NotAuthorized,
    /// Barred.
    #[error("this client is barred")]
    Banned,
    /// It cannot be decided now.
    #[error("the server cannot answer now, try again later")]
    Unavailable,
}

impl ConnectRefused {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::BadUserNameOrPassword => Reason::BadUserNameOrPassword,
            Self::NotAuthorized => Reason::NotAuthorized,
            Self::Banned => Reason::Banned,
            Self::Unavailable => Reason::ServerUnavailable,
        }
    }
}

/// A message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to; well formed, and [`Gate::may_publish`] agreed.
    pub topic: Arc<str>,
    /// What; its own memory, it may be kept.
    pub payload: Bytes,
    /// How surely.
    pub qos: Qos,
    /// To be shown to later subscribers too.
    pub retain: bool,
    /// Sent before, says the client.
    pub dup: bool,
    /// What MQTT 5 adds.
    pub properties: Option<Box<Properties>>,
}

/// What becomes of a message that the platform has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// It is where it belongs: nobody else gets it.
    Stop,
    /// It also goes to those who subscribed to its topic.
    Subscribers,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishRefused {
    /// It never will be: MQTT 5 is told so and need not send it again. MQTT 3.1.1 has no word for it; the connection
    /// ends. What must not come again from such a client is to be kept aside, and answered with `Ok`.
    #[error("{words}")]
    Never {
        /// For the PUBACK: not authorized, quota, topic or payload.
        reason: Reason,
        /// For people.
        words: Box<str>,
    },
    /// Not now: the connection ends without an acknowledgement, and the client sends it again.
    #[error("the message cannot be kept now")]
    Later,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It said goodbye.
    Left,
    /// The network or the client broke off.
    Lost,
    /// Nothing was heard for one and a half keep-alive intervals, or nothing could be sent.
    TimedOut,
    /// The same client connected anew.
    TakenOver,
    /// It broke the protocol, a limit, or sent what is refused.
    Refused(Reason),
    /// [`Broker::disconnect`](crate::Broker::disconnect).
    Cut,
    /// The broker stops.
    Stopped,
}
