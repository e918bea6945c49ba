//! What a file of a flight is, and when, where and how it was taken.
//!
//! A file says it itself: EXIF and XMP of pictures, the header of films. Never trusts a name or a declared media type, and
//! never reads a film into memory.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use exif::{Exif, In, Tag, Value};
use image::metadata::Orientation;
use image::{ImageDecoder, ImageReader};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::{CameraPose, Instant};

use super::track::{self, Fix};
use crate::evidence::Scanner;
use crate::picture::{exif_lon_lat, exif_time};

/// Longest picture, bytes: a drone's camera of 48 Mpx writes some 25 MB.
pub const PICTURE_MAX: u64 = 64 << 20;
/// Where XMP is looked for: the head of a picture, bytes.
const HEAD: usize = 256 << 10;
/// Seconds from 1904, which films count from, to 1970 (ISO/IEC 14496-12 §8.2.2).
const SINCE_1904_S: i64 = 2_082_844_800;
/// Most boxes looked at in a film.
const BOXES_MAX: usize = 1_000;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A picture.
    Picture,
    /// A film.
    Film,
    /// Where the aircraft was.
    Track,
}

impl FileKind {
    /// The word of the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Film => "film",
            Self::Track => "track",
        }
    }
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What it is.
    pub kind: FileKind,
    /// What its bytes are.
    pub media_type: &'static str,
    /// Pixels across and down, upright; of a picture.
    pub size: Option<(u32, u32)>,
    /// When it was taken.
    pub at: Option<Instant>,
    /// Where: longitude, latitude in degrees.
    pub point: Option<(f64, f64)>,
    /// At what height, metres above sea level.
    pub height_m: Option<f64>,
    /// How the camera was held.
    pub pose: CameraPose,
    /// The fixes of a track.
    pub track: Vec<Fix>,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A picture is too large.
    #[error("the picture has {0} bytes; at most {PICTURE_MAX} are taken")]
    TooLarge(u64),
    /// It is something else.
    #[error(
        "it is {0}; JPEG, PNG and WebP pictures, MP4 and QuickTime films, and tracks (GPX, GeoJSON, SRT) are taken"
    )]
    Kind(&'static str),
    /// It is a text and no track.
    #[error(transparent)]
    Track(#[from] track::TrackError),
    /// It was not found clean.
    #[error(transparent)]
    Scan(#[from] crate::evidence::ScanError),
    /// The disk refused it.
    #[error("the file cannot be read: {0}")]
    Disk(std::io::ErrorKind),
}

impl From<std::io::Error> for MediaError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

/// Looks at a file. Times that name no zone are of this one. Pictures and tracks are scanned; films are handed out as they
/// came and never opened here.
///
/// # Errors
/// [`MediaError`].
pub fn look(path: &Path, zone: &TimeZone, scanner: Option<&dyn Scanner>) -> Result<Seen, MediaError> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut head = Vec::new();
    (&mut file).take(8 << 10).read_to_end(&mut head)?;
    file.rewind()?;
    match infer::get(&head).map_or("", |kind| kind.mime_type()) {
        kind @ ("image/jpeg" | "image/png" | "image/webp") => {
            if bytes > PICTURE_MAX {
                return Err(MediaError::TooLarge(bytes));
            }
            let whole = read_all(file, scanner)?;
            Ok(picture(&whole, kind, zone))
        }
        kind @ ("video/mp4" | "video/quicktime" | "video/x-m4v") => Ok(film(file, kind)),
        "" | "text/html" | "text/xml" | "application/xml" | "text/plain" | "application/json" => {
            if bytes > track::BYTES_MAX as u64 {
                return Err(MediaError::Kind("neither a picture nor a film"));
            }
            let whole = read_all(file, scanner)?;
            Ok(track_file(track::parse(&whole, zone)?, &whole))
        }
        other => Err(MediaError::Kind(other)),
    }
}

fn read_all(mut file: File, scanner: Option<&dyn Scanner>) -> Result<Vec<u8>, MediaError> {
    let mut whole = Vec::new();
    file.read_to_end(&mut whole)?;
    if let Some(scanner) = scanner {
        scanner.scan(&whole)?;
    }
    Ok(whole)
}

fn track_file(track: Vec<Fix>, whole: &[u8]) -> Seen {
    let media_type = match whole.iter().find(|byte| b"{<0123456789".contains(byte)) {
        Some(b'{') => "application/geo+json",
        Some(b'<') => "application/gpx+xml",
        _ => "application/x-subrip",
    };
    let at = track.first().map(|fix| fix.at);
    Seen {
        kind: FileKind::Track,
        media_type,
        size: None,
        at,
        point: None,
        height_m: None,
        pose: CameraPose::default(),
        track,
    }
}

fn picture(bytes: &[u8], media_type: &'static str, zone: &TimeZone) -> Seen {
    let exif = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)).ok();
    let exif = exif.as_ref();
    let head = &bytes[..bytes.len().min(HEAD)];
    let pose = CameraPose {
        yaw_deg: xmp_number(head, "GimbalYawDegree"),
        pitch_deg: xmp_number(head, "GimbalPitchDegree"),
        above_m: xmp_number(head, "RelativeAltitude"),
        focal_35mm: exif.and_then(focal_35mm),
    };
    Seen {
        kind: FileKind::Picture,
        media_type,
        size: picture_size(bytes),
        at: exif.and_then(|exif| taken_at(exif, zone)),
        point: exif.and_then(exif_lon_lat),
        height_m: exif.and_then(altitude),
        pose,
        track: Vec::new(),
    }
}

