//! Who somebody is (实名): name and identity number, matched by a department, sealed with the person's own key.
//!
//! They exist in clear only on their way in, on their way to a department, and for the person themselves.

use hmac::{Hmac, KeyInit, Mac};
use model::{Instant, PartyId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use store::{IdentityRow, Reader, StoreError, Tx};

use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// Longest name, characters: 维吾尔 names with fathers' names, and Latin ones, are below it.
const NAME_MAX: usize = 40;

/// How sure the city is of who somebody is. Later levels include earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An account that somebody can sign in to.
    L1,
    /// Name and identity number, matched by a department.
    L2,
    /// Seen in person, or with a document that proves itself.
    L3,
}

impl Level {
    /// The word used in SQL, JSON and `acr`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::L1, Self::L2, Self::L3].into_iter().find(|level| level.as_str() == word)
    }
}

/// Why a name or a number is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The name is empty, too long, or has characters that no name has.
    #[error("a name has 2 to {NAME_MAX} letters, spaces and dots, as on the identity card")]
    Name,
    /// The number has not 18 characters, or no such day.
    #[error("an identity number has 17 digits, a day of birth among them, and a last digit or X")]
    Number,
    /// The last character does not follow from the others.
    #[error("the identity number has a mistake: its last character does not fit the others")]
    Checksum,
}

/// An identity number of 18 characters (居民身份证号码, GB 11643-1999), its check character right. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdNumber(String);

impl IdNumber {
    /// Takes a number from outside: spaces around it go, a small x becomes X.
    ///
    /// # Errors
    /// [`IdentityError`] for the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let text = text.trim().to_ascii_uppercase();
        if !pack::TextFormat::IdCard.fits(&text) {
            return Err(IdentityError::Number);
        }
        if check_character(&text.as_bytes()[..17]) != text.as_bytes()[17] {
            return Err(IdentityError::Checksum);
        }
        Ok(Self(text))
    }

    /// The number itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day of birth that the number says, `YYYY-MM-DD`.
    pub fn born_on(&self) -> String {
        format!("{}-{}-{}", &self.0[6..10], &self.0[10..12], &self.0[12..14])
    }

    /// The number with the day of birth hidden, as pages show it.
    pub fn masked(&self) -> String {
        format!("{}************{}", &self.0[..4], &self.0[16..])
    }
}

/// The last character of a number: ISO 7064:1983, MOD 11-2, over its 17 digits.
pub fn check_character(digits: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    b"10X98765432"[(sum % 11) as usize]
}

impl TryFrom<String> for IdNumber {
    type Error = IdentityError;

    fn try_from(text: String) -> Result<Self, IdentityError> {
        Self::parse(&text)
    }
}

impl From<IdNumber> for String {
    fn from(number: IdNumber) -> Self {
        number.0
    }
}

/// Who somebody is. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name, as on the identity card.
    pub name: String,
    /// Identity number.
    pub id_number: IdNumber,
}

impl Identity {
    /// Takes name and number from outside.
    ///
    /// # Errors
    /// [`IdentityError`] for the part that does not fit.
    pub fn parse(name: &str, id_number: &str) -> Result<Self, IdentityError> {
        let name = name.trim();
        let is_part = |c: char| c.is_alphabetic() || matches!(c, '·' | '.' | ' ' | '-' | '\'');
        let fits = (2..=NAME_MAX).contains(&name.chars().count()) && name.chars().all(is_part);
        if !fits {
            return Err(IdentityError::Name);
        }
        Ok(Self { name: name.to_owned(), id_number: IdNumber::parse(id_number)? })
    }

    /// The name with all but its last character hidden, as pages show it.
    pub fn masked_name(&self) -> String {
        let last = self.name.chars().last().map(String::from).unwrap_or_default();
        "*".repeat(self.name.chars().count().saturating_sub(1).min(3)) + &last
    }
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
hidden!(IdNumber, Identity);

/// Who somebody is, and since when the city knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who.
    pub identity: Identity,
    /// How sure the city is.
    pub level: Level,
    /// When it was proved.
    pub verified_at: Instant,
}

