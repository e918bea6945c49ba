//! `GET /alarm-notices`, `GET /alarm-notices/{group}` and `POST /alarm-notices/{group}/deeds`.

use std::sync::Arc;

use act::notifications::{Delivery, list_deliveries};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::Permission;
use model::{EventId, RegionId};
use store::{AlarmGroupFilter, AlarmGroupRow, AlarmNoticeRow, DeviceAlarmFilter, StoreError, Tx};

use super::notice_views::{delivery_view, group_view, notice_view};
use crate::api::devices::parts::{intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::{Body, Params};
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Most alarms that one takes note of at once.
const AT_ONCE: u32 = 50_000;

/// What was told of alarms that the caller may see: groups, those with the newest notices first.
#[utoipa::path(
    get,
    path = "/alarm-notices",
    tag = "devices",
    params(AlarmNoticesQuery),
    responses((status = 200, description = "As asked", body = AlarmNoticePage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_alarm_notices(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<AlarmNoticesQuery>,
) -> Result<Json<AlarmNoticePage>, Refused> {
    let limit = page_limit(query.limit)?;
    let reach = Reach::of(&app, &caller)?;
    let party = caller.staff()?.party;
    let filter = AlarmGroupFilter {
        within: reach.seen.clone(),
        open: query.open,
        told: query.mine.then_some(party),
        before: parse_some("before", query.before.as_deref())?,
    };
    let (items, unread, next) = app
        .store
        .read(move |reader| {
            let rows = reader.list_alarm_groups(&filter, limit)?;
            let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.last_notice.to_string());
            Ok::<_, StoreError>((stand(reader, rows, &reach, party)?, reader.count_unread_groups(party)?, next))
        })
        .await?;
    let compiled = app.current();
    let intake = intake(&app)?;
    let items = items.iter().map(|standing| group_view(intake, &compiled.city, standing)).collect();
    Ok(Json(AlarmNoticePage { items, unread, next }))
}

/// A group, everything that was told of it, and how far each message is.
#[utoipa::path(
    get,
    path = "/alarm-notices/{group}",
    tag = "devices",
    params(("group" = String, Path, description = "Its id")),
    responses((status = 200, description = "As asked", body = AlarmGroupDetail), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_alarm_notice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AlarmGroupDetail>, Refused> {
    let reach = Reach::of(&app, &caller)?;
    Ok(Json(detail(&app, &caller, reach, &id).await?))
}

/// Looks at what one was told, or takes note of it.
#[utoipa::path(
    post,
    path = "/alarm-notices/{group}/deeds",
    tag = "devices",
    params(("group" = String, Path, description = "Its id")),
    request_body = AlarmNoticeDeedInput,
    responses((status = 200, description = "Done", body = AlarmGroupDetail), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn act_on_alarm_notice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<AlarmNoticeDeedInput>,
) -> Result<Json<AlarmGroupDetail>, Refused> {
    let reach = Reach::of(&app, &caller)?;
    let party = caller.staff()?.party;
    // Who may not even see it is not told that it is there.
    let group = find(&app, &reach, &id).await?.row.id;
    if input.deed == AlarmNoticeDeed::Acknowledge {
        acknowledge(&app, &caller, group).await?;
    }
    let now = app.now();
    app.store
        .write(move |tx: &mut Tx| tx.mark_group_read(party, group, now))
        .await
        .map_err(|error: StoreError| error)?;
    Ok(Json(detail(&app, &caller, reach, &id).await?))
}

async fn acknowledge(app: &App, caller: &Caller, group: EventId) -> Result<(), Refused> {
    let handled = paths(app, &regions(app, caller, Permission::AlarmHandle)?);
    let filter =
        DeviceAlarmFilter { open: Some(true), group: Some(group), within: handled, ..DeviceAlarmFilter::default() };
    let read = move |reader: &mut store::Reader| reader.list_device_alarms(&filter, AT_ONCE);
    let open = app.store.read(read).await.map_err(|error: StoreError| error)?;
    if open.is_empty() {
        let words = "nothing of it is open where you handle alarms";
        return Err(Refused::new(StatusCode::CONFLICT, "alarm_state", words));
    }
    let waiting: Vec<_> = open.into_iter().filter(|row| row.acknowledged_at.is_none()).collect();
    if waiting.is_empty() {
        let words = "somebody has taken note of all that is open";
        return Err(Refused::new(StatusCode::CONFLICT, "alarm_state", words));
    }
    let desk = app.alarm_desk.as_ref().ok_or_else(failed)?;
    let done = desk.acknowledge(&waiting, caller.staff()?.party).await;
    done.map_err(|words| Refused::new(StatusCode::CONFLICT, "alarm_state", words))
}

/// Where the caller sees devices, and where they handle alarms: paths of regions.
#[derive(Debug, Clone)]
struct Reach {
    seen: Vec<String>,
    handled: Vec<String>,
}

impl Reach {
    fn of(app: &App, caller: &Caller) -> Result<Self, Refused> {
        let seen = paths(app, &regions(app, caller, Permission::DeviceRead)?);
        let handled = regions(app, caller, Permission::AlarmHandle).map(|regions| paths(app, &regions));
        Ok(Self { seen, handled: handled.unwrap_or_default() })
    }
}

fn paths(app: &App, regions: &[RegionId]) -> Vec<String> {
    let compiled = app.current();
    regions.iter().map(|region| compiled.city.region_path(region)).collect()
}

/// A group as it stands for somebody.
pub struct Standing {
    /// The group.
    pub row: AlarmGroupRow,
    /// Its newest notice.
    pub last: AlarmNoticeRow,
    /// Its alarms, where they may see them.
    pub seen: store::AlarmGroupCounts,
    /// Its alarms, where they may handle them.
    pub handled: store::AlarmGroupCounts,
    /// How many of its messages to them are not read.
    pub unread: u32,
}

fn stand(
    reader: &mut store::Reader,
    rows: Vec<AlarmGroupRow>,
    reach: &Reach,
    party: model::PartyId,
) -> Result<Vec<Standing>, StoreError> {
    let ids: Vec<EventId> = rows.iter().map(|row| row.id).collect();
    let newest: Vec<EventId> = rows.iter().map(|row| row.last_notice).collect();
    let notices = reader.list_alarm_notices(&newest)?;
    let seen = reader.count_group_alarms(&ids, &reach.seen)?;
    let handled =
        if reach.handled.is_empty() { Default::default() } else { reader.count_group_alarms(&ids, &reach.handled)? };
    let unread = reader.count_unread_of_groups(party, &ids)?;
    let standing = |row: AlarmGroupRow| {
        let last = notices.iter().find(|notice| notice.id == row.last_notice)?.clone();
        let counts = |of: &std::collections::BTreeMap<_, _>| of.get(&row.id).copied().unwrap_or_default();
        let unread = unread.get(&row.id).copied().unwrap_or_default();
        Some(Standing { last, seen: counts(&seen), handled: counts(&handled), unread, row })
    };
    Ok(rows.into_iter().filter_map(standing).collect())
}

/// A group that the caller may see something of.
async fn find(app: &App, reach: &Reach, id: &str) -> Result<Standing, Refused> {
    let unknown = || Refused::not_found("notice");
    let (id, reach) = (id.parse::<EventId>().map_err(|_| unknown())?, reach.clone());
    let nobody = model::PartyId::new(model::Instant::from_micros(0), 0);
    let found = app.store.read(move |reader| {
        let rows = reader.find_alarm_group(id)?.into_iter().collect();
        stand(reader, rows, &reach, nobody)
    });
    let found = found.await.map_err(|error: StoreError| error)?;
    found.into_iter().find(|standing| standing.seen.alarms > 0).ok_or_else(unknown)
}

async fn detail(app: &App, caller: &Caller, reach: Reach, id: &str) -> Result<AlarmGroupDetail, Refused> {
    let party = caller.staff()?.party;
    let group = find(app, &reach, id).await?.row;
    let read = move |reader: &mut store::Reader| {
        let mut told: Vec<(AlarmNoticeRow, Vec<Delivery>)> = Vec::new();
        for notice in reader.list_notices_of_group(group.id)? {
            let deliveries = list_deliveries(reader, &notice)?;
            told.push((notice, deliveries));
        }
        Ok::<_, StoreError>((stand(reader, vec![group], &reach, party)?.pop(), told))
    };
    let (standing, told) = app.store.read(read).await?;
    let standing = standing.ok_or_else(|| Refused::not_found("notice"))?;
    let compiled = app.current();
    let names_people = standing.handled.alarms > 0;
    let view = |(notice, deliveries): &(AlarmNoticeRow, Vec<Delivery>)| {
        let people: std::collections::BTreeSet<_> =
            deliveries.iter().map(|one| &one.message.message.recipient).collect();
        let shown = if names_people { &deliveries[..] } else { &[] };
        AlarmNoticeDeliveries {
            notice: notice_view(&compiled.city, notice),
            told: u32::try_from(people.len()).unwrap_or(u32::MAX),
            deliveries: shown.iter().filter_map(delivery_view).collect(),
        }
    };
    let notices = told.iter().map(view).collect();
    Ok(AlarmGroupDetail { group: group_view(intake(app)?, &compiled.city, &standing), notices })
}
