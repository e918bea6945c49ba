//! The compact form of what the engine remembers: whole numbers in groups of seven bits, texts with their lengths.

use model::{DeviceId, Instant};

/// A record that is not what was written, or was written by a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of the alarm engine is torn or of a later version")]
pub struct Torn;

/// Longest list in a record.
const LIST_MAX: u64 = 1 << 24;

/// Writes a record.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Begins a record with its version.
    pub(crate) fn versioned(version: u8) -> Self {
        Self(vec![version])
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.byte(value.into());
    }

    pub(crate) fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
    }

    /// Small numbers of either sign are short.
    pub(crate) fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub(crate) fn count(&mut self, value: usize) {
        self.unsigned(value as u64);
    }

    pub(crate) fn instant(&mut self, value: Instant) {
        self.signed(value.as_micros());
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.count(value.len());
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn maybe<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            put(self, value);
        }
    }

    pub(crate) fn list<T>(&mut self, values: &[T], mut put: impl FnMut(&mut Self, &T)) {
        self.count(values.len());
        values.iter().for_each(|value| put(self, value));
    }
}

/// Reads a record.
#[derive(Debug)]
pub(crate) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Begins with the version, which must be this one.
    pub(crate) fn versioned(bytes: &'b [u8], version: u8) -> Result<Self, Torn> {
        match bytes.split_first() {
            Some((first, rest)) if *first == version => Ok(Self(rest)),
            _ => Err(Torn),
        }
    }

    pub(crate) fn end(&self) -> Result<(), Torn> {
        if self.0.is_empty() { Ok(()) } else { Err(Torn) }
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], Torn> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Torn)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Torn> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Torn> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Torn),
        }
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Torn> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = u64::from(self.byte()?);
            let group = byte & 0x7f;
            if shift == 63 && group > 1 {
                return Err(Torn);
            }
            value |= group << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Torn)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Torn> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    pub(crate) fn count(&mut self) -> Result<usize, Torn> {
        let count = self.unsigned()?;
        if count > LIST_MAX { Err(Torn) } else { usize::try_from(count).map_err(|_| Torn) }
    }

    pub(crate) fn instant(&mut self) -> Result<Instant, Torn> {
        self.signed().map(Instant::from_micros)
    }

    pub(crate) fn float(&mut self) -> Result<f64, Torn> {
        let bytes: [u8; 8] = self.take(8)?.try_into().map_err(|_| Torn)?;
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Torn> {
        let len = self.count()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Torn)
    }

    pub(crate) fn device(&mut self) -> Result<DeviceId, Torn> {
        DeviceId::new(self.text()?).map_err(|_| Torn)
    }

    pub(crate) fn maybe<T>(&mut self, get: impl FnOnce(&mut Self) -> Result<T, Torn>) -> Result<Option<T>, Torn> {
        if self.flag()? { get(self).map(Some) } else { Ok(None) }
    }

    pub(crate) fn list<T>(&mut self, mut get: impl FnMut(&mut Self) -> Result<T, Torn>) -> Result<Vec<T>, Torn> {
        // Not with_capacity: a torn length must not ask for memory.
        let mut values = Vec::new();
        for _ in 0..self.count()? {
            values.push(get(self)?);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_small_ones_are_short() {
        for value in [0, -1, 1, 63, -64, 64, i64::MAX, i64::MIN] {
            let mut out = Writer::versioned(1);
            out.signed(value);
            let bytes = out.done();
            assert_eq!(Reader::versioned(&bytes, 1).unwrap().signed(), Ok(value));
            assert!(bytes.len() <= 2 || !(-64..64).contains(&value));
        }
        assert!(Reader::versioned(&[2, 0], 1).is_err(), "a later version");
        assert!(Reader(&[0xff; 10]).unsigned().is_err(), "too long");
        assert!(Reader(&[5, b'a']).text().is_err(), "torn");
    }
}
