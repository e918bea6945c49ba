//! Signatures of small JSON bodies between the city and another program, with a shared secret and a time.
//!
//! `t=SECONDS,v1=HEX`: HMAC-SHA-256 over `SECONDS.BODY`, as card processors do. Payments and departments use the same; a
//! body that is older than five minutes is refused, so that one that was overheard cannot be played again later.

use hmac::{Hmac, KeyInit, Mac};
use model::Instant;
use sha2::Sha256;

/// How far a signature's time may be from ours, seconds.
const FRESH_S: i64 = 300;

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
