//! Accounts and what they may do where.

use model::{Grant, Instant, OfficeId, PartyId, RegionId, RoleId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// What kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartyKind {
    /// A member of staff.
    Staff,
    /// A resident.
    Resident,
    /// An organisation (法人): acted for by people, and never signed in to.
    Organisation,
    /// A child whose guardians act for it; never signed in to.
    Child,
}

impl PartyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Staff, Self::Resident, Self::Organisation, Self::Child];

    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Resident => "resident",
            Self::Organisation => "organisation",
            Self::Child => "child",
        }
    }
}

impl ToValue for PartyKind {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for PartyKind {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyRow {
    /// The id.
    pub id: PartyId,
    /// What kind.
    pub kind: PartyKind,
    /// The name they sign in with; kept as [`fold_login`] gives it, unique.
    pub login: String,
    /// The password's hash in PHC string form; empty when they cannot sign in by password.
    pub password_hash: String,
    /// The name shown to colleagues.
    pub display_name: String,
    /// True when they may not sign in.
    pub disabled: bool,
    /// Failed attempts to sign in since the last success.
    pub failed_count: u32,
    /// No attempt is looked at before this instant.
    pub locked_until: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
}

impl PartyRow {
    /// A resident's account that cannot sign in by password yet.
    pub fn resident(id: PartyId, login: &str, display_name: &str, created_at: Instant) -> Self {
        Self::new(PartyKind::Resident, id, login, display_name, created_at)
    }

    /// A staff account that cannot sign in by password yet.
    pub fn staff(id: PartyId, login: &str, display_name: &str, created_at: Instant) -> Self {
        Self::new(PartyKind::Staff, id, login, display_name, created_at)
    }

    /// An organisation, under its number.
    pub fn organisation(id: PartyId, number: &str, name: &str, created_at: Instant) -> Self {
        Self::new(PartyKind::Organisation, id, &format!("organisation/{number}"), name, created_at)
    }

    /// A child, whose name is sealed elsewhere.
    pub fn child(id: PartyId, created_at: Instant) -> Self {
        Self::new(PartyKind::Child, id, &format!("child/{id}"), "", created_at)
    }

    fn new(kind: PartyKind, id: PartyId, login: &str, display_name: &str, created_at: Instant) -> Self {
        Self {
            id,
            kind,
            login: fold_login(login),
            password_hash: String::new(),
            display_name: display_name.to_owned(),
            disabled: false,
            failed_count: 0,
            locked_until: None,
            created_at,
        }
    }
}

/// Somebody who holds a post in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub party: PartyId,
    /// The name shown to colleagues.
    pub display_name: String,
    /// Where.
    pub region: RegionId,
}

/// The one form of a login: trimmed, lower case.
pub fn fold_login(login: &str) -> String {
    login.trim().to_lowercase()
}

const PARTY_COLUMNS: &str =
    "id, kind, login, password_hash, display_name, disabled, failed_count, locked_until_us, created_at_us";

impl Tx {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the login or the id is taken.
    pub fn record_party(&mut self, party: &PartyRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO parties (id, kind, login, password_hash, display_name, disabled, failed_count, locked_until_us, created_at_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                party.id,
                party.kind,
                fold_login(&party.login),
                party.password_hash,
                party.display_name,
                party.disabled,
                party.failed_count,
                party.locked_until,
                party.created_at
            ],
        )?;
        Ok(())
    }

    /// Replaces everything of an account but its id, kind and age.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such an account, [`StoreError::Exists`] when the login is taken.
    pub fn update_party(&mut self, party: &PartyRow) -> Result<(), StoreError> {
        let changed = self.execute(
            "UPDATE parties
             SET login = $2, password_hash = $3, display_name = $4, disabled = $5, failed_count = $6, locked_until_us = $7
             WHERE id = $1",
            params![
                party.id,
                fold_login(&party.login),
                party.password_hash,
                party.display_name,
                party.disabled,
                party.failed_count,
                party.locked_until
            ],
        )?;
        if changed == 0 { Err(StoreError::not_found("account", party.id)) } else { Ok(()) }
    }

    /// Counts a failed attempt to sign in, and locks the account until that instant when one is given.
    /// Answers the failures since the last success.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such an account.
    pub fn record_failed_sign_in(&mut self, party: PartyId, locked_until: Option<Instant>) -> Result<u32, StoreError> {
        let row = self.query_opt(
            "UPDATE parties SET failed_count = failed_count + 1, locked_until_us = $2 WHERE id = $1 RETURNING failed_count",
            params![party, locked_until],
        )?;
        row.ok_or_else(|| StoreError::not_found("account", party))?.next("parties.failed_count")
    }

    /// Forgets the failed attempts after a success.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_sign_in(&mut self, party: PartyId) -> Result<(), StoreError> {
        self.execute("UPDATE parties SET failed_count = 0, locked_until_us = NULL WHERE id = $1", params![party])?;
        Ok(())
    }

    /// Gives a role; giving it twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such account or the database does not answer.
    pub fn record_grant(&mut self, party: PartyId, grant: &Grant) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO grants (party, role, office, region) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![party, grant.role, grant.office, grant.region],
        )?;
        Ok(())
    }

    /// Takes a role away; true when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_grant(&mut self, party: PartyId, grant: &Grant) -> Result<bool, StoreError> {
        let removed = self.execute(
            "DELETE FROM grants WHERE party = $1 AND role = $2 AND office = $3 AND region = $4",
            params![party, grant.role, grant.office, grant.region],
        )?;
        Ok(removed > 0)
    }
}