/// Upright, as the header says.
fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let on_its_side = matches!(
        decoder.orientation().ok()?,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    Some(if on_its_side { (height, width) } else { (width, height) })
}

/// The instant of a picture; where it names no offset, its clock was the city's.
fn taken_at(exif: &Exif, zone: &TimeZone) -> Option<Instant> {
    let (local, offset) = exif_time(exif)?;
    if let Some(at) = offset.and_then(|offset| format!("{local}{offset}").parse().ok()) {
        return Some(at);
    }
    let civil: DateTime = local.parse().ok()?;
    Some(Instant::from_micros(zone.to_timestamp(civil).ok()?.as_microsecond()))
}

/// `GPSAltitude`, negative where `GPSAltitudeRef` is 1 (EXIF 2.32 §4.6.6).
fn altitude(exif: &Exif) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(Tag::GPSAltitude, In::PRIMARY)?.value else { return None };
    let height = parts.first().filter(|part| part.denom != 0)?.to_f64();
    let below = exif.get_field(Tag::GPSAltitudeRef, In::PRIMARY).and_then(|field| field.value.get_uint(0)) == Some(1);
    Some(if below { -height } else { height })
}

fn focal_35mm(exif: &Exif) -> Option<f64> {
    let found = exif.get_field(Tag::FocalLengthIn35mmFilm, In::PRIMARY)?.value.get_uint(0)?;
    (1..=2_000).contains(&found).then(|| f64::from(found))
}

/// The number of a property of an XMP packet, written as an attribute (`name="+1.5"`) or as an element (`name>+1.5<`), as
/// drones write `drone-dji:GimbalYawDegree`.
fn xmp_number(head: &[u8], name: &str) -> Option<f64> {
    let name = name.as_bytes();
    let starts = head.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
    starts.map(|(start, _)| &head[start + name.len()..]).find_map(|rest| {
        let rest = rest.strip_prefix(b"=\"").or_else(|| rest.strip_prefix(b">"))?;
        let end = rest.iter().take(24).position(|byte| !b"+-.0123456789".contains(byte))?;
        let number: f64 = std::str::from_utf8(&rest[..end]).ok()?.trim_start_matches('+').parse().ok()?;
        number.is_finite().then_some(number)
    })
}

fn film(file: File, media_type: &'static str) -> Seen {
    let at = film_created(BufReader::new(file)).ok().flatten();
    Seen {
        kind: FileKind::Film,
        media_type,
        size: None,
        at,
        point: None,
        height_m: None,
        pose: CameraPose::default(),
        track: Vec::new(),
    }
}

