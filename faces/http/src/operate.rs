//! What an operator looks at: `/healthz` and `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use store::{CaseFilter, Reader, StoreError};

use crate::app::App;
use crate::ledger_files::published;
use crate::metrics::Gauge;

/// A database that does not answer within this is not healthy.
const PATIENCE: Duration = Duration::from_secs(2);

/// Open cases are counted up to this, dead jobs up to a thousand.
const OPEN_MAX: u32 = 1_000_000;

/// `GET /healthz`: 200 when the database answers, 503 otherwise.
pub async fn healthz(State(app): State<Arc<App>>) -> Response {
    let read = app.store.read(|reader| reader.last_position());
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(position)) => Json(json!({"status": "ok", "position": position})).into_response(),
        Ok(Err::<_, StoreError>(_)) | Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable"}))).into_response()
        }
    }
}

/// `GET /metrics`: everything counted, in the Prometheus text format.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let (sealed, cosigners) = published(&app).await;
    let origin = app.ledger_key.name().as_str().to_owned();
    let mut gauges = vec![Gauge {
        name: "dipper_writes_waiting",
        help: "Writes that wait or run.",
        values: vec![(String::new(), number(app.store.writes_waiting()))],
    }];
    gauges.push(Gauge {
        name: "dipper_ledger_cosignatures",
        help: "Lines of witnesses on the published checkpoint.",
        values: vec![(String::new(), number(cosigners))],
    });
    gauges.extend(lake_store(&app));
    match app.store.read(move |reader| stored(reader, sealed, &origin)).await {
        Ok(stored) => gauges.extend(stored),
        Err(error) => tracing::warn!(%error, "the gauges of the store could not be read"),
    }
    let body = app.metrics.render(&gauges);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body).into_response()
}

/// How the object store of readings stands, where there is one.
fn lake_store(app: &App) -> Vec<Gauge> {
    let Some(standing) = app.intake.as_ref().and_then(|intake| intake.lake.store()) else { return Vec::new() };
    let away_s = standing.away_since.map_or(0, |since| app.now().micros_since(since) / 1_000_000);
    let one = |name, help, value| Gauge { name, help, values: vec![(String::new(), value)] };
    vec![
        one(
            "dipper_lake_store_away_seconds",
            "For how long nothing can be carried to the object store.",
            float(away_s),
        ),
        one(
            "dipper_lake_store_files_waiting",
            "Files of readings that the store has not.",
            number(standing.waiting_files),
        ),
    ]
}

fn stored(reader: &mut Reader, sealed: i64, origin: &str) -> Result<Vec<Gauge>, StoreError> {
    let position = reader.last_position()?;
    let lag_of = |whole: i64, reached: i64| float(whole.saturating_sub(reached).max(0));
    let last_event = reader.last_event_position()?;
    let lag = |reached: i64| lag_of(last_event, reached);
    let mut lags = vec![("{consumer=\"ledger\"}".to_owned(), lag_of(position, sealed))];
    let consumers = reader.list_consumers()?;
    let others = consumers.into_iter().filter(|(name, _)| name != "ledger");
    lags.extend(
        others.map(|(name, reached)| {
            (format!("{{consumer=\"{}\"}}", name.replace(['"', '\\', '\n'], "_")), lag(reached))
        }),
    );
    let locked = reader.find_ledger_head(origin)?.map_or(0, |head| i64::try_from(head.size).unwrap_or(i64::MAX));
    let open = CaseFilter { open: Some(true), ..CaseFilter::default() };
    let open = reader.count_cases(&open, OPEN_MAX)?.count;
    let dead = reader.list_dead_jobs(1_000)?.len();
    let messages = reader.count_messages()?.into_iter().map(|(channel, state, count)| {
        let labels = format!("{{channel=\"{}\",state=\"{}\"}}", channel.as_str(), state.as_str());
        (labels, float(i64::try_from(count).unwrap_or(i64::MAX)))
    });
    let messages = messages.collect();
    let one = |name, help, value| Gauge { name, help, values: vec![(String::new(), value)] };
    Ok(vec![
        one("dipper_log_position", "Position of the last event or record.", float(position)),
        one("dipper_ledger_unpublished_entries", "Entries signed that wait for witnesses.", lag_of(locked, sealed)),
        Gauge { name: "dipper_consumer_lag_events", help: "Events that a consumer has not dealt with.", values: lags },
        Gauge { name: "dipper_messages", help: "Messages of the outbox by channel and state.", values: messages },
        one("dipper_jobs_dead", "Jobs that failed for good, counted up to 1 000.", number(dead)),
        one("dipper_cases_open", "Cases that have not ended.", f64::from(open)),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
fn float(count: i64) -> f64 {
    count as f64
}
