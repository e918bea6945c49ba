//! Who asks: a device by its own name and password, or staff with a session. Nobody else sees anything.

use std::sync::{Arc, Mutex, OnceLock};

use axum::http::{HeaderMap, StatusCode, header};
use identity::Permission;
use sense::telemetry::Intake;

use super::fault::Fault;
use super::world::{Sight, World};
use super::{PATH, budget::Budget};
use crate::api::devices::parts::{device_of_basic, intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::open311::locale;

/// The address of this interface, as the caller reaches it.
pub fn base(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = app.settings.base_url.clone().unwrap_or_else(|| format!("http://{host}"));
    format!("{}{PATH}", base.trim_end_matches('/'))
}

/// What the caller may see.
///
/// # Errors
/// 401 and 403 for whoever may see nothing, 404 where the city has no devices, 429 for a device that asks too often.
pub async fn enter(app: &App, headers: &HeaderMap, caller: Result<Caller, Refused>) -> Result<World, Fault> {
    let intake: &Arc<Intake> = intake(app).map_err(|_| Fault::not_found())?;
    let sight = if headers.contains_key(header::AUTHORIZATION) {
        Sight::Own(device_of_basic(app, intake, headers).await?)
    } else {
        Sight::Regions(regions(app, &caller?, Permission::DeviceRead).map_err(named)?)
    };
    let compiled = app.current();
    Ok(World {
        intake: Arc::clone(intake),
        locale: locale(&compiled.city, headers).to_owned(),
        compiled,
        sight,
        base: base(app, headers),
        now: app.now(),
        budget: Budget::default(),
        members: OnceLock::new(),
        spans: Mutex::default(),
    })
}

/// Programs are told which ways there are.
fn named(refused: Refused) -> Fault {
    match refused.status() {
        StatusCode::UNAUTHORIZED => {
            let words = "sign in: a device with its name and password (HTTP Basic), staff with their session";
            Fault::new(StatusCode::UNAUTHORIZED, words)
        }
        _ => refused.into(),
    }
}
