//! From an account elsewhere to one here: linked by who is signed in here, or a new one at first use.

use model::{Instant, PartyId};
use serde_json::{Map, Value};
use store::{PartyKind, PartyRow, SignInMethod, StoreError, Tx, UpstreamLinkRow};

use super::{Provider, Returned, UpstreamError};
use crate::accounts::{Accounts, SignedIn};
use crate::identities::{Identity, Level, Verified};

/// Longest name shown, characters.
const NAME_MAX: usize = 64;

/// Who somebody is at another provider.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamPerson {
    /// The provider.
    pub issuer: String,
    /// The name it knows them by.
    pub subject: String,
    /// How they are addressed, where it says so.
    pub display_name: Option<String>,
    /// Who they are, where it says so and is sure enough.
    pub identity: Option<(Identity, Level)>,
}

impl UpstreamPerson {
    /// Reads the claims of an ID token that was believed.
    pub(super) fn of(provider: &Provider, claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let level = text("acr").and_then(|acr| provider.levels.get(acr)).copied().unwrap_or(Level::L1);
        let identity = provider.identity_claims.as_ref().filter(|_| Level::L2 <= level).and_then(|named| {
            let identity = Identity::parse(text(&named.name)?, text(&named.id_number)?).ok()?;
            Some((identity, level))
        });
        let plain = |name: &str| {
            let name: String = name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
            (!name.is_empty()).then_some(name)
        };
        let display_name = ["nickname", "name", "preferred_username"].into_iter().find_map(|name| plain(text(name)?));
        let subject = text("sub").unwrap_or_default().to_owned();
        Self { issuer: provider.issuer.clone(), subject, display_name, identity }
    }
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Entered {
    /// Signed in, for the first time or again.
    SignedIn(SignedIn),
    /// Linked to the account they were signed in to.
    Linked,
}

impl Accounts {
    /// Signs in who came back from another provider, or links them to the account they were signed in to.
    ///
    /// # Errors
    /// [`UpstreamError`]; nothing is written then.
    pub async fn enter_from_upstream(&self, returned: Returned) -> Result<Entered, UpstreamError> {
        let (now, opening) = (self.clock.now(), self.opening(SignInMethod::Upstream));
        let vault = std::sync::Arc::clone(&self.vault);
        let Returned { person, link, .. } = returned;
        self.store
            .write(move |tx: &mut Tx| {
                let known = tx.find_upstream_link(&person.issuer, &person.subject)?;
                if let Some(party) = link {
                    if known.is_some() || has_link(tx, party, &person.issuer)? {
                        return Err(UpstreamError::Taken);
                    }
                    let account = resident(tx, party)?;
                    record_link(tx, &person, account.id, now)?;
                    record_identity(&vault, tx, &person, account.id, now)?;
                    return Ok(Entered::Linked);
                }
                let account = match known {
                    Some(known) => resident(tx, known.party)?,
                    None => {
                        let account = new_resident(tx, &person, now)?;
                        record_link(tx, &person, account.id, now)?;
                        account
                    }
                };
                record_identity(&vault, tx, &person, account.id, now)?;
                let signed_in = opening.begin(tx, account.id, account.kind, account.display_name, now)?;
                Ok(Entered::SignedIn(signed_in))
            })
            .await
    }

    /// Unlinks an account elsewhere; true when there was a link.
    ///
    /// # Errors
    /// [`UpstreamError::LastWay`] when nothing else would open the account.
    pub async fn unlink_upstream(&self, party: PartyId, issuer: &str) -> Result<bool, UpstreamError> {
        let issuer = issuer.to_owned();
        self.store
            .write(move |tx: &mut Tx| {
                let account = resident(tx, party)?;
                let has_other = tx.list_upstream_links(party)?.iter().any(|link| link.issuer != issuer);
                let has_way = !account.password_hash.is_empty() || !tx.list_passkeys(party)?.is_empty() || has_other;
                if !has_way {
                    return Err(UpstreamError::LastWay);
                }
                Ok(tx.remove_upstream_link(party, &issuer)?)
            })
            .await
    }
}

fn has_link(tx: &mut Tx, party: PartyId, issuer: &str) -> Result<bool, StoreError> {
    Ok(tx.list_upstream_links(party)?.iter().any(|link| link.issuer == issuer))
}

fn resident(tx: &mut Tx, party: PartyId) -> Result<PartyRow, UpstreamError> {
    let account = tx.find_party(party)?.filter(|account| account.kind == PartyKind::Resident && !account.disabled);
    account.ok_or(UpstreamError::Disabled)
}

/// A new account nobody can sign in to but through the other provider.
fn new_resident(tx: &mut Tx, person: &UpstreamPerson, now: Instant) -> Result<PartyRow, StoreError> {
    let id = tx.new_party_id(now);
    let display_name = person.display_name.clone().unwrap_or_else(|| "市民".to_owned());
    let account = PartyRow::resident(id, &format!("u-{id}"), &display_name, now);
    tx.record_party(&account)?;
    Ok(account)
}

fn record_link(tx: &mut Tx, person: &UpstreamPerson, party: PartyId, now: Instant) -> Result<(), StoreError> {
    let UpstreamPerson { issuer, subject, .. } = person.clone();
    tx.record_upstream_link(&UpstreamLinkRow { issuer, subject, party, linked_at: now })
}

/// Keeps who somebody is, where the provider is sure and nothing was known here; a number that belongs to another account
/// changes nothing, and links nothing.
fn record_identity(
    vault: &crate::vault::Vault,
    tx: &mut Tx,
    person: &UpstreamPerson,
    party: PartyId,
    now: Instant,
) -> Result<(), UpstreamError> {
    let Some((identity, level)) = person.identity.clone() else { return Ok(()) };
    if tx.find_identity(party)?.is_some() {
        return Ok(());
    }
    let verified = Verified { identity, level, verified_at: now };
    match vault.record_identity(tx, party, &verified) {
        Ok(_) => Ok(()),
        Err(crate::vault::VaultError::Store(error)) => Err(error.into()),
        Err(error) => Err(UpstreamError::Refused(error.to_string())),
    }
}
