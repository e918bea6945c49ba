//! Photographs of panels, compared with their baselines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use model::{
    DialFinding, DialMark, EvidenceId, PanelCompared, PanelComparison, PanelFinding, PanelMarks, PanelRegion,
    PictureArea, PositionMark, SwitchFinding, SwitchMark,
};
use store::BaselineRow;
use tokio::sync::{Semaphore, SemaphorePermit};
use vision::{
    CompareOptions, Comparison, Dial, Rect, SwitchPosition, SwitchRegion, compare, read_dial, read_switch, warp,
};

use super::InspectionError;
use crate::Context;
use crate::evidence::{Files, Size};

/// Comparisons at a time: each holds two whole pictures and a core.
static COMPARING: Semaphore = Semaphore::const_new(2);
/// The same pair of pictures gives the same finding.
const SEED: u64 = 1;
/// Regions that are kept of a comparison.
const REGIONS_MAX: usize = 50;
/// Pixels along a side of what a switch looks like.
const PATCH_SIDE: u32 = 32;
/// Marks of each kind.
const MARKS_MAX: usize = 40;
/// Characters of a title.
const TITLE_MAX: usize = 60;

/// Waits for a turn to compare; none when the server stops.
pub(crate) async fn turn() -> Option<SemaphorePermit<'static>> {
    COMPARING.acquire().await.ok()
}

/// Compares a photograph with a baseline. Two are compared at a time, others wait.
///
/// # Errors
/// [`InspectionError::Picture`] when a picture cannot be read from the disk.
pub(super) async fn compare_with(
    ctx: &Context,
    baseline: BaselineRow,
    after: EvidenceId,
) -> Result<PanelComparison, InspectionError> {
    let files = ctx.files.clone();
    let _turn = turn().await.ok_or(InspectionError::Away)?;
    let work = move || {
        let (first, second) = (load(&files, &baseline.picture)?, load(&files, &after)?);
        let finding = find(&first, &second, &baseline.marks);
        Ok(PanelComparison { baseline: baseline.id, before: baseline.picture, after, finding })
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| InspectionError::Away)?
}

fn load(files: &Files, id: &EvidenceId) -> Result<RgbImage, InspectionError> {
    let bytes = files.read(id, Size::Full).map_err(|_| InspectionError::Picture(*id))?;
    let picture = image::load_from_memory(&bytes).map_err(|_| InspectionError::Picture(*id))?;
    Ok(picture.into_rgb8())
}

/// What is to be seen on a photograph of a panel.
pub(crate) fn find(before: &RgbImage, after: &RgbImage, marks: &PanelMarks) -> PanelFinding {
    let options = CompareOptions { seed: SEED, ignore: ignored(marks), ..CompareOptions::default() };
    match compare(before, after, &options) {
        Ok(comparison) => PanelFinding::Compared(Box::new(compared(before, after, marks, &comparison))),
        Err(error) => PanelFinding::Unclear { reason: error.to_string() },
    }
}

fn compared(before: &RgbImage, after: &RgbImage, marks: &PanelMarks, found: &Comparison) -> PanelCompared {
    let is_marked = !marks.dials.is_empty() || !marks.switches.is_empty();
    let laid = is_marked.then(|| warp(after, &found.map, before.width(), before.height()));
    let region = |region: &vision::Region| PanelRegion {
        before: area(region.before),
        after: area(region.after),
        strength: rounded(region.strength, 3),
    };
    PanelCompared {
        map: found.map.0,
        overlap: rounded(found.overlap, 4),
        residual_px: rounded(found.residual_px, 3),
        regions: found.regions.iter().take(REGIONS_MAX).map(region).collect(),
        dials: laid.iter().flat_map(|laid| marks.dials.iter().map(|mark| dial(laid, mark))).collect(),
        switches: laid.iter().flat_map(|laid| marks.switches.iter().map(|mark| switch(laid, mark))).collect(),
    }
}

/// Needles move and switches are thrown: what is read there is judged by itself.
fn ignored(marks: &PanelMarks) -> Vec<Rect> {
    let round = |mark: &DialMark| Rect {
        x: mark.centre.0 - mark.radius,
        y: mark.centre.1 - mark.radius,
        width: 2.0 * mark.radius,
        height: 2.0 * mark.radius,
    };
    let switches = marks.switches.iter().map(|mark| rect(mark.area));
    marks.ignored.iter().copied().map(rect).chain(marks.dials.iter().map(round)).chain(switches).collect()
}

fn dial(laid: &RgbImage, mark: &DialMark) -> DialFinding {
    let DialMark { centre, radius, zero_angle, full_angle, min, max, .. } = *mark;
    let read = read_dial(laid, &Dial { centre, radius, zero_angle, full_angle, min, max });
    let (title, unit) = (mark.title.clone(), mark.unit.clone());
    match read {
        Ok(read) => DialFinding {
            title,
            unit,
            value: Some(significant(read.value, max - min)),
            confidence: Some(rounded(read.confidence, 2)),
            is_fault: mark.low.is_some_and(|low| read.value < low) || mark.high.is_some_and(|high| read.value > high),
            unread: None,
        },
        Err(error) => {
            DialFinding { title, unit, value: None, confidence: None, is_fault: false, unread: Some(error.to_string()) }
        }
    }
}

