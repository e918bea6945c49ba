//! Seeing a doctor as one journey: a time is booked, the number in the queue followed, the invoice paid, the report read, the
//! doctor asked. The hospital is asked over HL7 FHIR R4 and stays the truth of all of it; the city keeps a sealed reference
//! to the visit and the payment, and never what a hospital answered.
//!
//! Every question about somebody is written down before it is asked, rests on their separate consent for that hospital,
//! and needs them to be matched by name (L2).

mod agree;
mod bills;
mod booking;
mod client;
pub mod fhir;
mod held;
mod journey;
mod looks;
mod offers;
mod questions;

use std::sync::Arc;

use identity::{Vault, VaultError};
use model::{Clock, RequestId, SourceId};
use pack::Packs;
use serde_json::Value;
use store::{Store, StoreError};

use crate::payments::Gateway;

pub use agree::{Agreement, agree, find_agreement, withdraw};
pub use bills::{PayCommand, hear, pay_invoice, reconcile};
pub use booking::{BookCommand, book, cancel};
pub use client::Lie;
pub use journey::{Fault, Journey, Queue, Visit, Wrote, arrive, ask_doctor, list_visits, view};
pub use looks::{Look, list_looks};
pub use offers::{Offer, list_doctors, list_slots};

/// Longest message to a doctor, characters.
pub const MESSAGE_MAX: usize = 500;

/// How a resource is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read, or search.
    Get,
    /// Create.
    Post,
    /// Update, or create under a condition.
    Put,
    /// Change by a JSON Patch.
    Patch,
}

impl Method {
    /// The word of HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// A request to a hospital.
#[derive(Clone, PartialEq)]
pub struct Ask {
    /// Which hospital.
    pub hospital: SourceId,
    /// The question it belongs to, in both logs.
    pub request: RequestId,
    /// How.
    pub method: Method,
    /// Path and query below the address of the hospital's server, such as `Slot?status=free`.
    pub target: String,
    /// Create only where nothing fits this search.
    pub if_none_exist: Option<String>,
    /// The resource or patch sent.
    pub body: Option<Value>,
    /// How long it may take, seconds.
    pub timeout_seconds: u8,
}

/// What a hospital says, its signature checked and nothing else yet.
#[derive(Clone, PartialEq)]
pub struct Told {
    /// The status of HTTP.
    pub status: u16,
    /// The body; null where there is none.
    pub body: Value,
}

/// Why a hospital gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It did not answer in time, or not at all. The words are for the log.
    #[error("no answer: {0}")]
    Away(String),
    /// It answered what cannot be believed.
    #[error(transparent)]
    Lied(#[from] Lie),
}

/// How hospitals are reached. Blocks; every call ends by itself within its time.
pub trait Hospitals: Send + Sync {
    /// Asks a hospital.
    ///
    /// # Errors
    /// [`AskError`] when nothing came, or it is not signed as agreed.
    fn ask(&self, ask: &Ask) -> Result<Told, AskError>;

    /// The address of a hospital's server, with a slash at its end.
    fn base(&self, hospital: &SourceId) -> String;
}

/// What the journey needs.
#[derive(Clone)]
pub struct Context {
    /// Where consents, references and payments are.
    pub store: Store,
    /// The city's packs.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seals them.
    pub vault: Arc<Vault>,
    /// How hospitals are reached.
    pub hospitals: Arc<dyn Hospitals>,
    /// Who takes the money; invoices are not paid here when absent.
    pub gateway: Option<Arc<dyn Gateway>>,
}

/// Why something was not done at a hospital.
#[derive(Debug, thiserror::Error)]
pub enum HospitalError {
    /// There is no such hospital, visit, doctor or time, or none of this person's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It is not known who the person is.
    #[error("prove who you are first: hospitals register people by name and identity number")]
    NotIdentified,
    /// They have not agreed that this hospital is told and asked about them.
    #[error("agree first that this hospital is told and asked about you")]
    NotAgreed,
    /// Somebody else has the time.
    #[error("this time was taken by somebody else meanwhile; choose another one")]
    SlotTaken,
    /// The hospital does not answer. What was done before stands.
    #[error("the hospital does not answer at the moment; nothing is lost, try again in a while")]
    Away,
    /// The hospital's answer was thrown away.
    #[error("the hospital's answer cannot be right and was not taken; try again, or ask at its counter")]
    Refused,
    /// The hospital says no.
    #[error("the hospital refuses: {words}")]
    Denied {
        /// FHIR's word for why.
        code: String,
        /// Its words, or the word for why.
        words: String,
    },
    /// It is not possible at this point of the journey.
    #[error("{0}")]
    NotNow(&'static str),
    /// A message is empty or too long.
    #[error("a message has 1 to {} characters", MESSAGE_MAX)]
    Message,
    /// Nothing is to be paid, or it is paid already.
    #[error("nothing is to be paid")]
    NothingDue,
    /// The invoice changed while an earlier payment was open; that one is being closed.
    #[error("the invoice has changed; the earlier payment is being closed, try again in a moment")]
    InvoiceChanged,
    /// The payment gateway does not answer, or none is connected.
    #[error("the payment service does not answer; nothing was taken, try again in a while")]
    GatewayAway,
    /// Something sealed did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A question could not be written down, so it was not asked; or something could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}
