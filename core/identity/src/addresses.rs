//! Addresses at which people want to be told, sealed with their own key, and the secrets that sign calls to programs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Channel, PartyId};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx, WebhookId};

use crate::token::same;
use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// An e-mail address or telephone number that a message can be sent to. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address(String);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no e-mail address.
    #[error("an e-mail address is written name@example.com, in plain letters, at most 254 characters")]
    Email,
    /// It is no telephone number.
    #[error("a telephone number has 6 to 15 digits, with + in front when it names the country")]
    Phone,
    /// Nothing is sent to addresses by this channel.
    #[error("{0} needs no address")]
    Channel(&'static str),
}

impl Address {
    /// Takes an address of a channel from outside; spaces and joiners of a telephone number are dropped.
    ///
    /// # Errors
    /// [`AddressError`] saying how one is written.
    pub fn parse(channel: Channel, text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        match channel {
            Channel::Email => is_email(text).then(|| Self(text.to_owned())).ok_or(AddressError::Email),
            Channel::Sms => {
                let number: String = text.chars().filter(|letter| !" -()".contains(*letter)).collect();
                let digits = number.strip_prefix('+').unwrap_or(&number);
                let fits = (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
                fits.then_some(Self(number)).ok_or(AddressError::Phone)
            }
            other => Err(AddressError::Channel(other.as_str())),
        }
    }

    /// The address in clear, for the channel that sends there and the person whose it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(..)")
    }
}

/// The common form of an address (RFC 5321 without quoted names and literals): what mail servers of the public take.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254
        && (1..=64).contains(&name.len())
        && name.bytes().all(is_atom)
        && name.split('.').all(|part| !part.is_empty())
        && host.contains('.')
        && host.split('.').all(is_label)
}

/// What is sealed of an address.
#[derive(Clone, Serialize, Deserialize)]
pub struct SealedAddress {
    /// The address.
    pub address: Address,
    /// The code sent there that nobody gave back yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl SealedAddress {
    /// Whether that is the code sent; compared in time that does not depend on where they differ.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref().is_some_and(|sent| same(sent, code))
    }
}

impl Vault {
    /// Seals an address with its owner's key: the id of the key and the sealed bytes.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn seal_address(
        &self,
        tx: &mut Tx,
        party: PartyId,
        channel: Channel,
        address: &SealedAddress,
    ) -> Result<(String, Vec<u8>), VaultError> {
        let (key_id, key) = self.key_of(tx, party)?;
        let json = serde_json::to_vec(address).expect("an address is two texts");
        let sealed = encrypt(&key, tx.random_bytes(), &json, address_name(party, channel).as_bytes());
        Ok((key_id, sealed))
    }

    /// Opens an address, to send there or for the very person whose it is; `None` when there is none.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_address(
        &self,
        reader: &mut Reader,
        party: PartyId,
        channel: Channel,
    ) -> Result<Option<SealedAddress>, VaultError> {
        let Some(row) = reader.find_address(party, channel)? else { return Ok(None) };
        let Some(sealed) = row.sealed else { return Ok(None) };
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let json = decrypt(&key, &sealed, address_name(party, channel).as_bytes()).ok_or(VaultError::Damaged)?;
        serde_json::from_slice(&json).map(Some).map_err(|_| VaultError::Damaged)
    }

    /// Seals the secret of a webhook with the master key.
    pub fn seal_webhook_secret(&self, tx: &mut Tx, id: WebhookId, secret: &str) -> Vec<u8> {
        encrypt(&self.master, tx.random_bytes(), secret.as_bytes(), webhook_name(id).as_bytes())
    }

    /// Opens the secret of a webhook.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] without such a webhook, [`VaultError::Damaged`] when it does not open.
    pub fn webhook_secret(&self, reader: &mut Reader, id: WebhookId) -> Result<String, VaultError> {
        let row = reader.find_webhook(id)?.ok_or(VaultError::NotFound)?;
        let secret = decrypt(&self.master, &row.sealed, webhook_name(id).as_bytes()).ok_or(VaultError::Damaged)?;
        String::from_utf8(secret).map_err(|_| VaultError::Damaged)
    }
}

/// A fresh secret of a webhook as Standard Webhooks writes it: `whsec_` and the base64 of 32 random bytes.
pub fn new_webhook_secret(tx: &mut Tx) -> String {
    let bytes: [u8; 32] = tx.random_bytes();
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// Bound into the sealed address, so that a row moved to another person or channel does not open.
fn address_name(party: PartyId, channel: Channel) -> String {
    format!("address/{party}/{}", channel.as_str())
}

fn webhook_name(id: WebhookId) -> String {
    format!("webhook/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_at_the_door() {
        for (channel, text, expect) in [
            (Channel::Email, " zhao@example.com ", Some("zhao@example.com")),
            (Channel::Email, "zhao.li+city@mail.example.com", Some("zhao.li+city@mail.example.com")),
            (Channel::Email, "zhao@localhost", None),
            (Channel::Email, "zhao@@example.com", None),
            (Channel::Email, "zh ao@example.com", None),
            (Channel::Email, "zhao@example.com\r\nBcc: all@example.com", None),
            (Channel::Email, "<zhao@example.com>", None),
            (Channel::Email, ".zhao@example.com", None),
            (Channel::Email, "赵@example.com", None),
            (Channel::Sms, "138 0000-0000", Some("13800000000")),
            (Channel::Sms, "+86 13800000000", Some("+8613800000000")),
            (Channel::Sms, "12345", None),
            (Channel::Sms, "1234567890123456", None),
            (Channel::Sms, "138000000O0", None),
            (Channel::InApp, "anything", None),
        ] {
            let parsed = Address::parse(channel, text);
            assert_eq!(parsed.as_ref().map(Address::reveal).ok(), expect, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_never_printed() {
        let address = Address::parse(Channel::Email, "zhao@example.com").unwrap();
        assert_eq!(format!("{address:?}"), "Address(..)");
    }
}
