//! Codes by which a mandate is taken: short enough to be read out, long enough not to be guessed.

use crate::token::sha256;

/// Letters of a code: Crockford's base 32, none of which is taken for another.
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters of a code: 50 bits, of which six are tried a minute at most.
const CODE_LEN: usize = 10;

/// A code of ten letters.
pub(crate) fn code_of(random: [u8; CODE_LEN]) -> String {
    random.iter().map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)])).collect()
}

/// The hash of a code as people type it: small letters, spaces and dashes, O for 0, I and L for 1.
pub(crate) fn code_hash(code: &str) -> [u8; 32] {
    let letters = code.chars().filter(|c| c.is_ascii_alphanumeric()).take(CODE_LEN + 1);
    let plain: String = letters
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    sha256(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_is_typed() {
        let code = code_of([0, 1, 2, 31, 32, 63, 10, 11, 17, 20]);
        assert_eq!(code, "012Z0ZABHM");
        for typed in ["012Z0ZABHM", "o1 2z0-zabhm", "Ol2Z0ZABHM", " 012z0-zabhm "] {
            assert_eq!(code_hash(typed), sha256(&code), "{typed}");
        }
        assert_ne!(code_hash("012Z0ZABHMX"), sha256(&code), "nothing beyond the code");
    }
}