/// How sure the city is of who somebody is.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn find_level(reader: &mut Reader, party: PartyId) -> Result<Level, StoreError> {
    let row = reader.find_identity(party)?;
    Ok(row.and_then(|row| Level::parse(&row.level)).unwrap_or(Level::L1))
}

impl Vault {
    /// Seals who somebody is with their key. False when another account has proved that number.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn record_identity(&self, tx: &mut Tx, party: PartyId, verified: &Verified) -> Result<bool, VaultError> {
        let number_mac = self.number_mac(&verified.identity.id_number);
        if tx.find_party_of_number(&number_mac)?.is_some_and(|owner| owner != party) {
            return Ok(false);
        }
        let (key_id, key) = self.key_of(tx, party)?;
        let json = serde_json::to_vec(&verified.identity).expect("two texts");
        let sealed = encrypt(&key, tx.random_bytes(), &json, identity_name(party).as_bytes());
        let (level, verified_at) = (verified.level.as_str().to_owned(), verified.verified_at);
        tx.record_identity(&IdentityRow { party, level, key_id, sealed, number_mac, verified_at })?;
        Ok(true)
    }

    /// Who somebody is, for themselves and for the departments they agree to ask.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_identity(&self, reader: &mut Reader, party: PartyId) -> Result<Option<Verified>, VaultError> {
        let Some(row) = reader.find_identity(party)? else { return Ok(None) };
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let json = decrypt(&key, &row.sealed, identity_name(party).as_bytes()).ok_or(VaultError::Damaged)?;
        let identity = serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)?;
        let level = Level::parse(&row.level).ok_or(VaultError::Damaged)?;
        Ok(Some(Verified { identity, level, verified_at: row.verified_at }))
    }

    /// Keyed digest of a number: equal for equal numbers, and nothing to who has not the master key.
    pub(crate) fn number_mac(&self, number: &IdNumber) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.index_key).expect("a key of any length");
        mac.update(number.as_str().as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Bound into the sealed bytes, so that a row moved to another person does not open.
fn identity_name(party: PartyId) -> String {
    format!("identity/{party}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_at_the_door() {
        for (text, expect) in [
            // The worked example of GB 11643-1999.
            ("11010519491231002X", Ok("11010519491231002X")),
            (" 11010519491231002x ", Ok("11010519491231002X")),
            ("440524188001010014", Ok("440524188001010014")),
            ("110105194912310021", Err(IdentityError::Checksum)),
            ("11010519491231003X", Err(IdentityError::Checksum)),
            ("11010519491331002X", Err(IdentityError::Number)),
            ("01010519491231002X", Err(IdentityError::Number)),
            ("1101051949123100", Err(IdentityError::Number)),
            ("", Err(IdentityError::Number)),
        ] {
            assert_eq!(IdNumber::parse(text).as_ref().map(IdNumber::as_str), expect.as_ref().copied(), "{text}");
        }
    }

    #[test]
    fn every_single_wrong_digit_is_noticed() {
        let right = "11010519491231002X";
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut text = right.as_bytes().to_vec();
                if text[at] == digit {
                    continue;
                }
                text[at] = digit;
                assert!(IdNumber::parse(std::str::from_utf8(&text).unwrap()).is_err(), "digit {at} as {digit}");
            }
        }
    }

    #[test]
    fn names_are_those_of_people() {
        for (name, fits) in [
            ("李星河", true),
            ("阿依努尔·艾力", true),
            ("Anna O'Neil", true),
            ("李", false),
            ("李4", false),
            ("<b>李星河</b>", false),
            ("李\n星河", false),
        ] {
            assert_eq!(Identity::parse(name, "11010519491231002X").is_ok(), fits, "{name}");
        }
        let identity = Identity::parse("李星河", "11010519491231002X").unwrap();
        assert_eq!(
            (identity.masked_name(), identity.id_number.masked()),
            ("**河".to_owned(), "1101************2X".to_owned())
        );
        assert_eq!(format!("{identity:?} {:?}", identity.id_number), "Identity(..) IdNumber(..)");
    }
}
