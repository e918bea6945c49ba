//! Files of flights on the disk, and pictures of them for people: smaller and without metadata, made when somebody first
//! looks.

use std::fs;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat};
use model::FlightId;
use store::FlightFileRow;
use tokio::sync::Semaphore;

use super::FlightError;
use crate::Context;
use crate::evidence::{Files, write_synced};
use crate::picture::{PictureError, decode_within, encode};

/// Largest picture of a flight, pixels: above the 48 Mpx of today's drones.
const PIXELS_MAX: u64 = 64_000_000;
/// Pictures that are decoded at a time: each holds some 200 MB at most.
static DECODING: Semaphore = Semaphore::const_new(2);

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewSize {
    /// For looking at, and for comparing: at most 2,048 pixels along a side.
    View,
    /// For lists: at most 320.
    Thumb,
}

impl ViewSize {
    const fn side(self) -> u32 {
        match self {
            Self::View => 2_048,
            Self::Thumb => 320,
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::View => "view.jpg",
            Self::Thumb => "thumb.jpg",
        }
    }
}

/// How large the view of a picture is.
pub fn view_size((width, height): (u32, u32)) -> (u32, u32) {
    let side = ViewSize::View.side();
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let scaled = |length: u32| ((f64::from(length) * f64::from(side) / f64::from(longer)).round() as u32).max(1);
    (scaled(width), scaled(height))
}

/// Where a file of a flight is, as it came.
pub fn file_path(files: &Files, flight: FlightId, number: u32) -> PathBuf {
    files.folder().join("flights").join(flight.to_string()).join(number.to_string())
}

/// A picture of a flight as a JPEG without metadata.
///
/// # Errors
/// [`FlightError::Pair`] for what is no picture, [`FlightError::Picture`] for one that cannot be read.
pub async fn view(
    ctx: &Context,
    flight: FlightId,
    file: &FlightFileRow,
    size: ViewSize,
) -> Result<Vec<u8>, FlightError> {
    if file.kind != "picture" {
        return Err(FlightError::Pair(format!("{} is a {}, no picture", file.name, file.kind)));
    }
    let source = file_path(&ctx.files, flight, file.number);
    let kept = source.with_extension(size.end());
    let (name, whole) = (file.name.clone(), source.clone());
    if let Ok(bytes) = tokio::fs::read(&kept).await {
        return Ok(bytes);
    }
    let _turn = DECODING.acquire().await.map_err(|_| FlightError::Away)?;
    let work = move || {
        let bytes = fs::read(&whole)?;
        let (view, thumb) = smaller(&bytes).map_err(|error| FlightError::Picture { name, error })?;
        // What is shown can be made again: a disk that refuses it takes nothing away from who looks.
        for (size, bytes) in [(ViewSize::View, &view), (ViewSize::Thumb, &thumb)] {
            if let Err(error) = write_synced(&whole.with_extension(size.end()), bytes) {
                tracing::warn!(%error, "a picture of a flight is made again next time");
            }
        }
        Ok(if size == ViewSize::View { view } else { thumb })
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| FlightError::Away)?
}

fn smaller(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), PictureError> {
    let format = match infer::get(bytes).map_or("", |kind| kind.mime_type()) {
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        _ => ImageFormat::Jpeg,
    };
    let whole = DynamicImage::ImageRgb8(decode_within(bytes, format, PIXELS_MAX)?.into_rgb8());
    let side = ViewSize::View.side();
    let view = if whole.width().max(whole.height()) > side {
        let (width, height) = view_size((whole.width(), whole.height()));
        whole.resize_exact(width, height, image::imageops::Triangle)
    } else {
        whole
    };
    let thumb = view.thumbnail(ViewSize::Thumb.side(), ViewSize::Thumb.side());
    Ok((encode(&view, 88)?, encode(&thumb, 76)?))
}
