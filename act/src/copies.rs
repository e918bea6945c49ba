//! Copies of a licence for the devices of its holder: each bound to a key that never leaves its device.
//!
//! What was issued with the decision stays sealed here. What anybody else sees is a copy bound to a key (`cnf`), so that
//! a picture of it is known for what it is: whoever has no key cannot sign for a verifier. A copy says what the licence
//! says and stands at the same place of the status list; it is made anew whenever its holder asks, and kept by nobody.

use std::sync::Arc;

use credential::{HolderKey, ParseError, PresentError, ProofError, PublicKey, SdJwt, reissue, verify_proof};
use identity::VaultError;
use model::{Instant, LicenceId, PartyId};
use store::{LicenceRow, StoreError, Tx};

use crate::licences::{Context, LicenceError, status_list};

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
    /// It says nothing under a name that is to be shown.
    #[error(transparent)]
    Present(#[from] PresentError),
    /// The status list cannot be made.
    #[error("the status list cannot be made: {0}")]
    List(#[from] LicenceError),
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
    let holder = verify_proof(&proof, &ctx.issuer.uri, &licence.to_string(), now_s, PROOF_AGE_S)?;
    let (vault, issuer) = (Arc::clone(&ctx.vault), Arc::clone(&ctx.issuer));
    ctx.store
        .write(move |tx: &mut Tx| {
            standing(tx, party, licence, now)?;
            let original = SdJwt::parse(&vault.own_licence(tx, licence)?)?;
            Ok(reissue(&issuer.key, &original, holder, || tx.random_bytes())?)
        })
        .await
}

/// A copy that goes on paper.
#[derive(Clone)]
pub struct PaperCopy {
    /// The licence with the facts chosen and no others.
    pub shown: SdJwt,
    /// How many facts were withheld.
    pub withheld: usize,
    /// The status list as it is, signed.
    pub status: String,
}

/// Says how much is withheld, and nothing of what is shown.
impl std::fmt::Debug for PaperCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperCopy").field("withheld", &self.withheld).finish_non_exhaustive()
    }
}

/// Copies a licence for a paper that shows the facts named. Paper has no device: the copy is bound to a key that is
/// made for it and forgotten at once, so that nobody can ever show it as a live code or give it as material.
///
/// # Errors
/// [`CopyError`].
pub async fn copy_for_paper(
    ctx: &Context,
    party: PartyId,
    licence: LicenceId,
    facts: Vec<String>,
) -> Result<PaperCopy, CopyError> {
    let now = ctx.clock.now();
    let (vault, issuer) = (Arc::clone(&ctx.vault), Arc::clone(&ctx.issuer));
    let (shown, withheld) = ctx
        .store
        .write(move |tx: &mut Tx| {
            standing(tx, party, licence, now)?;
            let original = SdJwt::parse(&vault.own_licence(tx, licence)?)?;
            let copy = reissue(&issuer.key, &original, nobodys_key(tx), || tx.random_bytes())?;
            let known = copy.list_disclosable();
            if let Some(name) = facts.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(PresentError::Unknown { name: name.clone() }.into());
            }
            let names: Vec<&str> = facts.iter().map(String::as_str).collect();
            let shown = copy.present(&names)?;
            let withheld = known.len() - shown.list_disclosable().len();
            Ok::<_, CopyError>((shown, withheld))
        })
        .await?;
    let status = status_list(ctx).await?;
    Ok(PaperCopy { shown, withheld, status })
}

/// The public half of a key whose secret half is dropped here.
fn nobodys_key(tx: &mut Tx) -> PublicKey {
    HolderKey::from_ed25519(&tx.random_bytes()).public_key()
}

/// Somebody's own licence, which stands.
fn standing(tx: &mut Tx, party: PartyId, licence: LicenceId, now: Instant) -> Result<LicenceRow, CopyError> {
    let row = tx.find_licence(licence)?.filter(|row| row.party == Some(party)).ok_or(CopyError::NotFound)?;
    if row.revoked_at.is_some() || row.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(CopyError::Ended);
    }
    Ok(row)
}
