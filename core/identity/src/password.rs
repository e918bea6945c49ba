//! Passwords: argon2id, kept as PHC strings.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

/// Parameters of argon2id: 19 MiB, 2 passes, 1 lane (OWASP Password Storage Cheat Sheet, second choice; about 25 ms).
pub const PARAMS: (u32, u32, u32) = (19_456, 2, 1);

/// Length of the salt and of the hash, bytes (RFC 9106 §3.1 asks for 16 and at least 16).
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// A password that fits the rules; hidden from `Debug`.
#[derive(Clone)]
pub struct Password(String);

/// Why a password does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password must have {min} to {max} characters, got {found}", min = Password::MIN, max = Password::MAX)]
    Length {
        /// Characters found.
        found: usize,
    },
}

impl Password {
    /// Fewest characters of a new password.
    pub const MIN: usize = 10;
    /// Most characters; more only makes hashing slow.
    pub const MAX: usize = 256;

    /// Takes a new password. Length is the only rule (NIST SP 800-63B §5.1.1.2: no composition rules).
    ///
    /// # Errors
    /// [`PasswordError::Length`].
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let found = text.chars().count();
        if (Self::MIN..=Self::MAX).contains(&found) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PasswordError::Length { found })
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

fn hasher(memory_kib: u32, passes: u32, lanes: u32) -> Option<Argon2<'static>> {
    let params = Params::new(memory_kib, passes, lanes, Some(HASH_LEN)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a random salt given by the caller. Takes about 25 ms and 19 MiB: never on an async thread.
pub fn hash_password(password: &Password, salt: [u8; SALT_LEN]) -> String {
    let (memory_kib, passes, lanes) = PARAMS;
    let argon2 = hasher(memory_kib, passes, lanes).expect("the parameters are constants within argon2's limits");
    let mut hash = [0_u8; HASH_LEN];
    argon2
        .hash_password_into(password.0.as_bytes(), &salt, &mut hash)
        .expect("salt and output have lengths argon2 accepts");
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

/// True when the text is the password behind a PHC string; the string's own parameters are used, so that old ones
/// stay valid when the parameters are raised. A damaged string matches nothing.
pub fn verify_password(text: &str, phc: &str) -> bool {
    if text.len() > 4 * Password::MAX {
        return false;
    }
    let Some((argon2, salt, expect)) = parse_phc(phc) else { return false };
    let mut hash = [0_u8; HASH_LEN];
    argon2.hash_password_into(text.as_bytes(), &salt, &mut hash).is_ok() && bool::from(hash.ct_eq(&expect))
}

fn parse_phc(phc: &str) -> Option<(Argon2<'static>, Vec<u8>, [u8; HASH_LEN])> {
    let parts: Vec<&str> = phc.split('$').collect();
    let ["", "argon2id", "v=19", params, salt, hash] = parts[..] else { return None };
    let mut params = params.split(',');
    let mut next = |name: &str| params.next()?.strip_prefix(name)?.parse().ok();
    let (memory_kib, passes, lanes) = (next("m=")?, next("t=")?, next("p=")?);
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    Some((hasher(memory_kib, passes, lanes)?, salt, hash))
}

/// A hash no password has: verified for logins that do not exist, so that they take as long as those that do.
pub fn nobody_hash() -> String {
    let (memory_kib, passes, lanes) = PARAMS;
    let (salt, hash) = (STANDARD_NO_PAD.encode([0; SALT_LEN]), STANDARD_NO_PAD.encode([0; HASH_LEN]));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let phc = hash_password(&Password::new("correct horse").unwrap(), [9; 16]);
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify_password("correct horse", &phc));
        assert!(!verify_password("correct horsf", &phc));
        assert!(!verify_password("", &nobody_hash()));
    }

    #[test]
    fn a_hash_made_elsewhere_is_known() {
        // From the tests of the reference implementation (phc-winner-argon2, src/test.c, argon2id, t=2 m=16 p=1).
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify_password("password", phc));
        assert!(!verify_password("Password", phc));
    }

    #[test]
    fn damaged_hashes_match_nothing() {
        for phc in
            ["", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AA$AA", "$argon2id$v=19$m=x,t=1,p=1$c29tZXNhbHQ$AA", "plain"]
        {
            assert!(!verify_password("password", phc), "{phc:?}");
        }
    }

    #[test]
    fn only_length_is_asked_of_a_password() {
        for (text, fits) in
            [("123456789", false), ("1234567890", true), ("十个汉字也是一个密码", true), (&*"x".repeat(257), false)]
        {
            assert_eq!(Password::new(text).is_ok(), fits, "{text}");
        }
    }
}
