//! `GET /devices/{device}/records`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use store::StoreError;

use super::parts::device;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::records::{people_in, record_view};
use crate::error::Refused;
use crate::extract::Params;
use crate::names::page_limit;
use crate::wire::*;

/// What the ledger keeps of a device beside its cases, the newest first.
#[utoipa::path(
    get,
    path = "/devices/{device}/records",
    tag = "devices",
    params(("device" = String, Path, description = "Its name"), RecordsQuery),
    responses((status = 200, description = "As asked", body = RecordPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_records(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<RecordsQuery>,
) -> Result<Json<RecordPage>, Refused> {
    let member = device(&app, &caller, &id, Permission::DeviceRead)?;
    let (limit, subject) = (page_limit(query.limit)?, format!("device/{}", member.row.id));
    let read = move |reader: &mut store::Reader| {
        let records = reader.list_records(&subject, query.before, limit)?;
        Ok::<_, StoreError>((reader.display_names(&people_in(&records))?, records))
    };
    let (names, records) = app.store.read(read).await?;
    let next = records.last().filter(|_| records.len() == limit as usize).map(|record| record.position);
    let compiled = app.current();
    let items = records.iter().map(|record| record_view(record, &compiled.city, &names)).collect();
    Ok(Json(RecordPage { items, next }))
}
