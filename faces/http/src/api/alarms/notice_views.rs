//! Notices of alarms as the wire has them.

use act::notifications::Delivery;
use model::{AlarmRuleId, DeliveryState, DeviceClassId, DeviceId, RegionId, Text as Words};
use pack::City;
use sense::telemetry::Intake;
use store::AlarmNoticeRow;

use super::notices::Standing;
use super::parts::severity_view;
use crate::api::notifications::parts::channel_view;
use crate::convert::{plain, text, time};
use crate::wire::*;

/// A group as it stands.
pub fn group_view(intake: &Intake, city: &City, standing: &Standing) -> AlarmGroupView {
    let Standing { row, last, seen, handled, unread } = standing;
    let route = city.alarm_notices.routes.get(&row.route);
    let title = route.map_or_else(|| plain(row.route.as_str()), |route| text(&route.title));
    AlarmGroupView {
        id: row.id.to_string(),
        route: NamedWord { id: row.route.to_string(), title },
        labels: row.labels.iter().filter_map(|(what, which)| label_view(intake, city, what, which)).collect(),
        severity: severity_view(&last.severity),
        alarms: seen.alarms,
        open: seen.open,
        waiting: seen.waiting,
        acknowledged_at: seen.acknowledged_at.map(time),
        last: notice_view(city, last),
        unread: *unread,
        may_acknowledge: handled.waiting > 0,
    }
}

fn label_view(intake: &Intake, city: &City, what: &str, which: &str) -> Option<AlarmGroupLabel> {
    let named = |title: Option<&Words>| title.map(text);
    let device =
        || DeviceId::new(which).ok().and_then(|id| intake.fleet.find(&id)).map(|known| plain(&known.row.title));
    let (what, title) = match what {
        "rule" => {
            let rule = AlarmRuleId::new(which).ok().and_then(|id| city.alarm_rules.get(&id));
            (AlarmGroupBy::Rule, named(rule.map(|rule| &rule.title)))
        }
        "class" => {
            let class = DeviceClassId::new(which).ok().and_then(|id| city.devices.get(&id));
            (AlarmGroupBy::Class, named(class.map(|class| &class.title)))
        }
        "region" => {
            let region = RegionId::new(which).ok().and_then(|id| city.regions.get(&id));
            (AlarmGroupBy::Region, named(region.map(|region| &region.title)))
        }
        "parent" => (AlarmGroupBy::Parent, device()),
        "device" => (AlarmGroupBy::Device, device()),
        _ => return None,
    };
    Some(AlarmGroupLabel { what, id: which.to_owned(), title: title.unwrap_or_else(|| plain(which)) })
}

/// What was told.
pub fn notice_view(city: &City, row: &AlarmNoticeRow) -> AlarmNoticeView {
    let role = city.roles.get(&row.role).map_or_else(|| plain(row.role.as_str()), |role| text(&role.title));
    let office =
        |id: &model::OfficeId| city.offices.get(id).map_or_else(|| plain(id.as_str()), |office| text(&office.title));
    AlarmNoticeView {
        id: row.id.to_string(),
        says: match row.kind.as_str() {
            "update" => AlarmNoticeKind::Update,
            "repeat" => AlarmNoticeKind::Repeat,
            "escalation" => AlarmNoticeKind::Escalation,
            "resolved" => AlarmNoticeKind::Resolved,
            _ => AlarmNoticeKind::First,
        },
        step: row.step.map(|step| step + 1),
        role,
        office: row.office.as_ref().map(office),
        open: row.open,
        closed: row.closed,
        severity: severity_view(&row.severity),
        at: time(row.at),
    }
}

/// A message to somebody; `None` for one to a program.
pub fn delivery_view(delivery: &Delivery) -> Option<AlarmDelivery> {
    let row = &delivery.message;
    Some(AlarmDelivery {
        name: delivery.display_name.clone(),
        channel: channel_view(row.message.channel)?,
        state: match row.message.state {
            DeliveryState::Queued => AlarmDeliveryState::Queued,
            DeliveryState::Held => AlarmDeliveryState::Held,
            DeliveryState::Sending => AlarmDeliveryState::Sending,
            DeliveryState::Delivered => AlarmDeliveryState::Delivered,
            DeliveryState::Failed => AlarmDeliveryState::Failed,
            DeliveryState::GivenUp => AlarmDeliveryState::GivenUp,
            DeliveryState::Merged => AlarmDeliveryState::Merged,
            DeliveryState::Suppressed => AlarmDeliveryState::Suppressed,
        },
        attempts: row.attempts,
        reason: row.message.reason.clone(),
        next_at: row.message.next_at.map(time),
        changed_at: time(row.changed_at),
        read_at: row.read_at.map(time),
    })
}
