//! Who asks: a device by its own name and password, a client program by its key, or staff with a session. Nobody else
//! sees anything.

use std::sync::{Arc, Mutex, OnceLock};

use axum::http::{HeaderMap, StatusCode, header};
use identity::{Permission, Principal, Subject, find_client_principal};
use model::{Actor, ClientId, PartyId, RegionId};
use sense::telemetry::Intake;
use store::StoreError;

use super::fault::Fault;
use super::world::{Sight, World};
use super::{PATH, budget::Budget};
use crate::access::authorise;
use crate::api::devices::parts::{credentials, device_of_basic, intake, regions};
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

/// The addresses of the broker, as the caller would reach it.
pub fn endpoints(app: &App, headers: &HeaderMap) -> Vec<String> {
    let base = base(app, headers);
    let host = base.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    // A port, where there is one; an address of IPv6 ends with a bracket.
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    let listeners = app.broker.get().into_iter().flatten();
    listeners.map(|(scheme, port)| format!("{scheme}://{host}:{port}")).collect()
}

/// A world of its own: what nobody asked for by HTTP, in the language of the city.
pub fn alone(app: &App, intake: &Arc<Intake>, sight: Sight) -> World {
    let (compiled, nobody) = (app.current(), HeaderMap::new());
    World {
        intake: Arc::clone(intake),
        locale: locale(&compiled.city, &nobody).to_owned(),
        compiled,
        sight,
        who: Principal::Visitor,
        base: base(app, &nobody),
        now: app.now(),
        budget: Budget::default(),
        members: OnceLock::new(),
        spans: Mutex::default(),
    }
}

/// What the caller may see.
///
/// # Errors
/// 401 and 403 for whoever may see nothing, 404 where the city has no devices, 429 for a device that asks too often.
pub async fn enter(app: &App, headers: &HeaderMap, caller: Result<Caller, Refused>) -> Result<World, Fault> {
    let intake: &Arc<Intake> = intake(app).map_err(|_| Fault::not_found())?;
    let (sight, who) = if headers.contains_key(header::AUTHORIZATION) {
        match device_of_basic(app, intake, headers).await {
            Err(refused) if refused.status() == StatusCode::UNAUTHORIZED => {
                let (program, regions) = program(app, headers).await?;
                (Sight::Regions(regions), program)
            }
            device => (Sight::Own(device?), Principal::Visitor),
        }
    } else {
        let caller = caller?;
        (Sight::Regions(regions(app, &caller, Permission::DeviceRead).map_err(named)?), caller.principal)
    };
    let compiled = app.current();
    Ok(World {
        intake: Arc::clone(intake),
        locale: locale(&compiled.city, headers).to_owned(),
        compiled,
        sight,
        who,
        base: base(app, headers),
        now: app.now(),
        budget: Budget::default(),
        members: OnceLock::new(),
        spans: Mutex::default(),
    })
}

/// Who may tell a device of the world what to do, as the log names them.
///
/// # Errors
/// 403 for whoever may not, a device itself too.
pub fn controller(app: &App, world: &World, region: &RegionId) -> Result<Actor, Fault> {
    if matches!(world.sight, Sight::Own(_)) {
        return Err(Refused::forbidden().into());
    }
    let there = Subject::Region(region.clone()).into();
    let grant = authorise(app, &world.who, Permission::DeviceControl, &there)?;
    match (&world.who, grant) {
        (Principal::Client { client, .. }, _) => Ok(Actor::Client { client: client.clone() }),
        (Principal::Staff { party, .. }, Some(grant)) => {
            Ok(Actor::Staff { party: *party, role: grant.role, office: grant.office })
        }
        _ => Err(Refused::forbidden().into()),
    }
}

/// Who may register a device in a region: the person, or the program in words.
///
/// # Errors
/// 401 and 403 for whoever may not.
pub fn registrar(app: &App, world: &World, region: &RegionId) -> Result<(Option<PartyId>, Option<String>), Fault> {
    authorise(app, &world.who, Permission::DeviceManage, &Subject::Region(region.clone()).into())?;
    Ok(match &world.who {
        Principal::Client { client, .. } => (None, Some(format!("SensorThings: {client}"))),
        who => (who.party(), None),
    })
}

/// A client program, and where it may read devices. It signs in with its key: `Bearer`, or Basic with its id as the name.
async fn program(app: &App, headers: &HeaderMap) -> Result<(Principal, Vec<RegionId>), Fault> {
    let (name, key) = match credentials(headers) {
        Some((name, key)) => (Some(name), key),
        None => (None, bearer(headers).ok_or_else(not_signed_in)?),
    };
    let found = find_program(app, name.as_deref(), key).await.map_err(Refused::from)?;
    let (client, principal, regions) = found.ok_or_else(not_signed_in)?;
    app.limits.clients.take(client.to_string(), app.now()).map_err(Refused::too_many)?;
    if regions.is_empty() { Err(Refused::forbidden().into()) } else { Ok((principal, regions)) }
}

/// The program of a key, and where it may read devices; `None` for a key, or a name, that is wrong.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn find_program(
    app: &App,
    name: Option<&str>,
    key: String,
) -> Result<Option<(ClientId, Principal, Vec<RegionId>)>, StoreError> {
    let found = app.store.read(move |reader| find_client_principal(reader, &key)).await?;
    let Some(Principal::Client { client, regions, .. }) = found else { return Ok(None) };
    if name.is_some_and(|name| name != client.as_str()) {
        return Ok(None);
    }
    let controls = app.settings.controllers.contains(&client);
    let registers = app.settings.registrars.contains(&client);
    let principal = Principal::Client { client: client.clone(), regions: regions.clone(), controls, registers };
    let compiled = app.current();
    let may_read = |region: &&RegionId| {
        let resource = Subject::Region((*region).clone()).into();
        app.policy.decide(&compiled.city, &principal, Permission::DeviceRead, &resource).is_allowed()
    };
    let regions: Vec<RegionId> = regions.iter().filter(may_read).cloned().collect();
    Ok(Some((client, principal, regions)))
}

/// The key of `authorization: Bearer` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}

fn not_signed_in() -> Fault {
    let words = "sign in: a device with its name and password, a program with its id and key (HTTP Basic), staff with their session";
    Fault::new(StatusCode::UNAUTHORIZED, words)
}

/// Programs are told which ways there are.
fn named(refused: Refused) -> Fault {
    if refused.status() == StatusCode::UNAUTHORIZED { not_signed_in() } else { refused.into() }
}
