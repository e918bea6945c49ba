//! Cosignatures: a witness's line on a checkpoint (C2SP tlog-cosignature, v1, Ed25519).
//!
//! It says: at this time, this is the largest consistent tree of that origin I
//! have seen. Whoever cosigns must have checked that and stored it durably first.

use crate::key::{KeyKind, KeyName, key_id};
use crate::note::Signature;
use ed25519_dalek::{Signer as _, SigningKey};

/// Why a cosignature cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The time is 0 or beyond 2^63 - 1.
    #[error("a cosignature's time is 1 to 2^63 - 1 seconds since 1970, not {time_s}")]
    Time {
        /// The time given.
        time_s: u64,
    },
}

/// Cosigns the whole text of a checkpoint note at `time_s` seconds since 1970 UTC.
///
/// # Errors
/// [`CosignError::Time`] outside 1 to 2^63 - 1.
pub fn cosign(note_text: &str, time_s: u64, name: &KeyName, key: &SigningKey) -> Result<Signature, CosignError> {
    if !is_time(time_s) {
        return Err(CosignError::Time { time_s });
    }
    let mut payload = time_s.to_be_bytes().to_vec();
    payload.extend_from_slice(&key.sign(&message(time_s, note_text)).to_bytes());
    let id = key_id(name, KeyKind::Cosignature, &key.verifying_key());
    Ok(Signature::from_parts(name.clone(), id, payload))
}

/// The bytes a cosigner signs: all lines of the note, extensions too, no signatures.
pub(crate) fn message(time_s: u64, note_text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{note_text}").into_bytes()
}

/// Splits a line's payload into time and signature.
pub(crate) fn split_payload(payload: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = payload.split_first_chunk::<8>()?;
    let time_s = u64::from_be_bytes(*time);
    (is_time(time_s) && signature.len() == 64).then_some((time_s, signature))
}

fn is_time(time_s: u64) -> bool {
    (1..=i64::MAX.unsigned_abs()).contains(&time_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::VerifierKey;
    use crate::note::{Note, NoteError};
    use proptest::prelude::*;

    const TEXT: &str = "example.com/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

    fn witness() -> (KeyName, SigningKey, VerifierKey) {
        let (name, key) = (KeyName::new("witness.example/w1").unwrap(), SigningKey::from_bytes(&[7; 32]));
        let known = VerifierKey::new(name.clone(), KeyKind::Cosignature, key.verifying_key()).unwrap();
        (name, key, known)
    }

    #[test]
    fn a_time_that_cannot_be_is_refused() {
        let (name, key, _) = witness();
        for time_s in [0, 1 << 63, u64::MAX] {
            assert_eq!(cosign(TEXT, time_s, &name, &key), Err(CosignError::Time { time_s }));
        }
        assert!(cosign(TEXT, (1 << 63) - 1, &name, &key).is_ok());
    }

    #[test]
    fn the_payload_is_time_and_signature_over_the_named_bytes() {
        let (name, key, _) = witness();
        let line = cosign(TEXT, 1_700_000_000, &name, &key).unwrap();
        assert_eq!(line.payload().len(), 72);
        assert_eq!(line.payload()[..8], 1_700_000_000u64.to_be_bytes());
        let signed = format!("cosignature/v1\ntime 1700000000\n{TEXT}");
        assert_eq!(line.payload()[8..], key.sign(signed.as_bytes()).to_bytes());
    }

    #[test]
    fn a_plain_signature_is_no_cosignature() {
        let (name, key, known) = witness();
        let plain = Signature::sign(TEXT, &name, &key);
        assert_ne!(plain.id(), known.id());
        let disguised = Signature::from_parts(name.clone(), known.id(), plain.payload().to_vec());
        let note = Note::new(TEXT, vec![disguised]).unwrap();
        assert_eq!(note.verify(&[known]), Err(NoteError::BadSignature { name }));
    }

    proptest! {
        #[test]
        fn only_the_payload_signed_verifies(time_s in 1u64..1 << 63, flip in 0usize..72 * 8) {
            let (name, key, known) = witness();
            let line = cosign(TEXT, time_s, &name, &key).unwrap();
            let note = Note::new(TEXT, vec![line.clone()]).unwrap();
            let keys = [known];
            prop_assert_eq!(note.verify(&keys).unwrap()[0].time_s, Some(time_s));
            let mut payload = line.payload().to_vec();
            payload[flip / 8] ^= 1 << (flip % 8);
            let note = Note::new(TEXT, vec![Signature::from_parts(name, line.id(), payload)]).unwrap();
            prop_assert!(note.verify(&keys).is_err());
        }
    }
}
