//! `GET /accesses`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::VaultError;
use model::CaseId;
use pack::City;
use sense::extracts::memberships;
use store::{AccessRow, CaseFilter, CaseRow, CaseSort, Looked};

use super::parts::{private, trail_of, vault_refused};
use crate::api::extracts::parts::entry as extract_entry;
use crate::api::mandates::parts::ACTS;
use crate::api::openid::parts::disclosures;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::category_title;
use crate::convert::mandates::{act_entry, sides};
use crate::convert::prefill::fetch_entry;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// Most looks answered.
const LIMIT: u32 = 200;

/// Most extracts told of.
const EXTRACTS: u32 = 50;

/// Who looked at the caller's data, or that of the child a guardian acts for, and what departments were asked about them, for what and why (谁看过我的数据; PIPL articles 44 and 45).
#[utoipa::path(
    get,
    path = "/accesses",
    tag = "applications",
    responses((status = 200, description = "As asked", body = AccessPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_accesses(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = trail_of(&app, &caller).await?;
    let (now, vault) = (app.now(), Arc::clone(&app.vault));
    let (looks, cases, fetches, disclosures, sealed, extracts, acts, sides) = app
        .store
        .read(move |reader| {
            let looks = reader.list_access_to(party, now, LIMIT)?;
            let sealed = reader.count_sealed_looks(party, now)?;
            let extracts = memberships(reader, party, EXTRACTS)?;
            let mut ids: Vec<CaseId> = looks.iter().map(|look| look.case).collect();
            ids.sort_unstable();
            ids.dedup();
            let filter = CaseFilter { ids, ..CaseFilter::default() };
            let found = if looks.is_empty() {
                Vec::new()
            } else {
                reader.list_cases(&filter, CaseSort::Opened, None, LIMIT)?.items
            };
            let disclosures = disclosures(reader, party, LIMIT)?;
            let (fetches, acts) = (reader.list_fetches_about(party, LIMIT)?, reader.list_mandate_acts(party, ACTS)?);
            let asked_by = fetches.iter().filter_map(|fetch| fetch.asked_by);
            let sides = sides(reader, &vault, acts.iter().map(|act| act.agent).chain(asked_by))?;
            Ok::<_, VaultError>((looks, found, fetches, disclosures, sealed, extracts, acts, sides))
        })
        .await
        .map_err(vault_refused)?;
    let cases: BTreeMap<CaseId, CaseRow> = cases.into_iter().map(|row| (row.id, row)).collect();
    let compiled = app.current();
    let city = &compiled.city;
    let items = looks.iter().map(|look| entry(city, look, cases.get(&look.case))).collect();
    let names = sides.iter().map(|(party, side)| (*party, side.name.clone())).collect();
    let fetches = fetches.iter().map(|row| fetch_entry(city, row, &names)).collect();
    let acts = acts.iter().map(|act| act_entry(city, act, &sides)).collect();
    let extracts = extracts.into_iter().map(|found| extract_entry(city, found)).collect();
    let sealed = sealed.map(|sealed| SealedLooks { count: sealed.count, next_at: time(sealed.next_at) });
    Ok(private(StatusCode::OK, &AccessPage { items, fetches, disclosures, acts, extracts, sealed }))
}

/// A look in plain words.
pub fn entry(city: &City, look: &AccessRow, case: Option<&CaseRow>) -> AccessEntry {
    AccessEntry {
        at: time(look.at),
        office: city.office(&look.office).map(|office| text(&office.title)).unwrap_or_default(),
        role: city.role(&look.role).map(|role| text(&role.title)).unwrap_or_default(),
        data: match look.looked {
            Looked::Contact(_) => DataClass::Contact,
            Looked::Application(_) => DataClass::Application,
        },
        purpose: look.purpose.clone(),
        basis: look.basis.clone(),
        case_no: case.map(|case| case.no.to_string()).unwrap_or_default(),
        case_title: case.map(|case| category_title(city, &case.category)).unwrap_or_default(),
        event_id: look.event.to_string(),
    }
}
