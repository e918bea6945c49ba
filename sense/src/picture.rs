//! Pictures at the door: sniffed, bounded, read for time and place, then written anew without any metadata.
//!
//! Writing anew (and not cutting segments out) removes EXIF, XMP, IPTC, thumbnails and anything hidden behind the
//! picture in one step, and turns it upright. Never trusts a file name or a declared media type.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use model::Instant;

/// Largest upload, in bytes.
pub const BYTES_MAX: usize = 12 * 1024 * 1024;

/// Largest picture, in pixels: 40 Mpx, above every phone's normal mode.
pub const PIXELS_MAX: u64 = 40_000_000;

/// Longest side of the picture kept, in pixels: enough to read a number plate at ten metres.
const SIDE_MAX: u32 = 2_560;

/// Longest side of the thumbnail, in pixels.
const THUMB_SIDE: u32 = 480;

/// JPEG quality of what is kept and of the thumbnail.
const QUALITY: (u8, u8) = (88, 76);

/// A picture ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// JPEG without metadata.
    pub jpeg: Vec<u8>,
    /// JPEG thumbnail.
    pub thumb: Vec<u8>,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// When the camera says it was taken; only with a time zone is it an instant.
    pub taken_at: Option<Instant>,
    /// Where the camera says it was taken: longitude, latitude in degrees (WGS 84).
    pub lon_lat: Option<(f64, f64)>,
}

/// Why a file is not a picture we keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Too many bytes.
    #[error("the file has {bytes} bytes; at most {BYTES_MAX} are taken")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
    },
    /// Not a kind we take.
    #[error("the file is {found}; JPEG, PNG and WebP pictures are taken")]
    Kind {
        /// What the first bytes say.
        found: String,
    },
    /// Too many pixels.
    #[error("the picture has {width} x {height} pixels; at most {limit} in all are taken")]
    TooManyPixels {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
        /// The limit.
        limit: u64,
    },
    /// Cannot be decoded.
    #[error("the picture is damaged and cannot be read")]
    Damaged,
}

/// Reads a picture and makes what is kept of it.
///
/// # Errors
/// [`PictureError`], naming the limit.
pub fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.len() > BYTES_MAX {
        return Err(PictureError::TooLarge { bytes: bytes.len() });
    }
    let format = sniff(bytes)?;
    let (taken_at, lon_lat) = read_exif(bytes);
    let upright = decode(bytes, format)?;
    let kept = if upright.width().max(upright.height()) > SIDE_MAX {
        upright.resize(SIDE_MAX, SIDE_MAX, image::imageops::Triangle)
    } else {
        upright
    };
    let kept = DynamicImage::ImageRgb8(kept.to_rgb8());
    let thumb = kept.thumbnail(THUMB_SIDE, THUMB_SIDE);
    Ok(Picture {
        jpeg: encode(&kept, QUALITY.0)?,
        thumb: encode(&thumb, QUALITY.1)?,
        width: kept.width(),
        height: kept.height(),
        taken_at,
        lon_lat,
    })
}

fn sniff(bytes: &[u8]) -> Result<ImageFormat, PictureError> {
    let kind = infer::get(bytes).map_or("of an unknown kind", |kind| kind.mime_type());
    match kind {
        "image/jpeg" => Ok(ImageFormat::Jpeg),
        "image/png" => Ok(ImageFormat::Png),
        "image/webp" => Ok(ImageFormat::WebP),
        found => Err(PictureError::Kind { found: found.to_owned() }),
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, PictureError> {
    decode_within(bytes, format, PIXELS_MAX)
}

/// Decodes a picture of at most so many pixels, and turns it upright.
pub(crate) fn decode_within(bytes: &[u8], format: ImageFormat, pixels_max: u64) -> Result<DynamicImage, PictureError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * 4 * pixels_max);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PictureError::Damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(PictureError::TooManyPixels { width, height, limit: pixels_max });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Damaged)?;
    image.apply_orientation(orientation);
    Ok(image)
}

pub(crate) fn encode(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, PictureError> {
    let mut out = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut out, quality)).map_err(|_| PictureError::Damaged)?;
    Ok(out)
}

/// Time and place from EXIF; anything odd in it is simply not known.
fn read_exif(bytes: &[u8]) -> (Option<Instant>, Option<(f64, f64)>) {
    let Ok(exif) = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)) else { return (None, None) };
    let at = exif_time(&exif).and_then(|(local, offset)| format!("{local}{}", offset?).parse().ok());
    (at, exif_lon_lat(&exif))
}

fn exif_text(exif: &exif::Exif, tag: exif::Tag) -> Option<String> {
    match &exif.get_field(tag, exif::In::PRIMARY)?.value {
        exif::Value::Ascii(texts) => Some(String::from_utf8_lossy(texts.first()?).trim().to_owned()),
        _ => None,
    }
}

/// `DateTimeOriginal` (`2026:11:23 08:00:00`) with `OffsetTimeOriginal` (`+08:00`), EXIF 2.32 §4.6.5 F.
/// As `2026-11-23T08:00:00` and `+08:00`.
pub(crate) fn exif_time(exif: &exif::Exif) -> Option<(String, Option<String>)> {
    let local = exif_text(exif, exif::Tag::DateTimeOriginal)?;
    let (date, time) = local.split_once(' ')?;
    Some((format!("{}T{time}", date.replace(':', "-")), exif_text(exif, exif::Tag::OffsetTimeOriginal)))
}

