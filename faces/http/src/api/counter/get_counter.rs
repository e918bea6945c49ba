//! `GET /counter`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::{Instant, OfficeId, ServiceId};
use pack::City;
use pack::calendar::civil_day;
use store::{Arrived, StoreError};

use super::parts::{posts, services_of};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{plain, text, time};
use crate::error::Refused;
use crate::wire::*;

/// How far from now times are looked at, 18 hours: those of the same civil day are kept.
const AROUND_US: i64 = 18 * 3_600_000_000;

/// Who came to the caller's windows today, and what is applied for there.
#[utoipa::path(
    get,
    path = "/counter",
    tag = "counter",
    responses((status = 200, description = "As asked", body = CounterView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_counter(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let mut offices: Vec<OfficeId> = posts(&app, &caller)?.into_iter().map(|post| post.office).collect();
    offices.dedup();
    let (compiled, now) = (app.current(), app.now());
    let city = Arc::clone(&compiled.city);
    let reading = Arc::clone(&city);
    let found = app
        .store
        .read(move |reader| {
            let mut found: Vec<(OfficeId, Vec<(ServiceId, Arrived)>)> = Vec::new();
            for office in offices {
                let mut arrived = Vec::new();
                for service in services_of(&reading, &office) {
                    let (from, before) = (now.plus_micros(-AROUND_US), now.plus_micros(AROUND_US));
                    let came = reader.list_arrived(&service, from, before)?;
                    arrived.extend(came.into_iter().map(|one| (service.clone(), one)));
                }
                arrived.sort_by_key(|(_, one)| one.starts_at);
                found.push((office, arrived));
            }
            Ok::<_, StoreError>(found)
        })
        .await?;
    let offices = found.iter().map(|(office, arrived)| office_view(&city, office, arrived, now)).collect();
    Ok(private(StatusCode::OK, &CounterView { offices }))
}

fn office_view(city: &City, office: &OfficeId, arrived: &[(ServiceId, Arrived)], now: Instant) -> CounterOffice {
    let named = |id: &ServiceId| Named {
        id: id.to_string(),
        title: city.services.get(id).map_or_else(|| plain(id.as_str()), |service| text(&service.title)),
    };
    let (zone, today) = (city.zone(), civil_day(&city.zone(), now));
    let is_today = |one: &&(ServiceId, Arrived)| civil_day(&zone, one.1.starts_at) == today;
    let view = |(service, one): &(ServiceId, Arrived)| ArrivedView {
        case_no: one.case_no.to_string(),
        ticket: one.ticket.clone().unwrap_or_default(),
        service: named(service),
        starts_at: time(one.starts_at),
    };
    CounterOffice {
        office: Named {
            id: office.to_string(),
            title: city.office(office).map(|office| text(&office.title)).unwrap_or_default(),
        },
        services: services_of(city, office).iter().map(named).collect(),
        arrived: arrived.iter().filter(is_today).map(view).collect(),
    }
}
