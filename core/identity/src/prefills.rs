//! What departments answered for an application that is not handed in yet, and where each answer of one comes from.

use std::collections::BTreeMap;

use model::{FormId, Instant, OfficeId, PartyId, RequestId, ServiceId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{FetchOutcome, PrefillRow, Reader, Tx};

use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// Where an answer to a field that is bound to a source comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Provenance {
    /// A department said so.
    Fetched {
        /// From which register.
        source: SourceId,
        /// The office that keeps it.
        office: OfficeId,
        /// The state of the register that was answered from.
        as_of: Instant,
        /// The question, as both logs name it.
        request: RequestId,
    },
    /// The applicant said so themselves.
    SelfDeclared {
        /// The register that could have said it.
        source: SourceId,
    },
}

/// An answer of a department. Hidden from `Debug`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    /// The answer.
    pub value: Value,
    /// From which register.
    pub source: SourceId,
    /// The office that keeps it.
    pub office: OfficeId,
    /// The state of the register that was answered from.
    pub as_of: Instant,
    /// The question, as both logs name it.
    pub request: RequestId,
}

impl Fetched {
    /// Where it comes from, without what it is.
    pub fn provenance(&self) -> Provenance {
        let (source, office) = (self.source.clone(), self.office.clone());
        Provenance::Fetched { source, office, as_of: self.as_of, request: self.request }
    }
}

/// How the last question to a source ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Instant,
    /// How, a word of [`FetchOutcome`].
    outcome: String,
}

impl Asked {
    /// A question that ended so.
    pub fn new(at: Instant, outcome: FetchOutcome) -> Self {
        Self { at, outcome: outcome.as_str().to_owned() }
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<FetchOutcome> {
        FetchOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == self.outcome)
    }
}

/// What departments answered for one application, by field of its form.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Prefill {
    /// Answers that were taken.
    pub fetched: BTreeMap<FormId, Fetched>,
    /// How the last question to each source ended.
    pub asked: BTreeMap<SourceId, Asked>,
}

macro_rules! hidden {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden!(Fetched, Prefill);

impl Vault {
    /// Keeps what departments answered for a service, sealed with the person's key.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn save_prefill(
        &self,
        tx: &mut Tx,
        party: PartyId,
        service: &ServiceId,
        prefill: &Prefill,
        now: Instant,
    ) -> Result<(), VaultError> {
        let (key_id, key) = self.key_of(tx, party)?;
        let json = serde_json::to_vec(prefill).expect("answers are plain data with string keys");
        let sealed = encrypt(&key, tx.random_bytes(), &json, prefill_name(party, service).as_bytes());
        let row = PrefillRow { party, service: service.clone(), key_id, sealed, updated_at: now };
        Ok(tx.save_prefill(&row)?)
    }

    /// What departments answered for a service; nothing when none was asked.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_prefill(
        &self,
        reader: &mut Reader,
        party: PartyId,
        service: &ServiceId,
    ) -> Result<Prefill, VaultError> {
        let Some(row) = reader.find_prefill(party, service)? else { return Ok(Prefill::default()) };
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let name = prefill_name(party, service);
        let json = decrypt(&key, &row.sealed, name.as_bytes()).ok_or(VaultError::Damaged)?;
        serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)
    }
}

/// Bound into the sealed bytes, so that a row moved to another person or service does not open.
fn prefill_name(party: PartyId, service: &ServiceId) -> String {
    format!("prefill/{party}/{service}")
}
