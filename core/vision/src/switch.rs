//! Switches and lamps: which of the known positions a marked place shows.

use image::RgbImage;
use image::imageops::{FilterType, crop_imm, resize};

use crate::regions::Rect;

/// What a switch looks like in one position.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchPosition {
    /// Name of the position, such as "on".
    pub name: String,
    /// The marked place in that position, at any size.
    pub patch: RgbImage,
}

/// A switch or lamp: its place in the baseline and its positions.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchRegion {
    /// Place in the baseline's pixels.
    pub area: Rect,
    /// At least two positions.
    pub positions: Vec<SwitchPosition>,
}

/// Which position a switch is in.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchReading {
    /// Name of the position.
    pub position: String,
    /// From 0 to 1: by how much it looks more like this position than like the next best.
    pub confidence: f64,
}

/// Why a switch cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SwitchError {
    /// Mark the switch anew.
    #[error("the switch has {0} positions; at least 2 pictures of positions are needed")]
    TooFewPositions(usize),
    /// The picture does not show it.
    #[error("the switch's area is not wholly in the picture, or is less than 8 pixels wide or high")]
    Outside,
    /// It looks like none of its positions, or like two of them.
    #[error("the switch looks like no known position (best {best:?}, likeness {likeness:.2}, margin {margin:.2})")]
    Undecided {
        /// The position it looks most like.
        best: String,
        /// How alike, from -1 to 1.
        likeness: f64,
        /// By how much more than the next.
        margin: f64,
    },
}

/// Size that patches are compared at, in pixels, and how far they may be shifted there.
const SIDE: u32 = 32;
const SHIFT: i64 = 3;
/// Below this likeness it is something else: a hand, a label, glare.
const LEAST_LIKENESS: f64 = 0.55;
const LEAST_MARGIN: f64 = 0.06;

/// Reads a switch in a picture that lies over the baseline.
///
/// # Errors
/// When fewer than two positions are known, the area is outside, or it looks like none or two of them.
pub fn read_switch(picture: &RgbImage, switch: &SwitchRegion) -> Result<SwitchReading, SwitchError> {
    if switch.positions.len() < 2 {
        return Err(SwitchError::TooFewPositions(switch.positions.len()));
    }
    let Rect { x, y, width, height } = switch.area;
    let is_inside = x >= 0.0
        && y >= 0.0
        && width >= 8.0
        && height >= 8.0
        && x + width <= f64::from(picture.width())
        && y + height <= f64::from(picture.height());
    if !is_inside {
        return Err(SwitchError::Outside);
    }
    let shown = crop_imm(picture, x as u32, y as u32, width as u32, height as u32).to_image();
    let shown = resize(&shown, SIDE, SIDE, FilterType::Triangle);
    let mut likeness: Vec<(f64, &str)> = switch
        .positions
        .iter()
        .filter(|position| position.patch.width() > 0 && position.patch.height() > 0)
        .map(|position| (alike(&shown, &position.patch), position.name.as_str()))
        .collect();
    likeness.sort_by(|a, b| b.0.total_cmp(&a.0));
    let [(first, name), (second, _), ..] = likeness[..] else {
        return Err(SwitchError::TooFewPositions(likeness.len()));
    };
    let margin = first - second;
    if first < LEAST_LIKENESS || margin < LEAST_MARGIN {
        return Err(SwitchError::Undecided { best: name.to_owned(), likeness: first, margin });
    }
    Ok(SwitchReading { position: name.to_owned(), confidence: (margin / 0.3).min(1.0) * first })
}

/// Greatest correlation over small shifts, of all channels together so that colour counts and brightness does not.
fn alike(shown: &RgbImage, patch: &RgbImage) -> f64 {
    let patch = resize(patch, SIDE, SIDE, FilterType::Triangle);
    let mut best = -1.0_f64;
    for dy in -SHIFT..=SHIFT {
        for dx in -SHIFT..=SHIFT {
            best = best.max(correlation(shown, &patch, dx, dy));
        }
    }
    best
}

fn correlation(shown: &RgbImage, patch: &RgbImage, dx: i64, dy: i64) -> f64 {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for y in SHIFT..i64::from(SIDE) - SHIFT {
        for x in SHIFT..i64::from(SIDE) - SHIFT {
            a.extend(shown.get_pixel((x + dx) as u32, (y + dy) as u32).0.map(f64::from));
            b.extend(patch.get_pixel(x as u32, y as u32).0.map(f64::from));
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(&a), mean(&b));
    let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
    for (p, q) in a.iter().zip(&b) {
        ab += (p - ma) * (q - mb);
        aa += (p - ma).powi(2);
        bb += (q - mb).powi(2);
    }
    ab / (aa * bb).sqrt()
}
