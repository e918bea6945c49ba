//! The HTTP face: `/api/v1` for the web faces, Open311 for other cities' programs, the ledger's files, the web faces
//! themselves, and what an operator looks at.
//!
//! A handler authenticates, calls one use-case or one read model, and converts. This crate never names SQL, never
//! reads a clock or the environment, and never writes personal data to a log.

mod access;
mod api;
mod app;
mod caller;
mod convert;
pub mod department;
mod error;
mod extract;
mod faces;
pub mod gateway;
mod harden;
pub mod hospital;
mod kiosk;
mod ledger_files;
mod licence_keys;
pub mod message_sink;
mod metrics;
mod names;
mod open311;
mod openid;
mod operate;
mod paper_font;
mod ranges;
mod routes;
mod sensorthings;
mod serve;
pub mod signature;
mod stream;
pub mod wire;
mod witness;

pub use app::{App, Parts, Settings};
pub use routes::{openapi, router};
pub use sensorthings::topics::{Listener, Topics, Watch};
pub use serve::serve;
pub use witness::{serve_witness, witness_router};

/// Largest body of a request that is not a picture, bytes.
pub const BODY_MAX: usize = 256 * 1_024;

/// Largest picture, bytes.
pub const PICTURE_MAX: usize = 12 * 1_024 * 1_024;
