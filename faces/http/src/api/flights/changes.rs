//! `GET` and `POST /flights/{flight}/changes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use model::FlightId;
use sense::flights::{compare, pairs};
use store::{FlightFileRow, FlightPair, Reader, StoreError};

use super::parts::{refused, seen_flight, summaries};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::flights::change;
use crate::error::{Refused, failed};
use crate::extract::{Body, Params};
use crate::wire::*;

/// Which pictures of two flights show one place, and what comparing them came to where that was done.
#[utoipa::path(
    get,
    path = "/flights/{flight}/changes",
    tag = "flights",
    params(("flight" = String, Path, description = "The later flight"), FlightChangesQuery),
    responses((status = 200, description = "In the order of the later flight", body = FlightChanges), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_flight_changes(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(flight): Path<String>,
    Params(query): Params<FlightChangesQuery>,
) -> Result<Json<FlightChanges>, Refused> {
    let before = seen_flight(&app, &caller, &query.before).await?;
    let after = seen_flight(&app, &caller, &flight).await?;
    let ids = (before.id, after.id);
    let read =
        move |reader: &mut Reader| Ok::<_, StoreError>((both(reader, ids)?, reader.list_flight_changes(ids.0, ids.1)?));
    let ((first, second), known) = app.store.read(read).await?;
    let known: BTreeMap<_, _> = known.into_iter().map(|(before, after, finding)| ((before, after), finding)).collect();
    let found = pairs(&first, &second);
    let pictures = second.iter().filter(|file| file.kind == "picture").count();
    let alone = u32::try_from(pictures.saturating_sub(found.len())).unwrap_or(u32::MAX);
    let view = |pair| {
        let sense::flights::Pair { before, after, .. } = pair;
        change(ids, pair, known.get(&(before.number, after.number)))
    };
    let pairs = found.into_iter().map(view).collect();
    let mut two = summaries(&app, vec![before, after]).await?;
    let (after, before) = two.pop().zip(two.pop()).ok_or_else(failed)?;
    Ok(Json(FlightChanges { before, after, pairs, alone }))
}

/// Compares two pictures of one place, once: what came of it is kept.
#[utoipa::path(
    post,
    path = "/flights/{flight}/changes",
    tag = "flights",
    params(("flight" = String, Path, description = "The later flight")),
    request_body = FlightChangeInput,
    responses(
        (status = 200, description = "Compared", body = FlightChange),
        (status = 409, description = "The two do not show one place", body = Problem),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn compare_flight_pictures(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(flight): Path<String>,
    Body(input): Body<FlightChangeInput>,
) -> Result<Json<FlightChange>, Refused> {
    let before = seen_flight(&app, &caller, &input.before).await?.id;
    let after = seen_flight(&app, &caller, &flight).await?.id;
    let (first, second) = app.store.read(move |reader: &mut Reader| both(reader, (before, after))).await?;
    let is_wanted = |pair: &sense::flights::Pair<'_>| {
        (pair.before.number, pair.after.number) == (input.before_number, input.after_number)
    };
    let pair = pairs(&first, &second).into_iter().find(is_wanted);
    let pair = pair.ok_or_else(|| {
        let words = "these two pictures are not the nearest ones of one place".to_owned();
        refused(sense::flights::FlightError::Pair(words))
    })?;
    let numbers = FlightPair { before: (before, input.before_number), after: (after, input.after_number) };
    let finding = compare(&app.sense(), numbers).await.map_err(refused)?;
    Ok(Json(change((before, after), pair, Some(&finding))))
}

fn both(
    reader: &mut Reader,
    (before, after): (FlightId, FlightId),
) -> Result<(Vec<FlightFileRow>, Vec<FlightFileRow>), StoreError> {
    Ok((reader.list_flight_files(before)?, reader.list_flight_files(after)?))
}
