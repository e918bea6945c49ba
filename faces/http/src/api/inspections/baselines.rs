//! `POST /inspections/{inspection}/baselines` and `POST /inspections/{inspection}/comparisons`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use sense::inspections::{NewBaseline, compare, set_baseline};
use store::{Reader, StoreError};

use super::parts::{inspection, refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::inspections::{Named, marks_of};
use crate::error::Refused;
use crate::extract::Body;
use crate::names::parse;
use crate::wire::*;

/// Sets what photographs of a panel are compared with, in place of what they were compared with before.
#[utoipa::path(
    post,
    path = "/inspections/{inspection}/baselines",
    tag = "inspections",
    params(("inspection" = String, Path, description = "Its id")),
    request_body = InspectionBaselineInput,
    responses((status = 200, description = "Set", body = InspectionBaseline), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn set_inspection_baseline(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<InspectionBaselineInput>,
) -> Result<Json<InspectionBaseline>, Refused> {
    let compiled = app.current();
    let (id, _, _) = inspection(&app, &compiled.city, &caller, &id, Permission::InspectionManage)?;
    let party = caller.staff()?.party;
    let new = NewBaseline {
        inspection: id,
        check: parse("check", &input.check)?,
        picture: parse("picture", &input.picture)?,
        marks: marks_of(input.marks)?,
    };
    let row = set_baseline(&app.sense(), party, new).await.map_err(refused)?;
    let rows = [row];
    let read = move |reader: &mut Reader| {
        let named = Named::of(reader, &[], &[], &rows, &[])?;
        Ok::<_, StoreError>(named.baseline(&rows[0]))
    };
    Ok(Json(app.store.read(read).await?))
}

/// Compares a photograph of a panel with its baseline, before it is answered; nothing is written down.
#[utoipa::path(
    post,
    path = "/inspections/{inspection}/comparisons",
    tag = "inspections",
    params(("inspection" = String, Path, description = "Its id")),
    request_body = PanelComparisonInput,
    responses((status = 200, description = "What is to be seen", body = PanelComparisonView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn compare_panel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<PanelComparisonInput>,
) -> Result<Json<PanelComparisonView>, Refused> {
    let compiled = app.current();
    let (id, _, _) = inspection(&app, &compiled.city, &caller, &id, Permission::InspectionRead)?;
    let party = caller.staff()?.party;
    let (check, picture) = (parse("check", &input.check)?, parse("picture", &input.picture)?);
    let one = compare(&app.sense(), party, id, check, picture).await.map_err(refused)?;
    let rows = [one];
    let read = move |reader: &mut Reader| {
        let named = Named::of(reader, &[], &[], &[], &rows)?;
        Ok::<_, StoreError>(named.comparison(&rows[0]))
    };
    Ok(Json(app.store.read(read).await?))
}
