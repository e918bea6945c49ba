//! Records in words.

use model::{PartyId, Record, RecordBody};
use pack::City;

use super::cases::Names;
use super::events::actor;
use super::{time, words};
use crate::wire;

/// Every member of staff that records name.
pub fn people_in(records: &[Record]) -> Vec<PartyId> {
    let mut people: Vec<_> = records.iter().filter_map(|record| record.actor.party()).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// A record as staff see it.
pub fn record_view(record: &Record, city: &City, names: &Names) -> wire::RecordView {
    wire::RecordView {
        id: record.id.to_string(),
        position: record.position,
        kind: record.body.kind().to_owned(),
        title: title(&record.body),
        at: time(record.at),
        recorded_at: time(record.recorded_at),
        actor: actor(&record.actor, city, names),
        body: serde_json::to_value(&record.body).unwrap_or_default(),
    }
}

fn title(body: &RecordBody) -> wire::Text {
    match body {
        RecordBody::CommandAsked(_) => words("下达指令", "Command asked for"),
        RecordBody::CommandConfirmed { .. } => words("复核指令", "Command confirmed"),
        RecordBody::CommandEnded { .. } => words("指令结束", "Command ended"),
        RecordBody::FlightSealed(_) => words("航拍封存", "Flight sealed"),
        RecordBody::FlightAttached { .. } => words("航拍附入案件", "Flight attached to a case"),
        RecordBody::InspectionEnded(_) => words("巡检封存", "Inspection sealed"),
        RecordBody::LakeFileSealed(_) => words("读数文件封存", "File of readings sealed"),
        RecordBody::CameraViewed { .. } => words("查看视频", "Camera watched"),
        RecordBody::RecordingSealed(_) => words("录像封存", "Recording sealed"),
    }
}
