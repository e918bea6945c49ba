//! H.264 as WebRTC brings it (ITU-T H.264, annex B), written as FLV has it (ISO/IEC 14496-15).

/// Kinds of units (H.264, table 7-1).
const KEY_PICTURE: u8 = 5;
const PARAMETERS: u8 = 7;
const PICTURE_PARAMETERS: u8 = 8;
const DELIMITER: u8 = 9;

/// What became of one picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// What a decoder needs to know, where it is another than before.
    pub header: Option<Vec<u8>>,
    /// The picture.
    pub picture: Option<Vec<u8>>,
    /// It needs no other.
    pub is_key: bool,
}

/// Writes pictures of one source anew.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    parameters: Vec<u8>,
    picture_parameters: Vec<u8>,
    is_told: bool,
}

impl Writer {
    /// Writes a picture.
    pub fn write(&mut self, stream: &[u8]) -> Written {
        let mut body = Vec::with_capacity(stream.len() + 32);
        let (mut is_key, mut has_picture) = (false, false);
        for unit in units(stream) {
            match unit.first().map_or(0, |first| first & 0x1f) {
                PARAMETERS => keep(&mut self.parameters, unit, &mut self.is_told),
                PICTURE_PARAMETERS => keep(&mut self.picture_parameters, unit, &mut self.is_told),
                0 | DELIMITER => {}
                kind => {
                    is_key |= kind == KEY_PICTURE;
                    has_picture |= (1..=KEY_PICTURE).contains(&kind);
                    body.extend(u32::try_from(unit.len()).unwrap_or(u32::MAX).to_be_bytes());
                    body.extend_from_slice(unit);
                }
            }
        }
        let header = if self.is_told { None } else { self.header() };
        self.is_told |= header.is_some();
        let picture = has_picture.then(|| [&[if is_key { 0x17 } else { 0x27 }, 1, 0, 0, 0][..], &body].concat());
        Written { header, picture, is_key }
    }

    /// The decoder's configuration, when everything for it has come.
    fn header(&self) -> Option<Vec<u8>> {
        let profile = self.parameters.get(1..4)?;
        let length = |unit: &[u8]| u16::try_from(unit.len()).ok().filter(|length| *length > 0).map(u16::to_be_bytes);
        let (first, second) = (length(&self.parameters)?, length(&self.picture_parameters)?);
        // Version 1; lengths of four bytes; one set of each.
        let mut header = vec![0x17, 0, 0, 0, 0, 1];
        header.extend_from_slice(profile);
        header.extend([0xff, 0xe1]);
        header.extend([&first[..], &self.parameters, &[1], &second, &self.picture_parameters].concat());
        Some(header)
    }
}

fn keep(known: &mut Vec<u8>, unit: &[u8], is_told: &mut bool) {
    if known != unit {
        *known = unit.to_vec();
        *is_told = false;
    }
}

/// The units between start codes.
fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_code(stream);
    std::iter::from_fn(move || {
        let bytes = rest.filter(|bytes| !bytes.is_empty())?;
        let end = bytes.windows(3).position(|three| three == [0, 0, 1]).unwrap_or(bytes.len());
        rest = after_code(&bytes[end..]);
        let unit = &bytes[..end];
        // Zeros before a code are not of the unit: one always ends with a bit that is set.
        Some(&unit[..unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)])
    })
    .filter(|unit| !unit.is_empty())
}

fn after_code(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(3).position(|three| three == [0, 0, 1])?;
    Some(&bytes[at + 3..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::Piece;

    const SPS: [u8; 5] = [0x67, 0x42, 0xe0, 0x1f, 9];
    const PPS: [u8; 2] = [0x68, 0xce];

    fn stream(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect()
    }

    #[test]
    fn a_picture_comes_with_its_header_once() {
        let mut writer = Writer::default();
        let early = writer.write(&stream(&[&[0x41, 7]]));
        assert_eq!((early.header, early.is_key), (None, false), "nothing is known of it yet");
        let first = writer.write(&stream(&[&[9, 0x10], &SPS, &PPS, &[0x65, 1, 2, 0, 3]]));
        let header = first.header.unwrap();
        assert_eq!(
            header[..],
            [0x17, 0, 0, 0, 0, 1, 0x42, 0xe0, 0x1f, 0xff, 0xe1, 0, 5, 0x67, 0x42, 0xe0, 0x1f, 9, 1, 0, 2, 0x68, 0xce]
        );
        let picture = first.picture.unwrap();
        assert_eq!(picture[..], [0x17, 1, 0, 0, 0, 0, 0, 0, 5, 0x65, 1, 2, 0, 3]);
        assert_eq!((Piece::of(&header), Piece::of(&picture)), (Piece::Header, Piece::Key));
        let second = writer.write(&stream(&[&SPS, &PPS, &[0x65, 4]]));
        assert_eq!((second.header, second.is_key), (None, true), "it is the same");
        let third = writer.write(&stream(&[&[0x41, 4]]));
        assert_eq!(third.picture.as_deref().map(Piece::of), Some(Piece::Inter));
        let other = writer.write(&stream(&[&[0x67, 0x42, 0xe0, 0x28, 9], &[0x65, 4]]));
        assert!(other.header.is_some());
    }

    #[test]
    fn streams_that_are_none_write_nothing() {
        for bytes in [&[][..], &[0, 0, 1], &[0, 0, 0, 1, 0, 0, 0], &[1, 2, 3], &[0, 0, 1, 0x67], &[0, 0, 1, 0, 0, 1]] {
            assert_eq!(Writer::default().write(bytes), Written::default(), "{bytes:?}");
        }
        let mut writer = Writer::default();
        writer.write(&stream(&[&[0x67, 1], &PPS]));
        assert_eq!(writer.write(&stream(&[&[0x65, 1]])).header, None, "parameters without a profile");
    }
}
