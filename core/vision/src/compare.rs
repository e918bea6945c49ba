//! The whole comparison, from limits to regions.

use image::RgbImage;

use crate::homography::Homography;
use crate::light::even_out;
use crate::plane::{Plane, channels, luma, variance};
use crate::regions::{Blob, Rect, Region, differing};
use crate::register::{LEAST_INLIERS, register};

/// Most pixels of a picture: 24 million, a phone's photograph; 72 MB of channels before they are made smaller.
const MOST_PIXELS: u64 = 24_000_000;
/// The shorter side at least: below this too few corners fit to compare.
const LEAST_SIDE: u32 = 160;
/// The longer side that pictures are compared at.
const WORKING_SIDE: u32 = 1_024;
/// Fine detail over contrast below which a picture is blurred; chosen, not yet measured over real photographs.
const LEAST_SHARPNESS: f32 = 0.004;
/// Standard deviation below which a picture shows nothing: a lens cap, a wall, a night.
const LEAST_CONTRAST: f32 = 4.0;

/// Which of the two pictures an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// The baseline.
    Before,
    /// The new picture.
    After,
}

impl std::fmt::Display for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Picture::Before => "the baseline",
            Picture::After => "the new picture",
        })
    }
}

/// What to look for, and where not to.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Seed of the search for the registration; the same seed gives the same answer.
    pub seed: u64,
    /// Smallest region reported, as a share of the first picture's area.
    pub least_area: f64,
    /// Parts of the first picture, in its pixels, where differences do not count.
    pub ignore: Vec<Rect>,
}

impl Default for CompareOptions {
    /// Nothing ignored; regions from a ten-thousandth of the picture.
    fn default() -> Self {
        CompareOptions { seed: 1, least_area: 1e-4, ignore: Vec::new() }
    }
}

/// What two pictures of one scene have and do not have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// From the first picture's pixels to the second's; `warp` lays the second over the first with it.
    pub map: Homography,
    /// Places that agreed about the map.
    pub inliers: usize,
    /// Root mean square by which they strayed from it, in pixels of the first picture.
    pub residual_px: f64,
    /// Share of the first picture that the second shows, from 0 to 1.
    pub overlap: f64,
    /// Places that differ, the largest first.
    pub regions: Vec<Region>,
}

/// Why two pictures cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompareError {
    /// Take it at a lower resolution.
    #[error("{picture} has {pixels} pixels; at most {MOST_PIXELS} are compared")]
    TooLarge {
        /// Which picture.
        picture: Picture,
        /// Its pixels.
        pixels: u64,
    },
    /// Take it at a higher resolution.
    #[error("{picture} is {width} by {height} pixels; each side has to have at least {LEAST_SIDE}")]
    TooSmall {
        /// Which picture.
        picture: Picture,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// Nothing is seen on it: a covered lens, a wall, darkness.
    #[error("{picture} shows hardly any contrast; take it with the lens free and with light")]
    TooPlain {
        /// Which picture.
        picture: Picture,
    },
    /// Take it again with a steady hand and in focus.
    #[error("{picture} is blurred; take it again, held still and in focus")]
    TooBlurred {
        /// Which picture.
        picture: Picture,
    },
    /// Another scene, or seen from too far to a side.
    #[error(
        "only {inliers} places of the two pictures agree, {LEAST_INLIERS} are needed; take it from where the baseline was taken"
    )]
    NotTheSameScene {
        /// Places that agreed.
        inliers: usize,
    },
    /// The same scene, but mostly beside the picture.
    #[error("the new picture shows {} % of the baseline; at least 30 % is needed", (overlap * 100.0).round())]
    TooLittleOverlap {
        /// Share of the baseline that is shown.
        overlap: f64,
    },
}

/// Finds how the second picture lies over the first and what differs.
///
/// # Errors
/// When a picture is unfit to be compared, or the two do not show one scene.
pub fn compare(before: &RgbImage, after: &RgbImage, options: &CompareOptions) -> Result<Comparison, CompareError> {
    check_size(before, Picture::Before)?;
    check_size(after, Picture::After)?;
    let (first, first_scale) = working(before);
    let (second, second_scale) = working(after);
    let (first_luma, second_luma) = (luma(&first), luma(&second));
    check_quality(&first_luma, Picture::Before)?;
    check_quality(&second_luma, Picture::After)?;
    let found = register(&first_luma, &second_luma, options.seed)
        .map_err(|inliers| CompareError::NotTheSameScene { inliers })?;

    let (mut laid, seen) = lay_over(&second, &found.map, &first[0]);
    let overlap = seen.iter().filter(|s| **s).count() as f64 / seen.len() as f64;
    if overlap < 0.3 {
        return Err(CompareError::TooLittleOverlap { overlap });
    }
    even_out(&first, &mut laid, &seen);
    let compared = without_ignored(&seen, first[0].width, first_scale, &options.ignore);
    let least_px = (options.least_area * seen.len() as f64).max(12.0) as usize;
    let blobs = differing(&first, &laid, &compared, least_px);

    let whole = |scale: f64| Homography::scale(1.0 / scale);
    let map = whole(second_scale).after(&found.map).after(&Homography::scale(first_scale));
    let map = Homography(map.0.map(|v| v / map.0[8]));
    let mut regions: Vec<Region> =
        blobs.iter().map(|blob| region_of(blob, first[0].width, first_scale, &map, after)).collect();
    regions.sort_by(|a, b| b.area_px.total_cmp(&a.area_px));
    Ok(Comparison { map, inliers: found.inliers, residual_px: found.residual_px / first_scale, overlap, regions })
}