/// When a film was begun: `creation_time` of its movie header (`moov/mvhd`), seconds of UTC since 1904.
fn film_created(mut file: impl Read + Seek) -> std::io::Result<Option<Instant>> {
    let mut place = 0_u64;
    for _ in 0..BOXES_MAX {
        file.seek(SeekFrom::Start(place))?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8])?;
        let mut long = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let mut around = 8;
        if long == 1 {
            file.read_exact(&mut head[8..])?;
            long = u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]]);
            around = 16;
        }
        match &head[4..8] {
            b"moov" => place += around,
            b"mvhd" => {
                let mut body = [0; 12];
                file.read_exact(&mut body)?;
                let seconds = if body[0] == 1 {
                    u64::from_be_bytes([body[4], body[5], body[6], body[7], body[8], body[9], body[10], body[11]])
                } else {
                    u64::from(u32::from_be_bytes([body[4], body[5], body[6], body[7]]))
                };
                // A camera without a clock writes 0.
                let since = i64::try_from(seconds).ok().map(|seconds| seconds - SINCE_1904_S);
                let micros = since.filter(|since| *since > 0).and_then(|since| since.checked_mul(1_000_000));
                return Ok(micros.filter(|micros| *micros < i64::MAX / 4).map(Instant::from_micros));
            }
            // To the end of the file, or no box at all.
            _ if long < around => return Ok(None),
            _ => place = place.saturating_add(long),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn properties_of_xmp_are_read_as_attributes_and_elements() {
        for (text, expect) in [
            (r#"drone-dji:GimbalYawDegree="-93.20" x"#, Some(-93.2)),
            (r#"drone-dji:GimbalYawDegree="+12" x"#, Some(12.0)),
            ("<drone-dji:GimbalYawDegree>+7.5</drone-dji:GimbalYawDegree>", Some(7.5)),
            (r#"xmlns:GimbalYawDegree='x' drone-dji:GimbalYawDegree="1.0" "#, Some(1.0)),
            (r#"drone-dji:GimbalYawDegree="" "#, None),
            (r#"drone-dji:GimbalYawDegree="north" "#, None),
            ("GimbalYawDegree", None),
            ("", None),
        ] {
            assert_eq!(xmp_number(text.as_bytes(), "GimbalYawDegree"), expect, "{text}");
        }
    }

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
        out.extend(name);
        out.extend(body);
        out
    }

    #[test]
    fn films_say_when_they_were_begun() {
        let seconds = u32::try_from(1_795_832_000 + SINCE_1904_S).unwrap();
        let short: Vec<u8> = [vec![0; 4], seconds.to_be_bytes().to_vec(), vec![0; 92]].concat();
        let long: Vec<u8> = [vec![1, 0, 0, 0], u64::from(seconds).to_be_bytes().to_vec(), vec![0; 100]].concat();
        let mut large = 1_u32.to_be_bytes().to_vec();
        large.extend(b"mdat");
        large.extend(24_u64.to_be_bytes());
        large.extend([7; 8]);
        let expect = Some(Instant::from_micros(1_795_832_000_000_000));
        for (name, parts, expect) in [
            (
                "header first",
                vec![boxed(b"ftyp", b"isom"), boxed(b"moov", &boxed(b"mvhd", &short)), boxed(b"mdat", &[0; 9])],
                expect,
            ),
            ("header last, behind a large box", vec![large, boxed(b"moov", &boxed(b"mvhd", &long))], expect),
            ("no clock", vec![boxed(b"moov", &boxed(b"mvhd", &[0; 100]))], None),
            ("no header", vec![boxed(b"ftyp", b"isom")], None),
            ("a box of no length", vec![vec![0, 0, 0, 3, b'f', b'r', b'e', b'e', 0, 0, 0, 0]], None),
        ] {
            assert_eq!(film_created(Cursor::new(parts.concat())).ok().flatten(), expect, "{name}");
        }
    }

    #[test]
    fn what_is_none_of_the_three_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, words) in [
            (&b"%PDF-1.7\n"[..], "application/pdf"),
            (b"PK\x03\x04rest of an archive", "application/zip"),
            (b"hello", "neither GPX"),
            (b"", "neither GPX"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = look(&path, &shanghai(), None).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..3_usize) {
            let mut file = [&b"\x00\x00\x00\x10ftypisom"[..], b"\xff\xd8\xff\xe1\x00\x20Exif\0\0MM", b""][kind].to_vec();
            file.extend(bytes);
            let _ = film_created(Cursor::new(&file));
            let _ = picture(&file, "image/jpeg", &shanghai());
        }
    }
}
