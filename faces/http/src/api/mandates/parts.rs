//! What the endpoints of mandates share.

use std::sync::Arc;

use axum::http::StatusCode;
use identity::{MandateError, Mandates};
use model::MandateId;
use store::MandateRow;

use crate::api::applications::parts::vault_refused;
use crate::app::App;
use crate::convert::mandates::{mandate_view, parties_of, sides};
use crate::error::Refused;
use crate::wire;

/// Acts read at a time.
pub const ACTS: u32 = 100;

/// The use-cases of mandates.
pub fn mandates(app: &App) -> Mandates {
    Mandates { store: app.store.clone(), clock: Arc::clone(&app.clock) }
}

/// The mandate of a path.
///
/// # Errors
/// 404 when the text is none.
pub fn mandate_id(text: &str) -> Result<MandateId, Refused> {
    text.parse().map_err(|_| Refused::not_found("mandate"))
}

/// A mandate as both sides see it.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn view(app: &App, mandate: MandateRow) -> Result<wire::MandateView, Refused> {
    let vault = Arc::clone(&app.vault);
    let (mandate, sides) = app
        .store
        .read(move |reader| {
            let sides = sides(reader, &vault, parties_of(std::slice::from_ref(&mandate)))?;
            Ok((mandate, sides))
        })
        .await
        .map_err(vault_refused)?;
    Ok(mandate_view(&app.current().city, &mandate, &sides, app.now()))
}

/// Why a mandate was not offered, taken, confirmed or ended.
pub fn mandate_refused(error: MandateError) -> Refused {
    let words = error.to_string();
    let conflict = |code: &str| Refused::new(StatusCode::CONFLICT, code, words.clone());
    match error {
        MandateError::NotIdentified => Refused::new(StatusCode::FORBIDDEN, "not_identified", words),
        MandateError::NotRepresentative => Refused::new(StatusCode::FORBIDDEN, "not_representative", words),
        MandateError::Until => Refused::field("days", words),
        MandateError::Scope => Refused::field("services", words),
        MandateError::TooMany => conflict("too_many_mandates"),
        MandateError::Code => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_code", words),
        MandateError::Oneself => conflict("own_code"),
        MandateError::NotFound => Refused::not_found("mandate"),
        MandateError::State(_) => conflict("mandate_state"),
        MandateError::Store(error) => error.into(),
    }
}
