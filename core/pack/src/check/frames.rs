//! Checks of frames: every byte has one meaning.

use model::DeviceClassId;

use crate::city::{Checksum, FrameNumber, PropertyKind};
use crate::faults::Report;
use crate::source::types::{DeviceClassEntry, FrameEntry, FrameFieldEntry};
use crate::source::words::CodecWord;

/// Longest frame, bytes.
const LENGTH_MAX: i64 = 1_024;

/// Bytes of the time in a frame.
const TIME_BYTES: i64 = 4;

/// What stands at a place: from, to, and what.
type Part = (i64, i64, String);

pub(super) fn check_codec(id: &DeviceClassId, class: &DeviceClassEntry, report: &mut Report) {
    let is_frame = class.codec.as_ref().is_some_and(|codec| codec.value == CodecWord::Frame);
    match (&class.codec, &class.frame) {
        (Some(codec), None) if is_frame => {
            report.fault(codec.at, format!("class {id}: what stands where is said under frame"));
        }
        (_, Some(frame)) if !is_frame => {
            report.fault(frame.length.at, format!("class {id}: a frame is described, so its codec is frame"));
        }
        (_, Some(frame)) => check_frame(id, class, frame, report),
        (_, None) => {}
    }
}

fn check_frame(id: &DeviceClassId, class: &DeviceClassEntry, frame: &FrameEntry, report: &mut Report) {
    let length = frame.length.value;
    if !(1..=LENGTH_MAX).contains(&length) {
        report.fault(frame.length.at, format!("class {id}: a frame has 1 to {LENGTH_MAX} bytes"));
        return;
    }
    if frame.fields.is_empty() {
        report.fault(frame.length.at, format!("class {id}: its frame says nothing of any property"));
    }
    let mut parts: Vec<Part> = Vec::new();
    if let Some(start) = &frame.start {
        match bytes_of(&start.value) {
            Some(bytes) => parts.push((0, bytes.len() as i64, "its start".to_owned())),
            None => {
                report.fault(start.at, format!("class {id}: a start is 1 to 16 bytes in hexadecimal, such as 68aa"))
            }
        }
    }
    if let Some(checksum) = &frame.checksum {
        let bytes = i64::from(Checksum::bytes(checksum.value));
        parts.push((length - bytes, length, "its checksum".to_owned()));
    }
    if let Some(at) = &frame.time_at {
        place(id, &mut parts, (at.value, TIME_BYTES, "its time".to_owned()), length, at.at, report);
    }
    for field in &frame.fields {
        check_field(id, class, field, report);
        let number = field.number.value;
        let part = (field.at.value, i64::from(number.bytes()), format!("{}", field.property.value));
        if number == FrameNumber::Bit {
            // Bits share a byte with one another.
            let others: Vec<Part> = parts.iter().filter(|(_, _, what)| !is_bit(what, frame)).cloned().collect();
            let mut others = others;
            place(id, &mut others, part.clone(), length, field.at.at, report);
            parts.push((part.0, part.0 + 1, part.2));
        } else {
            place(id, &mut parts, part, length, field.at.at, report);
        }
    }
}

fn is_bit(what: &str, frame: &FrameEntry) -> bool {
    let is_it = |field: &FrameFieldEntry| field.property.value.as_str() == what;
    frame.fields.iter().any(|field| is_it(field) && field.number.value == FrameNumber::Bit)
}

/// Puts a part where nothing else is.
fn place(
    id: &DeviceClassId,
    parts: &mut Vec<Part>,
    (from, bytes, what): Part,
    length: i64,
    at: crate::faults::Pos,
    report: &mut Report,
) {
    if from < 0 || length < from + bytes {
        report.fault(at, format!("class {id}: {what} takes {bytes} bytes from {from}, the frame has {length}"));
        return;
    }
    let to = from + bytes;
    if let Some((_, _, other)) = parts.iter().find(|(begin, end, _)| from < *end && *begin < to) {
        report.fault(at, format!("class {id}: {what} stands where {other} stands"));
    }
    parts.push((from, to, what));
}

fn check_field(id: &DeviceClassId, class: &DeviceClassEntry, field: &FrameFieldEntry, report: &mut Report) {
    let name = &field.property.value;
    let found = class.properties.iter().find(|property| property.id.value == *name);
    let Some(property) = found else {
        report.fault(field.property.at, format!("class {id}: it has no property {name}"));
        return;
    };
    let is_truth = property.kind.as_ref().is_some_and(|kind| kind.value == PropertyKind::Truth);
    let is_bit = field.number.value == FrameNumber::Bit;
    if is_bit && !is_truth {
        report.fault(field.number.at, format!("class {id}: {name} is no truth, so it is no bit"));
    }
    if let Some(bit) = field.bit.as_ref().filter(|bit| !is_bit || !(0..=7).contains(&bit.value)) {
        report.fault(bit.at, format!("class {id}: {name}: a bit is 0 to 7, of a byte read as bit"));
    }
    if let Some(scale) = field.scale.as_ref().filter(|scale| scale.value == 0.0 || !scale.value.is_finite()) {
        report.fault(scale.at, format!("class {id}: {name}: a scale is a number other than 0"));
    }
}

/// Bytes in hexadecimal, at most 16.
pub(crate) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let is_whole = !text.is_empty() && text.len() <= 32 && text.len().is_multiple_of(2) && text.is_ascii();
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    if is_whole { (0..text.len()).step_by(2).map(byte).collect() } else { None }
}
