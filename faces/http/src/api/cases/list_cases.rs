//! `GET /cases`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::{Permission, Session};
use model::CategoryId;
use pack::City;
use store::{CaseFilter, CaseSort as Order, StoreError};

use super::parts::{Page, queue_filter};
use crate::access::reach;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{bounds_some, cursor, instant, page_limit, parse_some};
use crate::wire::*;

/// Longest text to search for, characters.
const TEXT_MAX: usize = 100;

/// Cases that the caller may read.
#[utoipa::path(
    get,
    path = "/cases",
    tag = "cases",
    params(CasesQuery),
    responses((status = 200, description = "As asked", body = CasePage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_cases(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<CasesQuery>,
) -> Result<Json<CasePage>, Refused> {
    let session = caller.staff()?;
    let Some(within) = reach(&app, &caller.principal, Permission::CaseRead).within() else {
        return Err(Refused::forbidden());
    };
    let filter = CaseFilter { within, ..filter(&app, session, &query)? };
    let sort = match query.sort.unwrap_or(CaseSort::Updated) {
        CaseSort::Due => Order::Due,
        CaseSort::Opened => Order::Opened,
        CaseSort::Updated => Order::Updated,
    };
    let page = Page { sort, cursor: cursor(query.cursor.as_deref())?, limit: page_limit(query.limit)? };
    let (packs, now) = (Arc::clone(&app.packs), app.now());
    let view = app.store.read(move |reader| page.list(reader, &packs, &filter, now)).await;
    Ok(Json(view.map_err(|error: StoreError| error)?))
}

/// What was asked for, without where the caller may look.
fn filter(app: &App, session: &Session, query: &CasesQuery) -> Result<CaseFilter, Refused> {
    let now = app.now();
    let mut filter = match query.queue.as_deref().filter(|queue| !queue.is_empty()) {
        Some(queue) => queue_filter(queue, session, now)
            .ok_or_else(|| Refused::parameter("queue", "there is no such queue for your roles"))?,
        None => CaseFilter::default(),
    };
    filter.state = parse_some("state", query.state.as_deref())?;
    filter.stage = parse_some("stage", query.stage.as_deref())?;
    filter.categories = parse_some("category", query.category.as_deref())?.into_iter().collect();
    filter.handler = parse_some("handler", query.handler.as_deref())?;
    filter.task_office = parse_some("office", query.office.as_deref())?;
    if let Some(region) = parse_some::<model::RegionId>("region", query.region.as_deref())? {
        let path = app.current().city.region_path(&region);
        filter.region_path = Some(path).filter(|path| !path.is_empty());
        filter.region_path.as_ref().ok_or_else(|| Refused::parameter("region", "there is no such region"))?;
    }
    match query.assignee.as_deref() {
        None | Some("") => {}
        Some("me") => filter.assignee = Some(session.party),
        Some("none") => filter.unassigned = true,
        Some(_) => return Err(Refused::parameter("assignee", "must be \"me\" or \"none\"")),
    }
    filter.open = query.open.or(filter.open);
    match query.late {
        Some(true) => filter.late_at = Some(now),
        Some(false) => filter.due_from = Some(now),
        None => {}
    }
    filter.due_before = instant("due_before", query.due_before.as_deref())?;
    filter.text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if filter.text.as_ref().is_some_and(|text| text.chars().count() > TEXT_MAX) {
        return Err(Refused::parameter("q", format!("at most {TEXT_MAX} characters")));
    }
    if let Some(text) = &filter.text {
        filter.text_categories = categories_named(&app.current().city, text);
    }
    filter.bounds = bounds_some([query.west, query.south, query.east, query.north])?;
    Ok(filter)
}

/// The categories whose name, in any language, holds the words.
fn categories_named(city: &City, words: &str) -> Vec<CategoryId> {
    let words = words.to_lowercase();
    let holds = |title: &model::Text| title.0.values().any(|name| name.to_lowercase().contains(&words));
    city.categories.iter().filter(|(_, category)| holds(&category.title)).map(|(id, _)| id.clone()).collect()
}