pub(crate) fn exif_lon_lat(exif: &exif::Exif) -> Option<(f64, f64)> {
    let lat = exif_degrees(exif, exif::Tag::GPSLatitude)? * exif_sign(exif, exif::Tag::GPSLatitudeRef, "S")?;
    let lon = exif_degrees(exif, exif::Tag::GPSLongitude)? * exif_sign(exif, exif::Tag::GPSLongitudeRef, "W")?;
    let is_null_island = lat == 0.0 && lon == 0.0;
    (lat.abs() <= 90.0 && lon.abs() <= 180.0 && !is_null_island).then_some((lon, lat))
}

fn exif_degrees(exif: &exif::Exif, tag: exif::Tag) -> Option<f64> {
    match &exif.get_field(tag, exif::In::PRIMARY)?.value {
        exif::Value::Rational(parts) if parts.len() == 3 && parts.iter().all(|part| part.denom != 0) => {
            Some(parts[0].to_f64() + parts[1].to_f64() / 60.0 + parts[2].to_f64() / 3_600.0)
        }
        _ => None,
    }
}

fn exif_sign(exif: &exif::Exif, tag: exif::Tag, negative: &str) -> Option<f64> {
    let reference = exif_text(exif, tag)?;
    Some(if reference.eq_ignore_ascii_case(negative) { -1.0 } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Vec::new();
        DynamicImage::new_rgb8(width, height).write_to(&mut Cursor::new(&mut out), ImageFormat::Png).unwrap();
        out
    }

    /// A JPEG with an EXIF block: big-endian TIFF with orientation 6, an instant, and a GPS place.
    fn jpeg_with_exif() -> Vec<u8> {
        let mut writer = exif::experimental::Writer::new();
        let ascii = |text: &str| exif::Value::Ascii(vec![text.as_bytes().to_vec()]);
        let degrees = |d, m, s| {
            exif::Value::Rational([d, m, s].into_iter().map(|num| exif::Rational { num, denom: 1 }).collect())
        };
        let fields: Vec<_> = [
            (exif::Tag::Orientation, exif::Value::Short(vec![6])),
            (exif::Tag::DateTimeOriginal, ascii("2026:11:23 16:00:00")),
            (exif::Tag::OffsetTimeOriginal, ascii("+08:00")),
            (exif::Tag::GPSLatitudeRef, ascii("N")),
            (exif::Tag::GPSLatitude, degrees(32, 30, 0)),
            (exif::Tag::GPSLongitudeRef, ascii("E")),
            (exif::Tag::GPSLongitude, degrees(112, 54, 0)),
        ]
        .into_iter()
        .map(|(tag, value)| exif::Field { tag, ifd_num: exif::In::PRIMARY, value })
        .collect();
        for field in &fields {
            writer.push_field(field);
        }
        let mut tiff = Cursor::new(Vec::new());
        writer.write(&mut tiff, false).unwrap();
        let mut segment = b"Exif\0\0".to_vec();
        segment.extend(tiff.into_inner());
        let plain = encode(&DynamicImage::new_rgb8(40, 20), 80).unwrap();
        let mut out = vec![0xFF, 0xD8, 0xFF, 0xE1];
        out.extend(u16::try_from(segment.len() + 2).unwrap().to_be_bytes());
        out.extend(&segment);
        out.extend(&plain[2..]);
        out
    }

    #[test]
    fn time_and_place_are_read_and_then_gone() {
        let picture = read(&jpeg_with_exif()).unwrap();
        assert_eq!(picture.taken_at.unwrap().to_string(), "2026-11-23T08:00:00Z");
        assert_eq!(picture.lon_lat, Some((112.9, 32.5)));
        assert_eq!((picture.width, picture.height), (20, 40), "turned upright");
        assert!(!picture.jpeg.windows(4).any(|window| window == b"Exif"));
        assert_eq!(read_exif(&picture.jpeg), (None, None));
    }

    #[test]
    fn large_pictures_are_scaled_and_small_ones_kept() {
        let large = read(&png(5_000, 1_000)).unwrap();
        assert_eq!((large.width, large.height), (2_560, 512));
        let small = read(&png(30, 20)).unwrap();
        assert_eq!((small.width, small.height), (30, 20));
    }

    #[test]
    fn what_is_not_a_picture_is_refused_with_the_reason() {
        assert!(matches!(read(b"%PDF-1.7 ..."), Err(PictureError::Kind { .. })));
        assert!(matches!(read(b""), Err(PictureError::Kind { .. })));
        assert!(matches!(read(&vec![0; BYTES_MAX + 1]), Err(PictureError::TooLarge { .. })));
        let mut cut = png(300, 300);
        cut.truncate(60);
        assert_eq!(read(&cut), Err(PictureError::Damaged));
    }

    #[test]
    fn a_small_file_that_claims_a_huge_picture_is_refused_before_decoding() {
        let mut bomb = png(10, 10);
        // IHDR: width and height are at bytes 16..24, its CRC at 29..33.
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let refused = read(&bomb).unwrap_err();
        assert!(matches!(refused, PictureError::TooManyPixels { .. } | PictureError::Damaged), "{refused:?}");
    }
}
