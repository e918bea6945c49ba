//! `GET /inspections` and `GET /inspections/{inspection}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use model::{InspectionId, Instant};
use pack::{Check, CheckKind, City, Inspection};
use store::{Reader, StoreError};

use super::parts::{inspection, lies_within, may, seen};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::inspections::Named;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// What is looked at regularly where the caller may read of it.
#[utoipa::path(
    get,
    path = "/inspections",
    tag = "inspections",
    responses((status = 200, description = "By id", body = [InspectionSummary]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_inspections(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<InspectionSummary>>, Refused> {
    let compiled = app.current();
    let city = &compiled.city;
    let seen = seen(&app, city, &caller)?;
    let last = last(&app).await?;
    let there = city.inspections.iter().filter(|(_, one)| lies_within(&city.region_path(&one.region), &seen));
    let summaries = there.map(|(id, one)| summary(&app, city, &caller, (id, one), last.get(id).copied()));
    Ok(Json(summaries.collect()))
}

/// An inspection with its stops, checks and baselines.
#[utoipa::path(
    get,
    path = "/inspections/{inspection}",
    tag = "inspections",
    params(("inspection" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = InspectionView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_inspection(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<InspectionView>, Refused> {
    let compiled = app.current();
    let city = &compiled.city;
    let (id, one, _) = inspection(&app, city, &caller, &id, Permission::InspectionRead)?;
    let last = last(&app).await?.get(&id).copied();
    let wanted = id.clone();
    let read = move |reader: &mut Reader| {
        let baselines = reader.list_inspection_baselines(&wanted)?;
        Ok::<_, StoreError>((Named::of(reader, &[], &[], &baselines, &[])?, baselines))
    };
    let (named, baselines) = app.store.read(read).await?;
    let check = |check: &Check| {
        let baseline = baselines.iter().find(|baseline| baseline.check == check.id);
        check_view(check, city, baseline.map(|baseline| named.baseline(baseline)))
    };
    let stop = |stop: &pack::Stop| InspectionStop {
        id: stop.id.to_string(),
        title: text(&stop.title),
        lon: stop.point.0,
        lat: stop.point.1,
        checks: stop.checks.iter().map(check).collect(),
    };
    let route = one.stops.iter().map(stop).collect();
    Ok(Json(InspectionView { summary: summary(&app, city, &caller, (&id, one), last), route }))
}

async fn last(app: &App) -> Result<BTreeMap<InspectionId, Instant>, Refused> {
    Ok(app.store.read(|reader: &mut Reader| reader.last_inspections()).await?.into_iter().collect())
}

fn summary(
    app: &App,
    city: &City,
    caller: &Caller,
    (id, one): (&InspectionId, &Inspection),
    last: Option<Instant>,
) -> InspectionSummary {
    let zone = city.zone();
    let day = |at: Instant| zone.to_datetime(at.to_timestamp()).date();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    InspectionSummary {
        id: id.to_string(),
        title: text(&one.title),
        region_title: city.regions.get(&one.region).map_or_else(Text::default, |region| text(&region.title)),
        every_days: one.every_days,
        is_due: one.is_due(last.map(day), day(app.now())),
        last_ended_at: last.map(time),
        stops: count(one.stops.len()),
        checks: count(one.checks().count()),
        may_run: may(app, city, caller, Permission::InspectionRun, &one.region),
        may_manage: may(app, city, caller, Permission::InspectionManage, &one.region),
    }
}

fn check_view(check: &Check, city: &City, baseline: Option<InspectionBaseline>) -> InspectionCheck {
    let mut view = InspectionCheck {
        id: check.id.to_string(),
        title: text(&check.title),
        help: check.help.as_ref().map(text),
        kind: InspectionCheckKind::Photo,
        expected: None,
        symbol: None,
        min: None,
        max: None,
        options: Vec::new(),
        category_title: check.category.as_ref().and_then(|id| city.category(id)).map(|found| text(&found.title)),
        optional: check.optional,
        baseline,
    };
    match &check.kind {
        CheckKind::YesNo { expected } => {
            view.kind = InspectionCheckKind::YesNo;
            view.expected = Some(*expected);
        }
        CheckKind::Number { unit, min, max } => {
            view.kind = InspectionCheckKind::Number;
            view.symbol = unit.map(|unit| unit.symbol().to_owned());
            (view.min, view.max) = (*min, *max);
        }
        CheckKind::Choice { options } => {
            view.kind = InspectionCheckKind::Choice;
            let option = |option: &pack::CheckOption| InspectionOption {
                id: option.id.to_string(),
                title: text(&option.title),
                is_fault: option.is_fault,
            };
            view.options = options.iter().map(option).collect();
        }
        CheckKind::Photo => {}
        CheckKind::Panel => view.kind = InspectionCheckKind::Panel,
    }
    view
}
