//! `GET /session`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Principal;

use crate::api::mandates::parts::view;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Who is signed in, and the token for changes.
#[utoipa::path(
    get,
    path = "/session",
    tag = "session",
    responses((status = 200, description = "As asked", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_session(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Session>, Refused> {
    let mut session = super::view::session_view(&app, caller.session.as_deref());
    if let Principal::Agent(agent) = &caller.principal {
        let id = agent.mandate;
        let mandate = app.store.read(move |reader| reader.find_mandate(id)).await?;
        session.acting = Some(view(&app, mandate.ok_or_else(|| Refused::not_found("mandate"))?).await?);
    }
    Ok(Json(session))
}
