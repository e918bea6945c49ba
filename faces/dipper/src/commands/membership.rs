//! `dipper verify … --membership FILE`: that somebody is in an extract, against the receipt of its event.

use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dipper_http::wire::Membership;
use ledger::hash::Hash;
use ledger::membership::is_member;
use model::Extracted;
use serde_json::Value;

/// Says what a membership proves; fails when it does not hold for the event of a receipt, canonical JSON.
pub fn verify(event: &str, file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let membership: Membership = serde_json::from_str(&text).context("the file is no proof of membership")?;
    if membership.format != "dipper/extract-membership/v1" {
        bail!("the proof is of the format {:?}, which this program does not know", membership.format);
    }
    let event: Value = serde_json::from_str(event).context("the event of the receipt")?;
    let body = event.get("body").context("the event of the receipt has no body")?;
    let extracted: Extracted = serde_json::from_value(body.clone()).context("the receipt is not that of an extract")?;
    if extracted.extract.to_string() != membership.extract {
        bail!("the proof is of another extract than the receipt");
    }
    let decode = |text: &str| STANDARD.decode(text).context("the proof is damaged");
    let salt = decode(&membership.salt)?.try_into().ok().context("the salt has not 32 bytes")?;
    let path: Vec<Hash> = membership
        .path
        .iter()
        .map(|node| Hash::from_slice(&decode(node)?).context("a node of the path has not 32 bytes"))
        .collect::<anyhow::Result<_>>()?;
    let root = Hash(*extracted.root.as_bytes());
    let statement = membership.statement.as_bytes();
    if !is_member(&root, u64::from(extracted.count), membership.seat, &salt, statement, &path) {
        bail!("the proof does not hold: this statement is not in the extract");
    }
    Ok(membership.statement)
}
