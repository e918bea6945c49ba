//! Kiosks: terminals of service halls, and who is asked to sign in at them.

use model::{Instant, KioskId, OfficeId, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KioskRow {
    /// Its id.
    pub id: KioskId,
    /// Where it stands, in words for people.
    pub title: String,
    /// The office in whose hall it stands.
    pub office: OfficeId,
    /// SHA-256 of the code that opens it once.
    pub opening: Option<[u8; 32]>,
    /// Until when that code opens it.
    pub opening_until: Option<Instant>,
    /// SHA-256 of what its cookie holds; absent until it was opened.
    pub secret: Option<[u8; 32]>,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was opened.
    pub opened_at: Option<Instant>,
}

/// Somebody is asked to sign in at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KioskSignInRow {
    /// The terminal.
    pub kiosk: KioskId,
    /// SHA-256 of the code it shows.
    pub code_hash: [u8; 32],
    /// Until when the code is good.
    pub until: Instant,
    /// Who agreed.
    pub party: Option<PartyId>,
}

const COLUMNS: &str = "id, title, office, opening, opening_until_us, secret, created_at_us, opened_at_us";
const SIGN_IN_COLUMNS: &str = "kiosk, code_hash, until_us, party";

impl Tx {
    /// Registers a terminal, or keeps it as it is now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_kiosk(&mut self, kiosk: &KioskRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO kiosks ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE SET title = excluded.title, office = excluded.office, opening = excluded.opening,
             opening_until_us = excluded.opening_until_us, secret = excluded.secret, opened_at_us = excluded.opened_at_us"
        );
        let KioskRow { id, title, office, opening, opening_until, secret, created_at, opened_at } = kiosk;
        self.execute(&sql, params![id, title, office, *opening, *opening_until, *secret, *created_at, *opened_at])?;
        Ok(())
    }

    /// Removes a terminal with its question and every session at it; false when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_kiosk(&mut self, id: &KioskId) -> Result<bool, StoreError> {
        self.execute("DELETE FROM sessions WHERE kiosk = (SELECT secret FROM kiosks WHERE id = $1)", params![id])?;
        self.execute("DELETE FROM kiosk_sign_ins WHERE kiosk = $1", params![id])?;
        Ok(self.execute("DELETE FROM kiosks WHERE id = $1", params![id])? > 0)
    }

    /// Ends every session at a terminal.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_sessions_at_kiosk(&mut self, secret: &[u8; 32]) -> Result<u64, StoreError> {
        self.execute("DELETE FROM sessions WHERE kiosk = $1", params![*secret])
    }

    /// Keeps what a terminal asks, in place of what it asked before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_kiosk_sign_in(&mut self, asked: &KioskSignInRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO kiosk_sign_ins ({SIGN_IN_COLUMNS}) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kiosk) DO UPDATE SET code_hash = excluded.code_hash, until_us = excluded.until_us,
             party = excluded.party"
        );
        self.execute(&sql, params![asked.kiosk, asked.code_hash, asked.until, asked.party])?;
        Ok(())
    }

    /// Forgets what a terminal asks.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_kiosk_sign_in(&mut self, kiosk: &KioskId) -> Result<(), StoreError> {
        self.execute("DELETE FROM kiosk_sign_ins WHERE kiosk = $1", params![kiosk])?;
        Ok(())
    }
}

impl Reader {
    /// A terminal by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_kiosk(&mut self, id: &KioskId) -> Result<Option<KioskRow>, StoreError> {
        self.query_opt(&format!("SELECT {COLUMNS} FROM kiosks WHERE id = $1"), params![id])?.map(read_kiosk).transpose()
    }

    /// A terminal by what its cookie holds.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_kiosk_by_secret(&mut self, secret: &[u8; 32]) -> Result<Option<KioskRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM kiosks WHERE secret = $1");
        self.query_opt(&sql, params![*secret])?.map(read_kiosk).transpose()
    }

    /// A terminal by the code that opens it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_kiosk_by_opening(&mut self, opening: &[u8; 32]) -> Result<Option<KioskRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM kiosks WHERE opening = $1");
        self.query_opt(&sql, params![*opening])?.map(read_kiosk).transpose()
    }

    /// Every terminal, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_kiosks(&mut self) -> Result<Vec<KioskRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM kiosks ORDER BY id");
        self.query(&sql, params![])?.into_iter().map(read_kiosk).collect()
    }

    /// What a terminal asks.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_kiosk_sign_in(&mut self, kiosk: &KioskId) -> Result<Option<KioskSignInRow>, StoreError> {
        let sql = format!("SELECT {SIGN_IN_COLUMNS} FROM kiosk_sign_ins WHERE kiosk = $1");
        self.query_opt(&sql, params![kiosk])?.map(read_sign_in).transpose()
    }

    /// What a terminal asks, by its code.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_kiosk_sign_in_by_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<KioskSignInRow>, StoreError> {
        let sql = format!("SELECT {SIGN_IN_COLUMNS} FROM kiosk_sign_ins WHERE code_hash = $1");
        self.query_opt(&sql, params![*code_hash])?.map(read_sign_in).transpose()
    }
}

fn read_kiosk(mut row: Row) -> Result<KioskRow, StoreError> {
    Ok(KioskRow {
        id: row.next("kiosks.id")?,
        title: row.next("kiosks.title")?,
        office: row.next("kiosks.office")?,
        opening: row.next("kiosks.opening")?,
        opening_until: row.next("kiosks.opening_until_us")?,
        secret: row.next("kiosks.secret")?,
        created_at: row.next("kiosks.created_at_us")?,
        opened_at: row.next("kiosks.opened_at_us")?,
    })
}

fn read_sign_in(mut row: Row) -> Result<KioskSignInRow, StoreError> {
    Ok(KioskSignInRow {
        kiosk: row.next("kiosk_sign_ins.kiosk")?,
        code_hash: row.next("kiosk_sign_ins.code_hash")?,
        until: row.next("kiosk_sign_ins.until_us")?,
        party: row.next("kiosk_sign_ins.party")?,
    })
}
