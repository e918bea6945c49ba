//! The gateway of devices that speak CoAP (RFC 7252), in the clear and over DTLS, inside the program.
//!
//! A device posts what it measured, in one message or in blocks (RFC 7959), and is answered when the platform has kept it;
//! it observes its commands (RFC 7641) and is sent each until it acknowledges it. Who may do what, and when something is
//! kept, is decided by a [`Gate`] that the executable gives it.
//!
//! It must never acknowledge what the gate has not taken, keep anything of whoever has not been let in, answer them with
//! more than three times of what they sent, or hold more than [`Limits`] allow. It keeps nothing on disk: what must outlive
//! the program is kept by the platform. See `docs/decisions/0038-coap-is-our-own-endpoint.md`.

mod asking;
mod block;
mod endpoint;
mod gate;
mod limits;
mod links;
pub mod message;
mod metrics;
mod observing;
mod peers;
mod request;
mod secure;
mod sending;
mod server;
#[doc(hidden)]
pub mod trial;

pub use block::Block;
pub use gate::{Admitted, Command, Credential, Format, Gate, Hello, Key, Message, NotTaken, Refused, Resource};
pub use limits::Limits;
pub use metrics::Metrics;
pub use observing::Handed;
pub use server::{Listener, NotPublished, Server};
