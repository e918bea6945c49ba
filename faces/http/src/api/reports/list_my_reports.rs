//! `GET /reports/mine`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Principal;
use store::{CaseFilter, CaseSort, StoreError};

use super::parts::{acting, can};
use crate::api::applications::parts::{Applicant, represented};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::reports::summary;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{cursor, page_limit};
use crate::wire::*;

/// Reports that the caller filed or joined.
#[utoipa::path(
    get,
    path = "/reports/mine",
    tag = "reports",
    params(PageQuery),
    responses((status = 200, description = "As asked", body = ReportPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_my_reports(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<ReportPage>, Refused> {
    // Staff have reports of their own as well.
    let applicant = match caller.principal {
        Principal::Agent(_) => represented(&app, &caller)?,
        _ => Applicant { party: caller.signed_in()?.party, agent: None },
    };
    let acting = acting(&caller.principal, false);
    let (limit, cursor) = (page_limit(query.limit)?, cursor(query.cursor.as_deref())?);
    let filter = CaseFilter { member: Some(applicant.party), ..CaseFilter::default() };
    let (packs, now) = (Arc::clone(&app.packs), app.now());
    let page = app
        .store
        .read(move |reader| {
            let page = reader.list_cases(&filter, CaseSort::Opened, cursor, limit)?;
            let mut items = Vec::with_capacity(page.items.len());
            for row in &page.items {
                let compiled = packs.get(&row.pack).unwrap_or_else(|| packs.current());
                // Whoever acts for another sees the applications they act in.
                let service = compiled.city.service_of(&row.category).map(|(id, _)| id);
                if applicant.agent.is_some() && !service.is_some_and(|service| applicant.covers(service)) {
                    continue;
                }
                // What may be done depends on clocks and earlier actions: the row alone does not say.
                let case = reader.get_case(row.id)?;
                items.push(summary(row, &compiled.city, can(&case, &compiled, &acting, now), None));
            }
            Ok::<_, StoreError>(ReportPage { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
        })
        .await?;
    Ok(Json(page))
}
