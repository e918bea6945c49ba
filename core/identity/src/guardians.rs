//! Guardians of children (监护人; Civil Code articles 17 and 27): a register names the children, each is a party nobody
//! signs in to, and the guardian has a mandate in everything until it is asked anew, or until the child is 18.
//!
//! Who a child is, is sealed with the child's own key. An account that proves the same number has the child: all that
//! guardians did for them is theirs to read and to go on with.

use model::{Instant, PartyId};
use store::{Basis, ChildRow, MandateNews, MandateNotice, MandateRow, PartyRow, Reader, StoreError, Tx};

use crate::identities::{IdNumber, Identity};
use crate::mandates::{MANDATES_LISTED, MandateState};
use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// How long a guardian acts until the register is asked again, days: half a year. Custody changes more often than firms
/// change hands.
pub const GUARDIAN_DAYS: i64 = 183;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// How long somebody has what was done for them as a child, days: longer than anybody lives.
const LIFETIME_DAYS: i64 = 150 * 366;

/// A child that a register names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedChild {
    /// Who it is.
    pub identity: Identity,
    /// When it is of age.
    pub adult_at: Instant,
}

impl Vault {
    /// Who a child is; `None` when the party is no child.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_child(&self, reader: &mut Reader, party: PartyId) -> Result<Option<Identity>, VaultError> {
        let Some(row) = reader.find_child(party)? else { return Ok(None) };
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let json = decrypt(&key, &row.sealed, child_name(party).as_bytes()).ok_or(VaultError::Damaged)?;
        serde_json::from_slice(&json).map(Some).map_err(|_| VaultError::Damaged)
    }

    /// The account that has proved a number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_account_of(&self, reader: &mut Reader, number: &IdNumber) -> Result<Option<PartyId>, StoreError> {
        reader.find_party_of_number(&self.number_mac(number))
    }

    /// Keeps who a child is: the party of that number, made when there is none.
    fn keep_child(&self, tx: &mut Tx, identity: &Identity, now: Instant) -> Result<ChildRow, VaultError> {
        let number_mac = self.number_mac(&identity.id_number);
        let known = tx.find_child_by_number(&number_mac)?;
        let party = match &known {
            Some(known) => known.party,
            None => {
                let party = tx.new_party_id(now);
                tx.record_party(&PartyRow::child(party, now))?;
                party
            }
        };
        let (key_id, key) = self.key_of(tx, party)?;
        let json = serde_json::to_vec(identity).expect("two texts");
        let sealed = encrypt(&key, tx.random_bytes(), &json, child_name(party).as_bytes());
        let owner = known.and_then(|known| known.owner);
        let child = ChildRow { party, key_id, sealed, number_mac, owner, verified_at: now };
        tx.record_child(&child)?;
        Ok(child)
    }
}

/// Bound into the sealed bytes, so that a row moved to another child does not open.
fn child_name(party: PartyId) -> String {
    format!("child/{party}")
}

/// Records that a register names these children, and no others, as those a person is the guardian of: a mandate for each,
/// and an end to those for any other child.
///
/// # Errors
/// [`VaultError`] when a child cannot be sealed, or the store's.
pub fn record_guardian(
    tx: &mut Tx,
    vault: &Vault,
    guardian: PartyId,
    children: &[NamedChild],
    now: Instant,
) -> Result<Vec<MandateRow>, VaultError> {
    let before = tx.list_guardian_mandates_of(guardian)?;
    let mut active: Vec<&MandateRow> = Vec::new();
    for former in &before {
        if MandateState::of(former, now) == MandateState::Active {
            active.push(former);
        }
        // Ended by the register: nobody's name stands there.
        tx.update_mandate(&MandateRow { ended_at: Some(now), ended_by: None, ..former.clone() })?;
    }
    let mut mandates = Vec::with_capacity(children.len());
    for named in children {
        let child = vault.keep_child(tx, &named.identity, now)?;
        let account = vault.find_account_of(tx, &named.identity.id_number)?;
        if let Some(account) = account {
            record_oneself(tx, child.party, account, now)?;
        }
        let until = named.adult_at.min(now.plus_micros(GUARDIAN_DAYS * DAY_US));
        let mandate = record_mandate(tx, (child.party, guardian), Basis::Guardian, until, now)?;
        // What goes on is no news.
        if !active.iter().any(|former| former.represented == child.party) {
            for to in std::iter::once(guardian).chain(account) {
                tell(tx, &mandate, MandateNews::GuardianFound, to, now)?;
            }
        }
        mandates.push(mandate);
    }
    for former in active {
        if !mandates.iter().any(|mandate| mandate.represented == former.represented) {
            tell(tx, former, MandateNews::GuardianEnded, guardian, now)?;
        }
    }
    Ok(mandates)
}

/// Gives an account what guardians did for the same person as a child, once it has proved the number.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn record_grown(
    tx: &mut Tx,
    vault: &Vault,
    account: PartyId,
    number: &IdNumber,
    now: Instant,
) -> Result<Option<PartyId>, StoreError> {
    let Some(child) = tx.find_child_by_number(&vault.number_mac(number))? else { return Ok(None) };
    record_oneself(tx, child.party, account, now)?;
    Ok(Some(child.party))
}

/// The account has the child: it acts for it in everything, for good.
fn record_oneself(tx: &mut Tx, child: PartyId, account: PartyId, now: Instant) -> Result<(), StoreError> {
    let mandates = tx.list_mandates_for(child, MANDATES_LISTED)?;
    let is_theirs = |mandate: &MandateRow| mandate.basis == Basis::Oneself && mandate.agent == Some(account);
    if mandates.iter().any(|mandate| is_theirs(mandate) && MandateState::of(mandate, now) == MandateState::Active) {
        return Ok(());
    }
    tx.set_child_owner(child, account)?;
    let until = now.plus_micros(LIFETIME_DAYS * DAY_US);
    record_mandate(tx, (child, account), Basis::Oneself, until, now).map(drop)
}

fn record_mandate(
    tx: &mut Tx,
    (child, agent): (PartyId, PartyId),
    basis: Basis,
    until: Instant,
    now: Instant,
) -> Result<MandateRow, StoreError> {
    let mandate = MandateRow {
        id: tx.new_mandate_id(now),
        represented: child,
        agent: Some(agent),
        basis,
        granted_by: agent,
        services: None,
        departments: true,
        post: None,
        code_hash: None,
        code_until: None,
        created_at: now,
        taken_at: Some(now),
        confirmed_at: Some(now),
        until,
        ended_at: None,
        ended_by: None,
    };
    tx.record_mandate(&mandate)?;
    Ok(mandate)
}

fn tell(tx: &mut Tx, mandate: &MandateRow, news: MandateNews, to: PartyId, now: Instant) -> Result<(), StoreError> {
    tx.enqueue_mandate_notice(MandateNotice { mandate: mandate.id, news, to }, now, now).map(drop)
}
