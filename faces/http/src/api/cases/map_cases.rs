//! `GET /map/cases`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::Instant;
use pack::Packs;
use serde_json::json;
use store::{CaseRow, Cluster, StoreError};

use super::parts::map_filter;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::{category_title, due_state};
use crate::error::Refused;
use crate::extract::Params;
use crate::names::bounds;
use crate::wire::*;

/// From this zoom every case is drawn by itself: a street fills the screen.
const ZOOM_OF_CASES: f64 = 15.0;

/// Below that zoom, so few cases are drawn by themselves all the same.
const FEW: u32 = 200;

/// Most cases drawn by themselves.
const CASES_MAX: u32 = 2_000;

/// Clusters from west to east: about one every 40 pixels of a desktop map.
const COLUMNS: u32 = 32;

/// Cases within a box, clustered when far away.
#[utoipa::path(
    get,
    path = "/map/cases",
    tag = "cases",
    params(MapQuery),
    responses((status = 200, description = "As asked", body = CaseCollection), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn map_cases(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<MapQuery>,
) -> Result<Json<CaseCollection>, Refused> {
    caller.staff()?;
    let area = bounds(query.west, query.south, query.east, query.north)?;
    let now = app.now();
    let narrowed = (query.category.as_deref(), query.stage.as_deref());
    let filter = map_filter(&app, &caller, now, (query.open, query.late), narrowed)?;
    let (packs, is_near) = (Arc::clone(&app.packs), query.zoom >= ZOOM_OF_CASES);
    let view = app.store.read(move |reader| {
        let limit = if is_near { CASES_MAX } else { FEW };
        let mut rows = reader.cases_in_bounds(area, &filter, limit + 1)?;
        let is_cut = rows.len() > limit as usize;
        if is_cut && !is_near {
            let clusters = reader.clusters_in_bounds(area, &filter, COLUMNS, now)?;
            let features = clusters.items.iter().map(cluster).collect();
            return Ok::<_, StoreError>(CaseCollection {
                kind: CollectionKind::FeatureCollection,
                features,
                truncated: clusters.cut,
            });
        }
        rows.truncate(limit as usize);
        let features = rows.iter().filter_map(|row| case(row, &packs, now)).collect();
        Ok(CaseCollection { kind: CollectionKind::FeatureCollection, features, truncated: is_cut })
    });
    Ok(Json(view.await?))
}

fn point(lon: f64, lat: f64, properties: CaseProperties) -> CaseFeature {
    let geometry = Geometry { kind: GeometryKind::Point, coordinates: json!([lon, lat]) };
    CaseFeature { kind: FeatureKind::Feature, geometry, properties }
}

fn cluster(cluster: &Cluster) -> CaseFeature {
    let properties = CaseProperties { count: cluster.count, late: cluster.late, ..CaseProperties::default() };
    point(cluster.lon, cluster.lat, properties)
}

fn case(row: &CaseRow, packs: &Packs, now: Instant) -> Option<CaseFeature> {
    let compiled = packs.get(&row.pack).unwrap_or_else(|| packs.current());
    let due_state = due_state(row, now);
    let properties = CaseProperties {
        count: 1,
        late: u32::from(due_state == DueState::Late),
        case_id: Some(row.id.to_string()),
        no: Some(row.no.to_string()),
        state: Some(row.state.to_string()),
        stage: Some(row.stage.to_string()),
        due_state: Some(due_state),
        category: Some(row.category.to_string()),
        title: Some(category_title(&compiled.city, &row.category)),
    };
    Some(point(row.lon?, row.lat?, properties))
}
