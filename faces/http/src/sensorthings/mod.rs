//! OGC SensorThings API 1.1 (OGC 18-088) at `/sta/v1.1`, over the devices that are registered: a device is a Thing, each
//! of its series a Datastream, each reading an Observation.
//!
//! Must never show a device outside the regions of whoever asks, nor look at more of the lake than a stated number of
//! readings. What it answers is a view: nothing of it is stored beside the register and the lake.

mod answer;
mod budget;
mod door;
mod entities;
mod evaluate;
mod expression;
mod fault;
mod functions;
mod kinds;
mod lexer;
mod options;
mod path;
mod readings;
mod shapes;
mod tasks;
mod things;
pub mod topics;
mod value;
mod world;
mod write;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Router, middleware};

use answer::Answer;
use fault::Fault;
use path::{Part, Resource, Tail, Target};
use sense::telemetry::SeriesOf;
use world::{Collection, Entity, World};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::too_large;
use crate::harden;

/// Where this interface is.
const PATH: &str = "/sta/v1.1";

/// Every address of this interface.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sta/v1.1", any(ask))
        .route("/sta/v1.1/", any(ask))
        .route("/sta/v1.1/{*path}", any(ask))
        // A browser may hold a device's password, and would send it for another site's page.
        .layer(middleware::from_fn(harden::check_origin))
}

/// Every request.
async fn ask(
    State(app): State<Arc<App>>,
    caller: Result<Caller, Refused>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let outcome = match method {
        Method::GET | Method::HEAD => read(&app, caller, &uri, &headers).await,
        Method::POST => match body {
            Ok(body) => create(&app, caller, &uri, &headers, &body).await,
            Err(_) => Err(too_large().into()),
        },
        _ => Err(only_observations()),
    };
    outcome.unwrap_or_else(Fault::into_response)
}

fn only_observations() -> Fault {
    Fault::method("only Things (devices), Observations and Tasks are created here; classes of devices are of the pack")
}

fn resource(uri: &Uri) -> Result<Resource, Fault> {
    path::parse(uri.path().strip_prefix(PATH).unwrap_or_default())
}

async fn read(app: &App, caller: Result<Caller, Refused>, uri: &Uri, headers: &HeaderMap) -> Result<Response, Fault> {
    let (parts, tail) = match resource(uri)? {
        Resource::Root => {
            return Ok(
                Answer::Json(answer::root(&door::base(app, headers), &door::endpoints(app, headers))).into_response()
            );
        }
        Resource::CreateObservations => return Err(Fault::method("arrays of readings are sent here by POST")),
        Resource::Entities(parts, tail) => (parts, tail),
    };
    let pairs = options::pairs(uri.query().unwrap_or_default())?;
    let world = door::enter(app, headers, caller).await?;
    let turn = Arc::clone(&app.limits.questions).acquire_owned().await.map_err(|_| failed())?;
    // The lake reads files: not on a thread that others wait for. Whoever went away keeps the turn until it is done.
    let work = move || {
        let _turn = turn;
        let target = world.resolve(&parts)?;
        let kind = parts.last().map_or(kinds::Kind::Thing, |part| part.kind);
        let options = options::parse(kind, answer::is_many(&target), pairs, world.now)?;
        world.answer(&parts, &tail, target, &options).map(IntoResponse::into_response)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| failed())?
}

async fn create(
    app: &App,
    caller: Result<Caller, Refused>,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Fault> {
    if !is_json(headers) {
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "what is created here comes as application/json"));
    }
    let parts = match resource(uri)? {
        Resource::CreateObservations => {
            let world = door::enter(app, headers, caller).await?;
            return write::create_many(&world, body).await;
        }
        Resource::Entities(parts, Tail::Whole) => parts,
        Resource::Root | Resource::Entities(..) => return Err(only_observations()),
    };
    if parts.last().is_some_and(|part| part.kind == kinds::Kind::Task) {
        let world = door::enter(app, headers, caller).await?;
        return tasks::create(app, &world, &parts, body).await;
    }
    if let [part] = parts.as_slice()
        && part.kind == kinds::Kind::Thing
        && part.is_set()
    {
        let world = door::enter(app, headers, caller).await?;
        return things::create(app, &world, body).await;
    }
    if parts.last().is_none_or(|part| part.kind != kinds::Kind::Observation) {
        return Err(only_observations());
    }
    let world = door::enter(app, headers, caller).await?;
    let series = meant(&world, &parts)?;
    write::create(&world, series, body).await
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The Datastream that a path to Observations goes over, where it goes over one.
fn meant(world: &World, parts: &[Part]) -> Result<Option<SeriesOf>, Fault> {
    match world.resolve(parts)? {
        Target::Many(Collection::Readings(mut series)) => {
            let is_of_one = parts.len() > 1 && series.len() == 1;
            Ok(is_of_one.then(|| series.remove(0)))
        }
        Target::One(Entity::Observation(..)) => Err(only_observations()),
        _ => Err(Fault::new(StatusCode::NOT_FOUND, "there are no Observations at this path")),
    }
}