fn switch(laid: &RgbImage, mark: &SwitchMark) -> SwitchFinding {
    let position = |position: &PositionMark| {
        let patch = RgbImage::from_raw(PATCH_SIDE, PATCH_SIDE, STANDARD.decode(&position.patch).ok()?)?;
        Some(SwitchPosition { name: position.name.clone(), patch })
    };
    let positions = mark.positions.iter().filter_map(position).collect();
    let read = read_switch(laid, &SwitchRegion { area: rect(mark.area), positions });
    let (title, expected) = (mark.title.clone(), mark.expected.clone());
    match read {
        Ok(read) => SwitchFinding {
            title,
            is_fault: read.position != expected,
            expected,
            position: Some(read.position),
            confidence: Some(rounded(read.confidence, 2)),
            unread: None,
        },
        Err(error) => SwitchFinding {
            title,
            expected,
            position: None,
            confidence: None,
            is_fault: false,
            unread: Some(error.to_string()),
        },
    }
}

/// Learns what switches look like, and refuses marks that cannot be read.
///
/// # Errors
/// [`InspectionError::Field`] with the mark and what is wrong with it.
pub(super) async fn learn(
    ctx: &Context,
    picture: EvidenceId,
    mut marks: PanelMarks,
) -> Result<PanelMarks, InspectionError> {
    let files = ctx.files.clone();
    let _turn = turn().await.ok_or(InspectionError::Away)?;
    let work = move || {
        let baseline = load(&files, &picture)?;
        check(&baseline, &marks)?;
        for mark in &mut marks.switches {
            for position in &mut mark.positions {
                let shown = if position.picture == picture {
                    baseline.clone()
                } else {
                    laid_over(&baseline, &load(&files, &position.picture)?, &mark.title, &position.name)?
                };
                position.patch = STANDARD.encode(patch(&shown, mark.area).as_raw());
            }
        }
        Ok(marks)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| InspectionError::Away)?
}

fn laid_over(baseline: &RgbImage, other: &RgbImage, title: &str, name: &str) -> Result<RgbImage, InspectionError> {
    let found = compare(baseline, other, &CompareOptions { seed: SEED, ..CompareOptions::default() });
    let found = found.map_err(|error| {
        InspectionError::Field("marks", format!("{title}: the picture of {name} does not fit the baseline: {error}"))
    })?;
    Ok(warp(other, &found.map, baseline.width(), baseline.height()))
}

fn patch(shown: &RgbImage, area: PictureArea) -> RgbImage {
    let (x, y) = (area.x as u32, area.y as u32);
    let (width, height) = (area.width as u32, area.height as u32);
    let cut = image::imageops::crop_imm(shown, x, y, width, height).to_image();
    image::imageops::resize(&cut, PATCH_SIDE, PATCH_SIDE, image::imageops::FilterType::Triangle)
}

fn check(baseline: &RgbImage, marks: &PanelMarks) -> Result<(), InspectionError> {
    let fault = |title: &str, words: String| Err(InspectionError::Field("marks", format!("{title}: {words}")));
    if marks.dials.len().max(marks.switches.len()).max(marks.ignored.len()) > MARKS_MAX {
        return fault("panel", format!("at most {MARKS_MAX} dials, switches and ignored areas each"));
    }
    let (width, height) = (f64::from(baseline.width()), f64::from(baseline.height()));
    let is_inside = |area: &PictureArea| {
        [area.x, area.y, area.width, area.height].iter().all(|v| v.is_finite())
            && area.x >= 0.0
            && area.y >= 0.0
            && area.width >= 8.0
            && area.height >= 8.0
            && area.x + area.width <= width
            && area.y + area.height <= height
    };
    let is_title = |title: &str| !title.trim().is_empty() && title.chars().count() <= TITLE_MAX;
    for mark in &marks.dials {
        if !is_title(&mark.title) {
            return fault("dial", format!("a title has 1 to {TITLE_MAX} characters"));
        }
        let DialMark { centre, radius, zero_angle, full_angle, min, max, .. } = *mark;
        // What cannot be read on the baseline itself will be read nowhere.
        if let Err(error) = read_dial(baseline, &Dial { centre, radius, zero_angle, full_angle, min, max }) {
            return fault(&mark.title, error.to_string());
        }
        if matches!((mark.low, mark.high), (Some(low), Some(high)) if low >= high) {
            return fault(&mark.title, "its lower limit is not below its upper one".to_owned());
        }
    }
    for mark in &marks.switches {
        if !is_title(&mark.title) {
            return fault("switch", format!("a title has 1 to {TITLE_MAX} characters"));
        }
        if !is_inside(&mark.area) {
            return fault(&mark.title, "its area has to lie in the baseline and be 8 pixels wide and high".to_owned());
        }
        if mark.positions.len() < 2 || mark.positions.len() > 8 || mark.positions.iter().any(|one| !is_title(&one.name))
        {
            return fault(&mark.title, "it has 2 to 8 positions, each with a name and a picture".to_owned());
        }
        if !mark.positions.iter().any(|position| position.name == mark.expected) {
            return fault(&mark.title, format!("{} is not among its positions", mark.expected));
        }
    }
    if marks.ignored.iter().any(|area| !is_inside(area)) {
        return fault("ignored area", "it has to lie in the baseline and be 8 pixels wide and high".to_owned());
    }
    Ok(())
}

fn rect(area: PictureArea) -> Rect {
    Rect { x: area.x, y: area.y, width: area.width, height: area.height }
}

fn area(rect: Rect) -> PictureArea {
    let r = |v| rounded(v, 1);
    PictureArea { x: r(rect.x), y: r(rect.y), width: r(rect.width), height: r(rect.height) }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// A reading to a thousandth of its scale: more is not on the picture.
fn significant(value: f64, scale: f64) -> f64 {
    let digits = (3.0 - scale.abs().max(1e-9).log10()).ceil().clamp(0.0, 9.0) as i32;
    rounded(value, digits)
}
