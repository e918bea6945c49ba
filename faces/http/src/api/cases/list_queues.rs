//! `GET /queues`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::Instant;
use store::{CaseFilter, Reader, StoreError};

use super::parts::{queue_filter, queues_of};
use crate::access::reach;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::SOON_US;
use crate::error::Refused;
use crate::wire::*;

/// Cases are counted up to this: what is above no longer changes what somebody does next.
const COUNTED_MAX: u32 = 1_000;

/// The queues of the caller's roles.
#[utoipa::path(
    get,
    path = "/queues",
    tag = "cases",
    responses((status = 200, description = "As asked", body = Queues), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_queues(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Queues>, Refused> {
    let session = caller.staff()?.clone();
    let Some(within) = reach(&app, &caller.principal, Permission::CaseRead).within() else {
        return Ok(Json(Queues { items: Vec::new() }));
    };
    let (queues, now) = (queues_of(&app.current().city, &session), app.now());
    let view = app.store.read(move |reader| {
        let mut items = Vec::with_capacity(queues.len());
        for (id, title) in queues {
            let Some(filter) = queue_filter(&id, &session, now) else { continue };
            let filter = CaseFilter { within: within.clone(), ..filter };
            items.push(count(reader, id, title, &filter, now)?);
        }
        Ok::<_, StoreError>(Queues { items })
    });
    Ok(Json(view.await?))
}

fn count(reader: &mut Reader, id: String, title: Text, filter: &CaseFilter, now: Instant) -> Result<Queue, StoreError> {
    let mut counted = |filter: &CaseFilter| reader.count_cases(filter, COUNTED_MAX).map(|found| u64::from(found.count));
    let late = CaseFilter { late_at: Some(now), ..filter.clone() };
    let soon =
        CaseFilter { due_from: Some(now), due_before: Some(now.plus_micros(SOON_US)), late_at: None, ..filter.clone() };
    let (count, late) = (counted(filter)?, counted(&late)?);
    let soon = if filter.late_at.is_some() { 0 } else { counted(&soon)? };
    Ok(Queue { id, title, count, late, soon })
}
