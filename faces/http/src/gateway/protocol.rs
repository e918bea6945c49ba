//! What is said between the city and a payment gateway: small JSON bodies, each signed with a shared secret and a time.
//!
//! Both directions use the same signature, `t=SECONDS,v1=HEX`: HMAC-SHA-256 over `SECONDS.BODY`, as card processors do. A
//! body that is older than five minutes is refused, so that one that was overheard cannot be played again later; one that
//! is played at once changes nothing, since everything is named by the payment's id.

use act::payments;
use hmac::{Hmac, KeyInit, Mac};
use model::{Instant, PaymentId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The header of a signature.
pub const SIGNATURE_HEADER: &str = "x-payment-signature";

/// How far a signature's time may be from ours, seconds.
const FRESH_S: i64 = 300;

/// Longest body, bytes.
pub const BODY_MAX: usize = 16_384;

/// A question to the gateway about one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Which payment.
    pub payment: PaymentId,
    /// What is asked.
    pub what: What,
}

/// What is asked. Each may be asked again: the answer is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Begin it.
    Create {
        /// How much, in the smallest unit.
        amount: i64,
        /// ISO 4217.
        currency: String,
        /// What is paid for, in words for the payer.
        subject: String,
        /// Where the payer goes back to.
        return_url: String,
    },
    /// Say how far it is.
    Find,
    /// Take the money that is held.
    Capture,
    /// Take nothing more for it. What was taken stays taken.
    Cancel,
    /// Give the money back.
    Refund,
}

/// How far the gateway says a payment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Which payment.
    pub payment: PaymentId,
    /// How far it is.
    pub standing: Standing,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The gateway's own number.
    pub reference: String,
    /// Where the payer agrees or refuses, while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_url: Option<String>,
}

/// How far a payment is, as the gateway knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The gateway never heard of it.
    Unknown,
    /// The payer has not answered.
    Open,
    /// The payer agreed; the money is held.
    Authorised,
    /// The money was taken.
    Captured,
    /// The payer or their bank refused.
    Failed,
    /// Cancelled before anything was taken.
    Cancelled,
    /// The money was given back.
    Refunded,
}

impl From<payments::Ask> for Ask {
    fn from(ask: payments::Ask) -> Self {
        let what = match ask.what {
            payments::What::Create { amount, currency, subject, return_url } => {
                What::Create { amount, currency, subject, return_url }
            }
            payments::What::Find => What::Find,
            payments::What::Capture => What::Capture,
            payments::What::Cancel => What::Cancel,
            payments::What::Refund => What::Refund,
        };
        Self { payment: ask.payment, what }
    }
}

impl From<Told> for payments::Told {
    fn from(told: Told) -> Self {
        let standing = match told.standing {
            Standing::Unknown => payments::Standing::Unknown,
            Standing::Open => payments::Standing::Open,
            Standing::Authorised => payments::Standing::Authorised,
            Standing::Captured => payments::Standing::Captured,
            Standing::Failed => payments::Standing::Failed,
            Standing::Cancelled => payments::Standing::Cancelled,
            Standing::Refunded => payments::Standing::Refunded,
        };
        let Told { payment, amount, reference, pay_url, .. } = told;
        Self { payment, standing, amount, reference, pay_url }
    }
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It has not the form `t=…,v1=…`.
    #[error("a signature has the form t=SECONDS,v1=HEX")]
    Form,
    /// It is of another secret or another body.
    #[error("the signature is not one of this body")]
    Wrong,
    /// It is too old, or of the future.
    #[error("the signature is not of these {FRESH_S} seconds")]
    Stale,
}

fn mac(secret: &[u8], seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// The signature of a body.
pub fn sign(secret: &[u8], now: Instant, body: &[u8]) -> String {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let tag = mac(secret, seconds, body).finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

/// Checks the signature of a body, in constant time.
///
/// # Errors
/// [`SignatureError`], for the rule that is broken.
pub fn check(secret: &[u8], now: Instant, body: &[u8], signature: &str) -> Result<(), SignatureError> {
    let parts = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1="));
    let (seconds, hex) = parts.ok_or(SignatureError::Form)?;
    let seconds: i64 = seconds.parse().map_err(|_| SignatureError::Form)?;
    let tag = decode(hex).ok_or(SignatureError::Form)?;
    mac(secret, seconds, body).verify_slice(&tag).map_err(|_| SignatureError::Wrong)?;
    let now_s = now.as_micros().div_euclid(1_000_000);
    if (now_s - seconds).abs() <= FRESH_S { Ok(()) } else { Err(SignatureError::Stale) }
}

fn decode(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    let byte =
        |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok();
    (hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit())).then(|| pairs.map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_body_its_secret_and_its_time() {
        let now = Instant::from_micros(1_764_000_000_000_000);
        let later = |seconds: i64| now.plus_micros(seconds * 1_000_000);
        let signature = sign(b"secret", now, b"{}");
        let check = |secret: &[u8], at, body: &[u8], signature: &str| check(secret, at, body, signature);
        assert_eq!(check(b"secret", later(300), b"{}", &signature), Ok(()));
        assert_eq!(check(b"secret", later(301), b"{}", &signature), Err(SignatureError::Stale));
        assert_eq!(check(b"secret", later(-301), b"{}", &signature), Err(SignatureError::Stale));
        assert_eq!(check(b"other", now, b"{}", &signature), Err(SignatureError::Wrong));
        assert_eq!(check(b"secret", now, b"{ }", &signature), Err(SignatureError::Wrong));
        let moved = signature.replacen("t=1764000000", "t=1764000001", 1);
        assert_eq!(check(b"secret", now, b"{}", &moved), Err(SignatureError::Wrong), "the time is signed too");
        for bad in ["", "t=1", "t=x,v1=00", "v1=00,t=1", "t=1,v1=zz", &signature[..signature.len() - 1]] {
            assert_eq!(check(b"secret", now, b"{}", bad), Err(SignatureError::Form), "{bad}");
        }
    }
}
