//! Numbers of organisations (统一社会信用代码, GB 32100-2015), parsed at the door.

use serde::{Deserialize, Serialize};

/// The 31 characters of a number in the order of their values: digits and letters without I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Why a text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// Not 18 characters of the alphabet, or no district in its places 3 to 8.
    #[error("a unified social credit code has 18 digits and capital letters without I, O, S, V and Z")]
    Shape,
    /// The last character does not follow from the others.
    #[error("the unified social credit code has a mistake: its last character does not fit the others")]
    Checksum,
}

/// The number of an organisation, its check character right. It stands in a public register.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

impl CreditCode {
    /// Takes a number from outside: spaces around it go, small letters become capital.
    ///
    /// # Errors
    /// [`CreditCodeError`] for the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, CreditCodeError> {
        let text = text.trim().to_ascii_uppercase();
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 18
            && bytes.iter().all(|byte| ALPHABET.contains(byte))
            && bytes[2..8].iter().all(u8::is_ascii_digit);
        if !is_shaped {
            return Err(CreditCodeError::Shape);
        }
        if credit_check_character(&bytes[..17]) != bytes[17] {
            return Err(CreditCodeError::Checksum);
        }
        Ok(Self(text))
    }

    /// The number itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The last character of a number: GB 32100-2015, 4.6: 31 less the sum of 17 values times 3^i, modulo 31.
pub fn credit_check_character(first: &[u8]) -> u8 {
    let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte).unwrap_or_default();
    let (sum, _) =
        first.iter().take(17).fold((0, 1), |(sum, weight), byte| (sum + value(byte) * weight, weight * 3 % 31));
    ALPHABET[(31 - sum % 31) % 31]
}

impl TryFrom<String> for CreditCode {
    type Error = CreditCodeError;

    fn try_from(text: String) -> Result<Self, CreditCodeError> {
        Self::parse(&text)
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_at_the_door() {
        for (text, expect) in [
            // Numbers of public bodies that stand in published service catalogues, and of a large company.
            ("11440100007483180K", Ok("11440100007483180K")),
            ("114401005799639727", Ok("114401005799639727")),
            (" 91350100m000100y43 ", Ok("91350100M000100Y43")),
            ("91350100M000100Y44", Err(CreditCodeError::Checksum)),
            ("91350100I000100Y43", Err(CreditCodeError::Shape)),
            ("9135010XM000100Y43", Err(CreditCodeError::Shape)),
            ("91350100M000100Y4", Err(CreditCodeError::Shape)),
            ("", Err(CreditCodeError::Shape)),
        ] {
            assert_eq!(CreditCode::parse(text).as_ref().map(CreditCode::as_str), expect.as_ref().copied(), "{text}");
        }
    }

    #[test]
    fn every_single_wrong_character_is_noticed() {
        let right = "91350100M000100Y43";
        for at in 0..17 {
            for other in ALPHABET {
                let mut text = right.as_bytes().to_vec();
                if text[at] == *other {
                    continue;
                }
                text[at] = *other;
                assert!(CreditCode::parse(std::str::from_utf8(&text).unwrap()).is_err(), "{at} as {other}");
            }
        }
    }
}
