//! Where people want to be told, sealed before it comes here, and what they want to be told.

use std::collections::{BTreeMap, BTreeSet};

use model::{Channel, Instant, PartyId};
use serde::{Deserialize, Serialize};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An address that only the vault can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// Whose.
    pub party: PartyId,
    /// Of which channel.
    pub channel: Channel,
    /// The id of the person's key.
    pub key_id: String,
    /// The address with the code that confirms it, sealed; absent once it was taken away.
    pub sealed: Option<Vec<u8>>,
    /// When the person proved that they read what is sent there.
    pub confirmed_at: Option<Instant>,
    /// Until when the code counts; absent when none is out.
    pub code_expires_at: Option<Instant>,
    /// How often a wrong code was given.
    pub code_attempts: u32,
    /// Codes sent since `codes_since`.
    pub codes_sent: u32,
    /// When the counting of codes began.
    pub codes_since: Instant,
    /// When the last code was sent.
    pub code_sent_at: Instant,
}

/// What somebody wants to be told, as it is kept. Nothing said is the default of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferencesRow {
    /// Channels switched off, by group of kinds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub off: BTreeMap<String, BTreeSet<Channel>>,
    /// Quiet hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietRow>,
    /// Language of what is sent, BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Quiet hours as they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuietRow {
    /// None are wanted.
    Never,
    /// From one minute of the day to another.
    Hours {
        /// The first minute, 0 to 1 439.
        from_min: u16,
        /// The minute they end at, 0 to 1 439.
        to_min: u16,
    },
}

const COLUMNS: &str = "party, channel, key_id, sealed, confirmed_at_us, code_expires_at_us, code_attempts, codes_sent, codes_since_us, code_sent_at_us";

impl Tx {
    /// Keeps an address in the place of the one before; the person's key must be kept first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_address(&mut self, row: &AddressRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO notification_addresses ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (party, channel) DO UPDATE SET
             key_id = excluded.key_id, sealed = excluded.sealed, confirmed_at_us = excluded.confirmed_at_us,
             code_expires_at_us = excluded.code_expires_at_us, code_attempts = excluded.code_attempts,
             codes_sent = excluded.codes_sent, codes_since_us = excluded.codes_since_us,
             code_sent_at_us = excluded.code_sent_at_us"
        );
        self.execute(
            &sql,
            params![
                row.party,
                row.channel,
                row.key_id,
                row.sealed,
                row.confirmed_at,
                row.code_expires_at,
                row.code_attempts,
                row.codes_sent,
                row.codes_since,
                row.code_sent_at
            ],
        )?;
        Ok(())
    }

    /// Keeps what somebody wants to be told.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_preferences(
        &mut self,
        party: PartyId,
        preferences: &PreferencesRow,
        now: Instant,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_string(preferences).expect("preferences are plain data");
        self.execute(
            "INSERT INTO notification_preferences (party, preferences, changed_at_us) VALUES ($1, $2, $3)
             ON CONFLICT (party) DO UPDATE SET preferences = excluded.preferences, changed_at_us = excluded.changed_at_us",
            params![party, json, now],
        )?;
        Ok(())
    }

    /// Forgets addresses and preferences of a person.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_addresses_of(&mut self, party: PartyId) -> Result<(), StoreError> {
        self.execute("DELETE FROM notification_addresses WHERE party = $1", params![party])?;
        self.execute("DELETE FROM notification_preferences WHERE party = $1", params![party])?;
        Ok(())
    }
}

impl Reader {
    /// Somebody's address of a channel, one taken away included.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_address(&mut self, party: PartyId, channel: Channel) -> Result<Option<AddressRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM notification_addresses WHERE party = $1 AND channel = $2");
        self.query_opt(&sql, params![party, channel])?.map(read_address).transpose()
    }

    /// Somebody's addresses, those taken away included, by channel.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_addresses(&mut self, party: PartyId) -> Result<Vec<AddressRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM notification_addresses WHERE party = $1 ORDER BY channel");
        self.query(&sql, params![party])?.into_iter().map(read_address).collect()
    }

    /// What somebody wants to be told; absent when they never said.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    pub fn find_preferences(&mut self, party: PartyId) -> Result<Option<PreferencesRow>, StoreError> {
        let row =
            self.query_opt("SELECT preferences FROM notification_preferences WHERE party = $1", params![party])?;
        row.map(|mut row| {
            let json: String = row.next("notification_preferences.preferences")?;
            serde_json::from_str(&json).map_err(|_| StoreError::corrupt("notification_preferences.preferences"))
        })
        .transpose()
    }
}

fn read_address(mut row: Row) -> Result<AddressRow, StoreError> {
    Ok(AddressRow {
        party: row.next("notification_addresses.party")?,
        channel: row.next("notification_addresses.channel")?,
        key_id: row.next("notification_addresses.key_id")?,
        sealed: row.next("notification_addresses.sealed")?,
        confirmed_at: row.next("notification_addresses.confirmed_at_us")?,
        code_expires_at: row.next("notification_addresses.code_expires_at_us")?,
        code_attempts: row.next("notification_addresses.code_attempts")?,
        codes_sent: row.next("notification_addresses.codes_sent")?,
        codes_since: row.next("notification_addresses.codes_since_us")?,
        code_sent_at: row.next("notification_addresses.code_sent_at_us")?,
    })
}
