//! What the endpoints of receipts share.

use std::sync::Arc;

use account::ledger::{Receipt, ReceiptError};
use axum::http::StatusCode;
use identity::{Permission, Principal};
use ledger::commitment::Opening;
use ledger::proof::Proof;
use model::{Event, EventBody, EventId, RecordBody};
use store::StoreError;

use crate::access::{authorise, case_subject, load, load_for_reporter};
use crate::api::devices::parts::{device, regions};
use crate::api::flights::parts::reads_flights_of;
use crate::api::inspections::parts::inspection;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::events::public_entry;
use crate::convert::words;
use crate::error::{Refused, failed};
use crate::wire;

/// An event, or a record, that the caller may have the receipt of.
pub struct NamedEvent {
    /// Its id.
    pub id: EventId,
    /// What its receipt is called: the case's number and the version, or the record's kind and position.
    pub file: String,
}

/// Finds an event that the caller may have the receipt of: any event of a case they may read as staff, or an entry of
/// the timeline of their own report. Or a record, where they may read what it is about.
///
/// # Errors
/// 404 when there is none for them.
pub async fn named_event(
    app: &Arc<App>,
    caller: &Caller,
    event_id: &str,
    secret: Option<&str>,
) -> Result<NamedEvent, Refused> {
    let (not_found, principal) = (|| Refused::not_found("event"), &caller.principal);
    let id: EventId = event_id.parse().map_err(|_| not_found())?;
    if let Some(record) =
        app.store.read(move |reader| reader.find_record(id)).await.map_err(|error: StoreError| error)?
    {
        may_read_record(app, caller, &record.body).map_err(|_| not_found())?;
        return Ok(NamedEvent { id, file: format!("{}-{}", record.body.kind(), record.position) });
    }
    let packs = Arc::clone(&app.packs);
    let (event, loaded) = app
        .store
        .read(move |reader| {
            let Some(event) = reader.find_event(id)? else { return Err(Refused::not_found("event")) };
            let loaded = load(reader, &packs, &event.case.to_string())?;
            Ok((event, loaded))
        })
        .await?;
    let case_no = loaded.case.no.clone();
    let named = NamedEvent { id, file: format!("{case_no}-{}", event.version) };
    let resource = case_subject(&loaded.case, &loaded.compiled.city).into();
    if authorise(app, principal, Permission::CaseRead, &resource).is_ok() {
        return Ok(named);
    }
    if is_in_extract(app, principal, &event).await? {
        return Ok(named);
    }
    let (loaded, _) = load_for_reporter(app, principal, case_no.as_str(), secret).await.map_err(|_| not_found())?;
    let entry = public_entry(&event, &loaded.case, &loaded.compiled, None, app.now());
    entry.map(|_| named).ok_or_else(not_found)
}

/// Who may read a record: whoever may read what it is about.
///
/// # Errors
/// [`Refused`] for everybody else.
pub fn may_read_record(app: &App, caller: &Caller, body: &RecordBody) -> Result<(), Refused> {
    match body {
        RecordBody::CommandAsked(asked) => device(app, caller, asked.device.as_str(), Permission::DeviceRead).map(drop),
        RecordBody::CommandConfirmed { device: id, .. } | RecordBody::CommandEnded { device: id, .. } => {
            device(app, caller, id.as_str(), Permission::DeviceRead).map(drop)
        }
        RecordBody::CameraViewed { camera: id, .. } => {
            device(app, caller, id.as_str(), Permission::DeviceRead).map(drop)
        }
        RecordBody::RecordingSealed(sealed) => {
            device(app, caller, sealed.camera.as_str(), Permission::CameraView).map(drop)
        }
        RecordBody::InspectionEnded(ended) => {
            let compiled = app.current();
            let id = ended.inspection.as_str();
            inspection(app, &compiled.city, caller, id, Permission::InspectionRead).map(drop)
        }
        RecordBody::FlightSealed(sealed) => reads_flights_of(app, caller, &sealed.region),
        RecordBody::FlightAttached { region, .. } => reads_flights_of(app, caller, region),
        // It says how much was measured, and nothing of what.
        RecordBody::LakeFileSealed(_) => regions(app, caller, Permission::DeviceRead).map(drop),
    }
}

/// Whether an event tells of an extract that the caller is in.
async fn is_in_extract(app: &App, principal: &Principal, event: &Event) -> Result<bool, Refused> {
    let (EventBody::Extracted(extracted), Principal::Resident { party }) = (&event.body, principal) else {
        return Ok(false);
    };
    let (extract, party) = (extracted.extract, *party);
    Ok(app.store.read(move |reader| reader.is_in_extract(extract, party)).await?)
}

/// Makes the receipt of an event.
///
/// # Errors
/// 404 `not_sealed_yet` within the first seconds.
pub async fn make(app: &App, event: EventId) -> Result<Receipt, Refused> {
    account::ledger::receipt(&app.store, &app.ledger_files, &app.ledger_key, event).await.map_err(refused)
}

fn refused(error: ReceiptError) -> Refused {
    match error {
        ReceiptError::NotFound => Refused::not_found("event"),
        ReceiptError::NotSealedYet => {
            Refused::new(StatusCode::NOT_FOUND, "not_sealed_yet", error.to_string()).retry_after(2)
        }
        ReceiptError::Store(error) => error.into(),
        error => {
            tracing::error!(%error, "a receipt could not be made");
            failed()
        }
    }
}

/// A receipt in words.
///
/// # Errors
/// 500 when the receipt just made does not hold, which says that the ledger's files are damaged.
pub fn explained(app: &App, receipt: &Receipt) -> Result<wire::ReceiptView, Refused> {
    let explained = account::ledger::explain(receipt.text.as_bytes(), &app.ledger_key).map_err(|error| {
        tracing::error!(%error, "a receipt just made does not hold");
        failed()
    })?;
    let proof = Proof::parse(receipt.text.as_bytes()).ok();
    let opening = proof.as_ref().and_then(|proof| Opening::from_bytes(proof.extra()?).ok());
    Ok(wire::ReceiptView {
        sealed: true,
        index: Some(explained.index),
        size: Some(explained.size),
        origin: Some(explained.origin),
        leaf_hash: opening.map(|opening| opening.leaf.leaf_hash().to_string()),
        opens: true,
        words: crate::convert::text(&explained.words),
    })
}

/// The view of an event that the ledger has not reached yet.
pub fn not_sealed() -> wire::ReceiptView {
    wire::ReceiptView {
        sealed: false,
        index: None,
        size: None,
        origin: None,
        leaf_hash: None,
        opens: false,
        words: words(
            "该步骤已记录，将在数秒内存证，请稍后再查。",
            "This step is recorded and will be sealed within seconds; ask again.",
        ),
    }
}
