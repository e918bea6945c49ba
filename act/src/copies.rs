//! Copies of a licence for the devices of its holder: each bound to a key that never leaves its device.
//!
//! What was issued with the decision stays sealed here. What anybody else sees is a copy bound to a key (`cnf`), so that
//! a picture of it is known for what it is: whoever has no key cannot sign for a verifier. A copy says what the licence
//! says and stands at the same place of the status list; it is made anew whenever its holder asks, and kept by nobody.

use std::sync::Arc;

use credential::{ParseError, ProofError, SdJwt, reissue, verify_proof};
use identity::VaultError;
use model::{LicenceId, PartyId};
use store::{StoreError, Tx};

use crate::licences::Context;

/// How old a proof of possession may be, seconds: devices make it when they ask.
const PROOF_AGE_S: u32 = 300;

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is no such licence, or none of this person's.
    #[error("there is no such licence")]
    NotFound,
    /// It was revoked, or its time is over.
    #[error("the licence no longer stands, so it cannot be shown")]
    Ended,
    /// The device did not show that it has the key.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// What was sealed is no licence.
    #[error("the sealed licence does not read: {0}")]
    Parse(#[from] ParseError),
    /// The copy cannot be issued.
    #[error("the copy cannot be issued: {0}")]
    Issue(#[from] credential::IssueError),
    /// The licence does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies somebody's own licence for the device that made `proof`: signed with the key the copy is bound to, for the
/// issuer as audience and the licence's id as nonce. That the question is no secret does no harm: whoever repeats a
/// proof gets a copy that another device alone can show.
///
/// # Errors
/// [`CopyError`].
pub async fn copy_licence(
    ctx: &Context,
    party: PartyId,
    licence: LicenceId,
    proof: String,
) -> Result<SdJwt, CopyError> {
    let now = ctx.clock.now();
    let now_s = now.as_micros().div_euclid(1_000_000);
    let (vault, issuer) = (Arc::clone(&ctx.vault), Arc::clone(&ctx.issuer));
    let holder = verify_proof(&proof, &issuer.uri, &licence.to_string(), now_s, PROOF_AGE_S)?;
    ctx.store
        .write(move |tx: &mut Tx| {
            let row = tx.find_licence(licence)?.filter(|row| row.party == Some(party)).ok_or(CopyError::NotFound)?;
            if row.revoked_at.is_some() || row.expires_at.is_some_and(|expires_at| expires_at <= now) {
                return Err(CopyError::Ended);
            }
            let original = SdJwt::parse(&vault.own_licence(tx, licence)?)?;
            Ok(reissue(&issuer.key, &original, holder, || tx.random_bytes())?)
        })
        .await
}
