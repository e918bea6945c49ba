//! `GET /person/export`.

use std::collections::BTreeMap;
use std::sync::Arc;

use act::hospital::Visit;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use identity::{HospitalPayment, Prefill};
use pack::City;
use sense::person::{AtHospitals, Held, HeldCase, collect};
use store::StoreError;

use crate::api::applications::list_accesses::entry;
use crate::api::applications::parts::{private, trail_of, vault_refused};
use crate::api::licences::view::item;
use crate::api::notifications::list_notifications::item as message;
use crate::api::openid::parts::disclosures;
use crate::api::security::get_security::passkey;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::hospitals::{find_state, visit};
use crate::convert::payments::state;
use crate::convert::prefill::fetch_entry;
use crate::convert::reports::summary;
use crate::convert::time;
use crate::error::Refused;
use crate::wire::*;

/// Most disclosures in a copy.
const DISCLOSURES: u32 = 10_000;

/// Everything the city holds of the caller, or of the child a guardian acts for, as one document to take along (PIPL article 45).
#[utoipa::path(
    get,
    path = "/person/export",
    tag = "person",
    responses((status = 200, description = "As asked", body = PersonExport), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn export_person(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = trail_of(&app, &caller).await?;
    caller.limit(&app, &app.limits.uploads)?;
    let held = collect(&app.sense(), party).await.map_err(vault_refused)?;
    let elsewhere = app
        .store
        .read(move |reader| {
            let passkeys = reader.list_passkeys(party)?.into_iter().map(passkey).collect();
            Ok::<_, StoreError>((disclosures(reader, party, DISCLOSURES)?, passkeys))
        })
        .await?;
    let mut response = private(StatusCode::OK, &export(&app, held, elsewhere));
    let file = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
    Ok(response)
}

fn export(app: &App, held: Held, elsewhere: (Vec<DisclosureEntry>, Vec<Passkey>)) -> PersonExport {
    let (compiled, now) = (app.current(), app.now());
    let city = &compiled.city;
    let contact =
        |contact: identity::Contact| Contact { name: contact.name, phone: contact.phone, email: contact.email };
    let mut contacts: BTreeMap<_, _> = held.contacts.into_iter().map(|(no, found)| (no, contact(found))).collect();
    let rows: BTreeMap<_, _> = held.cases.iter().map(|case| (case.row.id, case.row.clone())).collect();
    let accesses = held.looks.iter().map(|look| entry(city, look, rows.get(&look.case))).collect();
    let former = |(until, answers)| FormerAnswers { until: time(until), answers };
    let cases = held.cases.into_iter().map(|HeldCase { row, answers, former: before }| {
        let archived = app.packs.get(&row.pack).unwrap_or_else(|| Arc::clone(&compiled));
        let summary = summary(&row, &archived.city, Vec::new(), None);
        let former_answers = before.into_iter().map(former).collect();
        ExportedCase { summary, contact: contacts.remove(&row.no), answers, former_answers }
    });
    PersonExport {
        made_at: time(now),
        login: held.account.login,
        display_name: held.account.display_name,
        created_at: time(held.account.created_at),
        cases: cases.collect(),
        drafts: held.drafts.into_iter().map(|(service, draft)| (service.to_string(), draft.answers)).collect(),
        licences: held
            .licences
            .into_iter()
            .map(|(row, text)| ExportedLicence { item: item(city, &row, now), claims: claims(&text) })
            .collect(),
        accesses,
        addresses: held
            .addresses
            .into_iter()
            .map(|(channel, address)| (channel.as_str().to_owned(), address.reveal().to_owned()))
            .collect(),
        notification_preferences: held.preferences.and_then(|row| serde_json::to_value(row).ok()),
        notifications: held.messages.iter().filter_map(|row| message(&app.packs, row)).collect(),
        identity: held.identity.map(|verified| IdentityInput {
            name: verified.identity.name,
            id_number: verified.identity.id_number.into(),
        }),
        prefills: held.prefills.into_iter().map(|(service, prefill)| (service.to_string(), values(prefill))).collect(),
        hospitals: hospitals(city, held.at_hospitals),
        fetches: held.fetches.iter().map(|row| fetch_entry(city, row, &held.names)).collect(),
        disclosures: elsewhere.0,
        passkeys: elsewhere.1,
    }
}

fn claims(licence: &str) -> serde_json::Map<String, serde_json::Value> {
    credential::SdJwt::parse(licence).map(|licence| licence.unverified_claims().clone()).unwrap_or_default()
}

fn values(prefill: Prefill) -> BTreeMap<String, serde_json::Value> {
    prefill.fetched.into_iter().map(|(field, fetched)| (field.to_string(), fetched.value)).collect()
}

fn hospitals(city: &City, AtHospitals { agreed, visits, payments }: AtHospitals) -> ExportedHospitals {
    let bare = |(id, kept)| Visit { id, kept, journey: None, fault: None, payments: Vec::new() };
    let payment = |payment: HospitalPayment| {
        Some(ExportedHospitalPayment {
            id: payment.row.id.to_string(),
            hospital: payment.paid.hospital.to_string(),
            state: state(find_state(&payment.row.state)?),
            amount: payment.row.amount,
            created_at: time(payment.row.created_at),
        })
    };
    ExportedHospitals {
        agreements: agreed.into_iter().map(|(id, patient)| (id.to_string(), time(patient.agreed_at))).collect(),
        visits: visits.into_iter().map(|one| visit(city, &bare(one), false)).collect(),
        payments: payments.into_iter().filter_map(payment).collect(),
    }
}
