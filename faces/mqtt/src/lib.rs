//! The broker of devices: MQTT 3.1.1 and 5 over TCP and TLS, inside the program.
//!
//! A device publishes what it measured and is acknowledged when the platform has kept it; the platform publishes
//! commands and states, and the broker keeps them for devices that are away. Who may do what, and when something is
//! kept, is decided by a [`Gate`] that the executable gives it.
//!
//! It must never acknowledge what the gate has not taken, let one device slow another down, or hold more than
//! [`Limits`] allow. It keeps nothing on disk: what must outlive the program is kept by the platform. See
//! `docs/decisions/0034-mqtt-is-our-own-broker.md`.

mod broker;
mod codec;
mod connection;
mod gate;
mod greeting;
mod house;
mod inflight;
mod limits;
mod metrics;
mod publishing;
mod retained;
mod session;
mod sessions;
mod subscribing;
mod tls;
pub mod topic;

pub use broker::{Broker, Listener};
pub use codec::{Properties, Protocol, Qos, Reason};
pub use gate::{Admitted, ConnectRefused, Gate, Gone, Hello, Message, Owner, PublishRefused, Route};
pub use house::{Handed, NotPublished, Notice};
pub use limits::Limits;
pub use metrics::Metrics;
pub use tls::{Tls, TlsError};
