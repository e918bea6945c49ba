//! Reading and writing the few forms of DER (X.690) that time stamps are made of. Strict: one length has one spelling.

/// Tags of ASN.1 as DER writes them.
pub(super) mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OID: u8 = 0x06;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    /// `[0]` around a value, or in place of a constructed one.
    pub const CONTEXT_0: u8 = 0xa0;
    /// `[3]` around a value.
    pub const CONTEXT_3: u8 = 0xa3;
}

/// What is wrong with the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The bytes end within a value.
    #[error("the DER ends within a value")]
    Truncated,
    /// A length in more bytes than it needs, without an end, or above 2^24.
    #[error("a DER length is not in its shortest form, or above 16 MiB")]
    Length,
    /// Another value than the format wants here.
    #[error("the DER has tag {got:#04x} where {wanted:#04x} belongs")]
    Tag {
        /// The tag wanted.
        wanted: u8,
        /// The tag found; 0 at the end.
        got: u8,
    },
    /// Bytes follow the last value.
    #[error("{0} bytes follow the last DER value")]
    Trailing(usize),
}

/// Values one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Der<'a>(pub &'a [u8]);

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub tag: u8,
    /// Without tag and length.
    pub content: &'a [u8],
    /// With them.
    pub whole: &'a [u8],
}

impl<'a> Der<'a> {
    /// The tag of the next value; 0 at the end.
    pub fn peek(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    /// The next value, whatever it is.
    pub fn read(&mut self) -> Result<Value<'a>, DerError> {
        let [tag, first, rest @ ..] = self.0 else { return Err(DerError::Truncated) };
        // Below 128 the byte is the length, above it says how many bytes the length has.
        let (length, rest) = match usize::from(*first) {
            short @ 0..=0x7f => (short, rest),
            long @ 0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(long - 0x80).ok_or(DerError::Truncated)?;
                let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
                if length < 0x80 || digits[0] == 0 {
                    return Err(DerError::Length);
                }
                (length, rest)
            }
            _ => return Err(DerError::Length),
        };
        let (content, after) = rest.split_at_checked(length).ok_or(DerError::Truncated)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Ok(Value { tag: *tag, content, whole })
    }

    /// The next value, which must have that tag.
    pub fn value(&mut self, wanted: u8) -> Result<Value<'a>, DerError> {
        if self.peek() == wanted { self.read() } else { Err(DerError::Tag { wanted, got: self.peek() }) }
    }

    /// What is in the next value, which must have that tag.
    pub fn content(&mut self, wanted: u8) -> Result<&'a [u8], DerError> {
        self.value(wanted).map(|value| value.content)
    }

    /// The values in the next value, which must have that tag.
    pub fn within(&mut self, wanted: u8) -> Result<Der<'a>, DerError> {
        self.content(wanted).map(Der)
    }

    /// The next value where it has that tag.
    pub fn optional(&mut self, wanted: u8) -> Result<Option<Value<'a>>, DerError> {
        if self.peek() == wanted { self.read().map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), DerError> {
        if self.0.is_empty() { Ok(()) } else { Err(DerError::Trailing(self.0.len())) }
    }
}

/// A value of that tag around some bytes.
pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|digit| **digit == 0).count()..];
    match digits {
        [] => bytes.push(0),
        [short] if *short < 0x80 => bytes.push(*short),
        _ => {
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let bytes = encode(tag::OCTET_STRING, &content);
            let mut der = Der(&bytes);
            assert_eq!(der.content(tag::OCTET_STRING), Ok(&content[..]), "{length}");
            der.end().unwrap();
        }
    }

    #[test]
    fn a_second_spelling_of_a_length_is_refused() {
        for (bytes, refused) in [
            (&[4, 0x81, 1, 0][..], DerError::Length),
            (&[4, 0x82, 0, 200], DerError::Length),
            (&[4, 0x80, 0, 0], DerError::Length),
            (&[4, 0x84, 0, 0, 0, 1], DerError::Length),
            (&[4, 2, 0], DerError::Truncated),
            (&[4], DerError::Truncated),
        ] {
            assert_eq!(Der(bytes).read(), Err(refused), "{bytes:02x?}");
        }
    }
}
