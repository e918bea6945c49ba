//! `PUT /flights/{flight}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use model::FlightId;
use sense::flights::{FlightError, NewFlight, look, seal};
use store::Reader;

use super::parts::{importer, refused, summaries};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Body;
use crate::names::parse;
use crate::wire::*;

/// Makes a flight of uploads under an id that the sender made (a ULID); the same again is the same flight. Each file is
/// scanned, timed and placed, then the manifest that names their digests is sealed in the ledger; the uploads are gone then.
#[utoipa::path(
    put,
    path = "/flights/{flight}",
    tag = "flights",
    params(("flight" = String, Path, description = "Its id, a ULID")),
    request_body = FlightInput,
    responses(
        (status = 200, description = "Sealed", body = FlightSummary),
        (status = 422, description = "A file is not taken, or says nowhere where it was taken; it is named", body = Problem),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn import_flight(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(flight): Path<String>,
    Body(input): Body<FlightInput>,
) -> Result<Json<FlightSummary>, Refused> {
    let party = caller.staff()?.party;
    let id: FlightId = parse("flight", &flight)?;
    let known = app.store.read(move |reader: &mut Reader| reader.find_flight(id)).await?;
    let row = match known {
        Some(row) if row.party == party => row,
        Some(_) => return Err(refused(FlightError::Taken(id))),
        None => {
            let uploads = input.uploads.iter().map(|upload| parse("uploads", upload)).collect::<Result<_, _>>()?;
            let new = NewFlight { id, title: input.title, purpose: input.purpose, uploads };
            let (app, ctx) = (Arc::clone(&app), app.sense());
            // Goes on when the client goes away: who asks again finds the flight.
            let importing = tokio::spawn(async move {
                let looked = look(&ctx, party, new).await.map_err(refused)?;
                let by = importer(&app, &caller, &looked.region)?;
                seal(&ctx, by, looked).await.map_err(refused)
            });
            importing.await.map_err(|_| failed())??
        }
    };
    let mut items = summaries(&app, vec![row]).await?;
    items.pop().map(Json).ok_or_else(failed)
}
