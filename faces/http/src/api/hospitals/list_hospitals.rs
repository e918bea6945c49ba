//! `GET /hospitals`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::convert::hospitals::hospital;
use crate::wire::*;

/// Hospitals that are connected; none where the city reaches none.
#[utoipa::path(
    get,
    path = "/hospitals",
    tag = "hospitals",
    responses((status = 200, description = "As asked", body = HospitalList))
)]
pub async fn list_hospitals(State(app): State<Arc<App>>) -> Json<HospitalList> {
    let compiled = app.current();
    let connected = compiled.city.hospitals.iter().filter(|_| app.hospitals.is_some());
    Json(HospitalList { items: connected.map(|(id, declared)| hospital(id, declared)).collect() })
}
