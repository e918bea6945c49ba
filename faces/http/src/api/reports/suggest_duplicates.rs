//! `GET /reports/similar`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::convert::cases::category_title;
use crate::convert::reports::public_state;
use crate::convert::{thumb_url, time};
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{parse, point};
use crate::wire::*;

/// Open cases that may be the same thing.
#[utoipa::path(
    get,
    path = "/reports/similar",
    tag = "reports",
    params(SimilarQuery),
    responses((status = 200, description = "As asked", body = SimilarReports), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn suggest_duplicates(
    State(app): State<Arc<App>>,
    Params(query): Params<SimilarQuery>,
) -> Result<Json<SimilarReports>, Refused> {
    let (at, category) = (point(query.lon, query.lat)?, parse("category", &query.category)?);
    let similar = sense::duplicates::suggest_duplicates(&app.sense(), at, category).await?;
    let compiled = app.current();
    let city = &compiled.city;
    let public = similar.into_iter().filter(|found| crate::access::is_public(city, &found.case.category));
    let items = public.map(|found| SimilarReport {
        case_no: found.case.no.to_string(),
        category: found.case.category.to_string(),
        title: category_title(city, &found.case.category),
        distance_m: found.distance_m.round(),
        opened_at: time(found.case.opened_at),
        public_state: public_state(city, &found.case.process, &found.case.state),
        joined_count: found.case.joined_count,
        thumb_url: found.case.picture.as_ref().map(|picture| thumb_url(picture, None)),
    });
    Ok(Json(SimilarReports { items: items.collect() }))
}
