//! Receipts: a `.tlog-proof` file that proves, offline, that an event stands in the city's log.

use std::io;

use ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use ledger::commitment::{Opening, OpeningError};
use ledger::key::VerifierKey;
use ledger::merkle::prove_inclusion;
use ledger::policy::Policy;
use ledger::proof::{Proof, ProofError, ProofFormatError};
use ledger::tile::TileNodes;
use model::{EventId, Text};
use store::{Store, StoreError};

use super::LogFiles;
use super::pool::leaf_of;

/// A receipt, ready to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The file's text (C2SP tlog-proof).
    pub text: String,
    /// Place of the entry in the log, from 0.
    pub index: u64,
    /// Entries in the log it is proved against.
    pub size: u64,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// There is no such event or record.
    #[error("there is no such event")]
    NotFound,
    /// It is recorded but not sealed yet.
    #[error("the event is recorded and will be sealed within seconds; ask again")]
    NotSealedYet,
    /// The log's files do not fit together.
    #[error("the ledger cannot prove this now: {0}")]
    Log(String),
    /// The ledger folder cannot be read.
    #[error("the ledger folder cannot be read: {0}")]
    Disk(#[from] io::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CheckpointError> for ReceiptError {
    fn from(error: CheckpointError) -> Self {
        Self::Log(error.to_string())
    }
}

/// Makes the receipt of an event, or of a record, against the checkpoint published now.
///
/// # Errors
/// [`ReceiptError`].
pub async fn receipt(
    store: &Store,
    files: &LogFiles,
    key: &VerifierKey,
    event: EventId,
) -> Result<Receipt, ReceiptError> {
    let row = store.read(move |db| db.find_seal_row(event)).await?.ok_or(ReceiptError::NotFound)?;
    let bytes = files.read_checkpoint()?.ok_or(ReceiptError::NotSealedYet)?;
    let signed = SignedCheckpoint::open(&bytes, key.name().as_str(), std::slice::from_ref(key))?;
    let size = signed.checkpoint().size();
    let index = row.position.unsigned_abs() - 1;
    if size <= index {
        return Err(ReceiptError::NotSealedYet);
    }
    let mut nodes = TileNodes::new(files, size);
    let path = prove_inclusion(&mut nodes, index, size).map_err(|error| ReceiptError::Log(error.to_string()))?;
    let leaf = leaf_of(&row);
    let opening = Opening { leaf, salt: row.salt, canonical: row.canonical };
    let proof = Proof::new(index, path, signed.note().clone(), Some(opening.to_bytes()))
        .map_err(|error| ReceiptError::Log(error.to_string()))?;
    // Never hand out what does not verify: the tiles were read from disk.
    proof
        .verify(&leaf.leaf_hash(), &Policy::of_log(key.clone()))
        .map_err(|error| ReceiptError::Log(error.to_string()))?;
    Ok(Receipt { text: proof.to_string(), index, size })
}

/// What a receipt has been found to prove, in numbers and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The log.
    pub origin: String,
    /// Place of the entry, from 0.
    pub index: u64,
    /// Entries in the log when it signed.
    pub size: u64,
    /// The event, canonical JSON.
    pub event: String,
    /// In words.
    pub words: Text,
}

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// It is not a receipt.
    #[error("this is not a receipt: {0}")]
    Format(#[from] ProofFormatError),
    /// It carries no event.
    #[error("the receipt does not carry the event it is about")]
    NoEvent,
    /// The event in it was changed.
    #[error("the event in the receipt is not the one that was sealed: {0}")]
    Opening(#[from] OpeningError),
    /// The proof does not hold.
    #[error("the receipt does not hold: {0}")]
    Proof(#[from] ProofError),
}

/// Checks a receipt against the log's key, offline, and says what it proves and what it does not.
///
/// # Errors
/// [`ExplainError`] naming the first thing that does not hold.
pub fn explain(text: &[u8], key: &VerifierKey) -> Result<Explained, ExplainError> {
    let proof = Proof::parse(text)?;
    let opening = Opening::from_bytes(proof.extra().ok_or(ExplainError::NoEvent)?)?;
    let verified = proof.verify(&opening.leaf.leaf_hash(), &Policy::of_log(key.clone()))?;
    let event = String::from_utf8_lossy(&opening.canonical).into_owned();
    let words = words(&event, verified.index, verified.size, &verified.origin);
    Ok(Explained { origin: verified.origin, index: verified.index, size: verified.size, event, words })
}

fn words(event: &str, index: u64, size: u64, origin: &str) -> Text {
    let parsed: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
    let part = |name: &str| parsed.get(name).and_then(serde_json::Value::as_str).unwrap_or("?").to_owned();
    let recorded = parsed.get("recorded_at").and_then(serde_json::Value::as_i64).map(model::Instant::from_micros);
    let recorded = recorded.map_or_else(|| "?".to_owned(), |at| at.to_string());
    let body = parsed.get("body");
    let kind = body.and_then(|body| body.get("kind")).and_then(serde_json::Value::as_str).unwrap_or("?");
    let number = index + 1;
    let id = part("id");
    // What has no case is a record: a fact beside the cases.
    let (zh, en) = if parsed.get("case").is_some() {
        let case = part("case");
        (format!("事件 {id}（类型 {kind}，案件 {case}）"), format!("event {id} ({kind}, case {case})"))
    } else {
        (format!("记录 {id}（类型 {kind}）"), format!("record {id} ({kind})"))
    };
    Text::from([
        (
            "zh-CN",
            format!(
                "本凭证证明：{zh}于 {recorded} 记录，是账本 {origin} 的第 {number} 条，\
                 账本签名时共 {size} 条。此后任何人改动、删除或倒填这条记录都会被发现。\
                 本凭证不证明事件内容属实，只证明它当时如此记录且未被改动。"
            ),
        ),
        (
            "en",
            format!(
                "This receipt proves that {en} was recorded at {recorded} and is entry {number} \
                 of the log {origin}, which held {size} entries when it signed. Nobody can change, remove or back-date it \
                 without being found out. It does not prove that what was recorded is true, only that it was recorded so \
                 and has not been altered."
            ),
        ),
    ])
}
