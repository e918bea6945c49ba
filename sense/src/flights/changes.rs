//! What has changed between two flights over one place: pictures taken nearby, laid over each other and compared.

use image::RgbImage;
use model::{PanelFinding, PanelMarks};
use store::{FlightFileRow, FlightPair, Reader, Tx};

use super::FlightError;
use super::ground::metres_a_degree;
use super::views::{ViewSize, view};
use crate::Context;
use crate::inspections::panel;

/// Two pictures further apart show another place, metres.
const APART_MAX_M: f64 = 30.0;
/// Two pictures whose heights above the ground differ by more than this factor show too little of each other.
const HEIGHTS_MAX: f64 = 1.6;

/// A picture of the later flight and the nearest one of the earlier flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<'a> {
    /// Of the earlier flight.
    pub before: &'a FlightFileRow,
    /// Of the later one.
    pub after: &'a FlightFileRow,
    /// How far apart they were taken, metres.
    pub apart_m: f64,
}

/// Which pictures of two flights show one place.
pub fn pairs<'a>(before: &'a [FlightFileRow], after: &'a [FlightFileRow]) -> Vec<Pair<'a>> {
    let is_placed = |file: &&FlightFileRow| file.kind == "picture" && file.point.is_some();
    let before: Vec<_> = before.iter().filter(is_placed).collect();
    let nearest = |after: &'a FlightFileRow| {
        let near = before.iter().filter_map(|before| {
            let apart_m = apart(before.point?, after.point?);
            (apart_m <= APART_MAX_M && is_as_high(before, after)).then_some(Pair { before, after, apart_m })
        });
        near.min_by(|a, b| a.apart_m.total_cmp(&b.apart_m))
    };
    after.iter().filter(is_placed).filter_map(nearest).collect()
}

fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lon_m, lat_m) = metres_a_degree((a.1 + b.1) / 2.0);
    ((a.0 - b.0) * lon_m).hypot((a.1 - b.1) * lat_m)
}

fn is_as_high(a: &FlightFileRow, b: &FlightFileRow) -> bool {
    match (a.pose.above_m, b.pose.above_m) {
        (Some(a), Some(b)) if a > 0.0 && b > 0.0 => (a / b).max(b / a) <= HEIGHTS_MAX,
        _ => true,
    }
}

/// Compares two pictures of two flights, once: what came of it is kept.
///
/// Areas of the finding are pixels of the later picture's view, and of the earlier one's.
///
/// # Errors
/// [`FlightError`].
pub async fn compare(ctx: &Context, pair: FlightPair) -> Result<PanelFinding, FlightError> {
    let read = move |reader: &mut Reader| {
        let known = reader.list_flight_changes(pair.before.0, pair.after.0)?;
        let file = |reader: &mut Reader, (flight, number)| reader.find_flight_file(flight, number);
        Ok::<_, store::StoreError>((known, file(reader, pair.before)?, file(reader, pair.after)?))
    };
    let (known, before, after) = ctx.store.read(read).await?;
    if let Some((_, _, finding)) = known.into_iter().find(|(b, a, _)| (*b, *a) == (pair.before.1, pair.after.1)) {
        return Ok(finding);
    }
    let before = before.ok_or(FlightError::Unknown(pair.before.0))?;
    let after = after.ok_or(FlightError::Unknown(pair.after.0))?;
    let first = view(ctx, pair.before.0, &before, ViewSize::View).await?;
    let second = view(ctx, pair.after.0, &after, ViewSize::View).await?;
    let _turn = panel::turn().await.ok_or(FlightError::Away)?;
    let work = move || {
        let (first, second) = (load(&first, &before)?, load(&second, &after)?);
        Ok::<_, FlightError>(panel::find(&first, &second, &PanelMarks::default()))
    };
    let finding = tokio::task::spawn_blocking(work).await.map_err(|_| FlightError::Away)??;
    let (kept, now) = (finding.clone(), ctx.clock.now());
    ctx.store.write(move |tx: &mut Tx| tx.keep_flight_change(pair, &kept, now)).await?;
    Ok(finding)
}

fn load(view: &[u8], file: &FlightFileRow) -> Result<RgbImage, FlightError> {
    let picture = image::load_from_memory(view)
        .map_err(|_| FlightError::Picture { name: file.name.clone(), error: crate::picture::PictureError::Damaged })?;
    Ok(picture.into_rgb8())
}