/// The login of an account whose person was erased: nobody can sign in by it, and it says whose it was to nobody.
pub fn erased_login(party: PartyId) -> String {
    fold_login(&format!("erased-{party}"))
}

impl Tx {
    /// Notes that somebody was erased.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_erasure(&mut self, party: PartyId, at: Instant) -> Result<(), StoreError> {
        let sql = "INSERT INTO erasures (party, at_us) VALUES ($1, $2) ON CONFLICT (party) DO NOTHING";
        self.execute(sql, params![party, at])?;
        Ok(())
    }
}

impl Reader {
    /// Everybody who was erased at an instant or later, and when, by then. One may be found with an instant that is past: the
    /// clocks of those who write are not the same.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_erased(&mut self, since: Instant) -> Result<Vec<(PartyId, Instant)>, StoreError> {
        let sql = "SELECT party, at_us FROM erasures WHERE at_us >= $1 ORDER BY at_us, party";
        let rows = self.query(sql, params![since])?;
        rows.into_iter().map(|mut row| Ok((row.next("erasures.party")?, row.next("erasures.at_us")?))).collect()
    }

    /// An account by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_party(&mut self, id: PartyId) -> Result<Option<PartyRow>, StoreError> {
        let row = self.query_opt(&format!("SELECT {PARTY_COLUMNS} FROM parties WHERE id = $1"), params![id])?;
        row.map(read_party).transpose()
    }

    /// An account by the name it signs in with, whatever its case.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_party_by_login(&mut self, login: &str) -> Result<Option<PartyRow>, StoreError> {
        let row = self
            .query_opt(&format!("SELECT {PARTY_COLUMNS} FROM parties WHERE login = $1"), params![fold_login(login)])?;
        row.map(read_party).transpose()
    }

    /// Accounts of a kind by login, after the one given, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_parties(
        &mut self,
        kind: PartyKind,
        after_login: &str,
        limit: u32,
    ) -> Result<Vec<PartyRow>, StoreError> {
        let sql = format!("SELECT {PARTY_COLUMNS} FROM parties WHERE kind = $1 AND login > $2 ORDER BY login LIMIT $3");
        self.query(&sql, params![kind, after_login, limit])?.into_iter().map(read_party).collect()
    }

    /// The names shown for accounts; unknown ids are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn display_names(
        &mut self,
        parties: &[PartyId],
    ) -> Result<std::collections::BTreeMap<PartyId, String>, StoreError> {
        let mut names = std::collections::BTreeMap::new();
        for parties in parties.chunks(200) {
            let places: Vec<String> = (1..=parties.len()).map(|place| format!("${place}")).collect();
            let sql = format!("SELECT id, display_name FROM parties WHERE id IN ({})", places.join(", "));
            for mut row in self.query(&sql, &parties.iter().map(ToValue::to_value).collect::<Vec<_>>())? {
                names.insert(row.next("parties.id")?, row.next("parties.display_name")?);
            }
        }
        Ok(names)
    }

    /// Everybody who holds a post and may sign in, by name; one row for each region they hold it in.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_holders(&mut self, role: &RoleId, office: &OfficeId) -> Result<Vec<Holder>, StoreError> {
        let rows = self.query(
            "SELECT g.party, p.display_name, g.region
             FROM grants AS g
             JOIN parties AS p ON p.id = g.party
             WHERE g.role = $1 AND g.office = $2 AND NOT p.disabled
             ORDER BY p.display_name, g.party, g.region",
            params![role, office],
        )?;
        rows.into_iter().map(read_holder).collect()
    }

    /// Everybody who holds a role for any office and may sign in; one row for each region they hold it in.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_holders_of_role(&mut self, role: &RoleId) -> Result<Vec<Holder>, StoreError> {
        let rows = self.query(
            "SELECT DISTINCT g.party, p.display_name, g.region
             FROM grants AS g
             JOIN parties AS p ON p.id = g.party
             WHERE g.role = $1 AND NOT p.disabled
             ORDER BY p.display_name, g.party, g.region",
            params![role],
        )?;
        rows.into_iter().map(read_holder).collect()
    }

    /// What somebody may do where, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_grants(&mut self, party: PartyId) -> Result<Vec<Grant>, StoreError> {
        let rows = self.query(
            "SELECT role, office, region FROM grants WHERE party = $1 ORDER BY role, office, region",
            params![party],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Grant {
                    role: row.next("grants.role")?,
                    office: row.next("grants.office")?,
                    region: row.next("grants.region")?,
                })
            })
            .collect()
    }
}

fn read_party(mut row: Row) -> Result<PartyRow, StoreError> {
    Ok(PartyRow {
        id: row.next("parties.id")?,
        kind: row.next("parties.kind")?,
        login: row.next("parties.login")?,
        password_hash: row.next("parties.password_hash")?,
        display_name: row.next("parties.display_name")?,
        disabled: row.next("parties.disabled")?,
        failed_count: row.next("parties.failed_count")?,
        locked_until: row.next("parties.locked_until_us")?,
        created_at: row.next("parties.created_at_us")?,
    })
}

fn read_holder(mut row: Row) -> Result<Holder, StoreError> {
    Ok(Holder {
        party: row.next("grants.party")?,
        display_name: row.next("parties.display_name")?,
        region: row.next("grants.region")?,
    })
}
