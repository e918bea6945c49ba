//! `GET /services`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use catalogue::{LIMIT_MAX, Query};
use grid::LonLat;

use crate::app::App;
use crate::convert::services;
use crate::error::{Refused, failed};
use crate::extract::Params;
use crate::wire::*;

/// Longest words looked for, in characters.
const WORDS_MAX: usize = 100;
/// Services given when no number is asked for.
const LIMIT: u8 = 20;

/// Services by words, heading, office or place, the best first.
#[utoipa::path(
    get,
    path = "/services",
    tag = "services",
    params(ServiceQuery),
    responses((status = 200, description = "As asked", body = ServiceList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_services(
    State(app): State<Arc<App>>,
    Params(asked): Params<ServiceQuery>,
) -> Result<Json<ServiceList>, Refused> {
    let query = query(asked)?;
    let compiled = app.current();
    let searched = tokio::task::spawn_blocking({
        let (app, compiled) = (Arc::clone(&app), Arc::clone(&compiled));
        move || app.finder.of(&compiled)?.search(&query)
    });
    let found = searched.await.map_err(|_| failed())?.map_err(|error| {
        tracing::error!(%error, "services cannot be searched");
        failed()
    })?;
    let item = |hit: &catalogue::Hit| {
        let service = compiled.city.services.get(&hit.id)?;
        Some(services::item(&compiled.city, &hit.id, service, hit.distance_m))
    };
    let items = found.hits.iter().filter_map(item).collect();
    Ok(Json(ServiceList { items, total: u32::try_from(found.total).unwrap_or(u32::MAX) }))
}

/// The query, parsed.
fn query(asked: ServiceQuery) -> Result<Query, Refused> {
    let words = asked.q.unwrap_or_default();
    let count = words.chars().count();
    if count > WORDS_MAX {
        return Err(Refused::parameter("q", format!("at most {WORDS_MAX} characters, got {count}")));
    }
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&usize::from(limit)) {
        return Err(Refused::parameter("limit", format!("1 to {LIMIT_MAX}, got {limit}")));
    }
    let near = match (asked.lon, asked.lat) {
        (None, None) => None,
        (Some(lon), Some(lat)) => {
            Some(LonLat::new(lon, lat).map_err(|error| Refused::parameter("lon", error.to_string()))?)
        }
        (Some(_), None) => return Err(Refused::parameter("lat", "needed together with lon")),
        (None, Some(_)) => return Err(Refused::parameter("lon", "needed together with lat")),
    };
    Ok(Query {
        words,
        group: word(asked.group, "group")?,
        life_event: word(asked.life_event, "life_event")?,
        office: word(asked.office, "office")?,
        audience: asked.audience.map(Into::into),
        near,
        offset: asked.offset.unwrap_or(0) as usize,
        limit: limit.into(),
    })
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: Option<String>,
    parameter: &'static str,
) -> Result<Option<T>, Refused> {
    text.map(|text| text.parse().map_err(|error: T::Err| Refused::parameter(parameter, error.to_string()))).transpose()
}
