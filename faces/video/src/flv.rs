//! FLV (Adobe Flash Video File Format 10.1, annex E): how pieces of a pushed picture are handed to `ffmpeg`.

use bytes::{BufMut, Bytes, BytesMut};

/// The head of a file with pictures and no sound, and the length of the tag before the first.
pub(crate) const HEAD: &[u8] = b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00";

/// The kind of a tag of pictures.
const VIDEO: u8 = 9;

/// What a piece is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// What a decoder needs to know before anything.
    Header,
    /// A picture that needs no other.
    Key,
    /// A picture that builds on others.
    Inter,
    /// Coded so that `ffmpeg` 5 does not read it: H.265 and AV1 of Enhanced RTMP.
    Foreign,
    /// Nothing to see.
    Nothing,
}

impl Piece {
    /// What a tag's body is.
    pub fn of(body: &[u8]) -> Self {
        match *body {
            [first, ..] if first & 0x80 != 0 => Self::Foreign,
            // H.264: a header, pictures, or the end.
            [first, kind, _, _, _, ..] if first & 0x0f == 7 => match (kind, first >> 4) {
                (0, _) => Self::Header,
                (1, 1) => Self::Key,
                (1, 2..=4) => Self::Inter,
                _ => Self::Nothing,
            },
            [first, _, ..] if first & 0x0f != 7 && first >> 4 == 1 => Self::Key,
            [first, _, ..] if first & 0x0f != 7 && matches!(first >> 4, 2..=4) => Self::Inter,
            _ => Self::Nothing,
        }
    }
}

/// A tag with the length that follows it.
pub(crate) fn tag(timestamp: u32, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(body.len() + 15);
    // The door takes no body of 16 MB.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX) & 0x00ff_ffff;
    bytes.put_u8(VIDEO);
    bytes.put_uint(length.into(), 3);
    bytes.put_uint((timestamp & 0x00ff_ffff).into(), 3);
    bytes.put_u8((timestamp >> 24) as u8);
    bytes.put_uint(0, 3);
    bytes.put_slice(body);
    bytes.put_u32(length + 11);
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart() {
        for (body, expect) in [
            (&[0x17, 0, 0, 0, 0, 1][..], Piece::Header),
            (&[0x17, 1, 0, 0, 0, 1], Piece::Key),
            (&[0x27, 1, 0, 0, 0, 1], Piece::Inter),
            (&[0x17, 2, 0, 0, 0], Piece::Nothing),
            (&[0x57, 0], Piece::Nothing),
            (&[0x12, 0, 0], Piece::Key),
            (&[0x22, 0, 0], Piece::Inter),
            (&[0x90, b'h', b'v', b'c', b'1'], Piece::Foreign),
            (&[0x17], Piece::Nothing),
            (&[], Piece::Nothing),
        ] {
            assert_eq!(Piece::of(body), expect, "{body:02x?}");
        }
    }

    #[test]
    fn a_tag_has_its_length_before_and_behind() {
        let bytes = tag(0x0102_0304, &[0x17, 1]);
        assert_eq!(bytes[..], [9, 0, 0, 2, 2, 3, 4, 1, 0, 0, 0, 0x17, 1, 0, 0, 0, 13]);
    }
}