fn check_size(picture: &RgbImage, which: Picture) -> Result<(), CompareError> {
    let (width, height) = picture.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return Err(CompareError::TooLarge { picture: which, pixels });
    }
    if width.min(height) < LEAST_SIDE {
        return Err(CompareError::TooSmall { picture: which, width, height });
    }
    Ok(())
}

fn check_quality(luma: &Plane, picture: Picture) -> Result<(), CompareError> {
    if variance(&luma.values).sqrt() < LEAST_CONTRAST {
        return Err(CompareError::TooPlain { picture });
    }
    if luma.sharpness() < LEAST_SHARPNESS {
        return Err(CompareError::TooBlurred { picture });
    }
    Ok(())
}

/// The picture at the size it is compared at, and by how much it was scaled.
fn working(picture: &RgbImage) -> ([Plane; 3], f64) {
    let planes = channels(picture);
    let (width, height) = picture.dimensions();
    let scale = f64::from(WORKING_SIDE) / f64::from(width.max(height));
    if scale >= 1.0 {
        return (planes, 1.0);
    }
    // At least one pixel: a strip of 160 by 150 000 keeps its short side.
    let side = |length: u32| ((f64::from(length) * scale).round() as usize).max(1);
    (planes.map(|plane| plane.resized(side(width), side(height))), scale)
}

/// The second picture on the first's pixels, and where it shows them.
fn lay_over(after: &[Plane; 3], map: &Homography, like: &Plane) -> ([Plane; 3], Vec<bool>) {
    let mut laid: [Plane; 3] = std::array::from_fn(|_| Plane::new(like.width, like.height));
    let mut seen = vec![false; like.values.len()];
    for (at, is_seen) in seen.iter_mut().enumerate() {
        let (x, y) = map.apply(((at % like.width) as f64, (at / like.width) as f64));
        for (channel, plane) in after.iter().enumerate() {
            let Some(value) = plane.sample(x, y) else { break };
            laid[channel].values[at] = value;
            *is_seen = true;
        }
    }
    (laid, seen)
}

/// Pixels of the working picture at its edges that are not compared: what is next to them is not known.
const MARGIN: usize = 5;

/// Seen, away from what is not, and not ignored.
fn without_ignored(seen: &[bool], width: usize, scale: f64, ignore: &[Rect]) -> Vec<bool> {
    let height = seen.len() / width;
    let share = Plane { width, height, values: seen.iter().map(|s| f32::from(u8::from(*s))).collect() }.box_mean(3);
    (0..seen.len())
        .map(|at| {
            let (x, y) = ((at % width) as f64 / scale, (at / width) as f64 / scale);
            let is_inner = (MARGIN..width.saturating_sub(MARGIN)).contains(&(at % width))
                && (MARGIN..height.saturating_sub(MARGIN)).contains(&(at / width));
            is_inner && share.values[at] > 0.999 && !ignore.iter().any(|rect| rect.contains(x, y))
        })
        .collect()
}

fn region_of(blob: &Blob, width: usize, scale: f64, map: &Homography, after: &RgbImage) -> Region {
    let points = blob.pixels.iter().map(|at| ((at % width) as f64, (at / width) as f64));
    let (left, top, right, bottom) = bounds(points);
    let before = Rect {
        x: left / scale,
        y: top / scale,
        width: (right - left + 1.0) / scale,
        height: (bottom - top + 1.0) / scale,
    };
    let (right, bottom) = (before.x + before.width, before.y + before.height);
    let corners = [(before.x, before.y), (right, before.y), (right, bottom), (before.x, bottom)];
    let (left, top, right, bottom) = bounds(corners.into_iter().map(|corner| map.apply(corner)));
    let (left, right) = (left.max(0.0), right.min(f64::from(after.width())));
    let (top, bottom) = (top.max(0.0), bottom.min(f64::from(after.height())));
    Region {
        before,
        after: Rect { x: left, y: top, width: (right - left).max(0.0), height: (bottom - top).max(0.0) },
        area_px: blob.pixels.len() as f64 / (scale * scale),
        strength: blob.strength,
    }
}

/// Least and greatest x and y: left, top, right, bottom.
fn bounds(points: impl Iterator<Item = (f64, f64)>) -> (f64, f64, f64, f64) {
    points
        .fold((f64::MAX, f64::MAX, f64::MIN, f64::MIN), |(l, t, r, b), (x, y)| (l.min(x), t.min(y), r.max(x), b.max(y)))
}
