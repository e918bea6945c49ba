//! What the endpoints of terminals share.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use identity::{KioskError, Kiosks};
use store::KioskRow;

use crate::app::App;
use crate::caller::Caller;
use crate::convert::{plain, text};
use crate::error::Refused;
use crate::kiosk::kiosk_secret;
use crate::wire::KioskView;

/// The use-cases of terminals.
pub fn kiosks(app: &App) -> Kiosks {
    Kiosks { store: app.store.clone(), clock: Arc::clone(&app.clock) }
}

/// The secret of the terminal that asks.
///
/// # Errors
/// 403 for any other browser.
pub fn secret(headers: &HeaderMap) -> Result<&str, Refused> {
    kiosk_secret(headers).ok_or_else(|| kiosk_refused(KioskError::NotKiosk))
}

/// The terminal that somebody is signed in at; `None` elsewhere.
///
/// # Errors
/// [`Refused`] when it was removed, or the store does not answer.
pub async fn here(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<Option<KioskRow>, Refused> {
    if caller.session.as_ref().is_none_or(|session| session.kiosk.is_none()) {
        return Ok(None);
    }
    kiosks(app).find(secret(headers)?).await.map(Some).map_err(kiosk_refused)
}

/// A terminal as people see it.
pub fn kiosk_view(app: &App, kiosk: &KioskRow) -> KioskView {
    let office = kiosk.office.as_str();
    let title = app.current().city.office(&kiosk.office).map_or_else(|| plain(office), |office| text(&office.title));
    KioskView { id: kiosk.id.to_string(), title: kiosk.title.clone(), office: office.to_owned(), office_title: title }
}

/// Why something at a terminal was refused.
pub fn kiosk_refused(error: KioskError) -> Refused {
    let refused = |status, code| Refused::new(status, code, error.to_string());
    match error {
        KioskError::NotKiosk => refused(StatusCode::FORBIDDEN, "not_kiosk"),
        KioskError::Opening => refused(StatusCode::NOT_FOUND, "kiosk_code"),
        KioskError::Code => refused(StatusCode::NOT_FOUND, "kiosk_code"),
        KioskError::NotResident => refused(StatusCode::FORBIDDEN, "residents_only"),
        KioskError::Store(error) => error.into(),
    }
}
