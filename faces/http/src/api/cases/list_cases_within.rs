//! `GET /map/cases/within`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use grid::{LonLat, MultiPolygon, Polygon};
use store::{Area, StoreError};

use super::parts::{map_filter, summaries};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, point};
use crate::wire::*;

/// Most corners of a polygon: what somebody draws by hand, and an address a proxy lets through.
const CORNERS_MAX: usize = 200;

/// Cases within a polygon or a circle, latest first.
#[utoipa::path(
    get,
    path = "/map/cases/within",
    tag = "cases",
    params(WithinQuery),
    responses((status = 200, description = "As asked", body = CasePage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_cases_within(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<WithinQuery>,
) -> Result<Json<CasePage>, Refused> {
    caller.staff()?;
    let (area, now) = (area(&query)?, app.now());
    let narrowed = (query.category.as_deref(), query.stage.as_deref());
    let filter = map_filter(&app, &caller, now, (query.open, query.late), narrowed)?;
    let (packs, limit) = (Arc::clone(&app.packs), page_limit(query.limit)?);
    let view = app.store.read(move |reader| {
        let found = reader.cases_in_area(&area, &filter, limit)?;
        Ok::<_, StoreError>(CasePage {
            items: summaries(reader, &packs, &found.items, now)?,
            next_cursor: None,
            total: found.total.into(),
            total_is_bound: found.cut,
        })
    });
    Ok(Json(view.await?))
}

fn area(query: &WithinQuery) -> Result<Area, Refused> {
    match (&query.polygon, query.lon, query.lat, query.radius_m) {
        (Some(text), None, None, None) => {
            let polygons = MultiPolygon(vec![polygon(text)?]);
            Area::polygons(polygons).map_err(|error| Refused::parameter("polygon", error.to_string()))
        }
        (None, Some(lon), Some(lat), Some(radius_m)) => Area::circle(point(lon, lat)?, radius_m)
            .map_err(|error| Refused::parameter("lon, lat, radius_m", error.to_string())),
        _ => Err(Refused::parameter("polygon", "give either a polygon, or lon, lat and radius_m")),
    }
}

/// Rings parted by `;`, the outline first; corners parted by blanks, each `lon,lat`.
fn polygon(text: &str) -> Result<Polygon, Refused> {
    let wrong = |why: String| Refused::parameter("polygon", why);
    if text.split([' ', ';']).count() > CORNERS_MAX {
        return Err(wrong(format!("at most {CORNERS_MAX} corners")));
    }
    let corner = |corner: &str| {
        let shape = || wrong(format!("{corner:?} is not a corner: write lon,lat in degrees"));
        let (lon, lat) = corner.split_once(',').ok_or_else(shape)?;
        let (lon, lat) = lon.parse::<f64>().ok().zip(lat.parse::<f64>().ok()).ok_or_else(shape)?;
        LonLat::new(lon, lat).map_err(|error| wrong(error.to_string()))
    };
    let rings = text
        .split(';')
        .map(|ring| ring.split_whitespace().map(corner).collect::<Result<Vec<LonLat>, Refused>>())
        .collect::<Result<Vec<_>, Refused>>()?;
    Polygon::wrapping(rings.iter().map(Vec::as_slice)).map_err(|error| wrong(error.to_string()))
}
