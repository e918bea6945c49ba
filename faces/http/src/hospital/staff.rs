//! The fictional staff of the demo hospitals, their times and their prices.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use model::Instant;

/// How long one time is, minutes.
const SLOT_MINUTES: i64 = 20;

/// When times begin, hours and minutes: mornings 8:00 to 11:40, afternoons 14:00 to 16:40.
const OPENING: [(i8, i8, i64); 2] = [(8, 0, 12), (14, 0, 9)];

/// Most days of one search.
const DAYS_MAX: i64 = 31;

/// A doctor in a department.
#[derive(Debug)]
pub struct Doctor {
    /// Id of the role.
    pub role: &'static str,
    /// Id of the person.
    pub practitioner: &'static str,
    /// Name.
    pub name: &'static str,
    /// Title.
    pub title: &'static str,
    /// Code and name of the department (诊疗科目名录).
    pub department: (&'static str, &'static str),
    /// What registering costs, in fen.
    pub price: i64,
}

const fn doctor(
    (role, practitioner): (&'static str, &'static str),
    (name, title): (&'static str, &'static str),
    department: (&'static str, &'static str),
    price: i64,
) -> Doctor {
    Doctor { role, practitioner, name, title, department, price }
}

/// Everybody who sees patients.
pub const DOCTORS: &[Doctor] = &[
    doctor(("r1", "p1"), ("沈望舒", "主任医师"), ("03", "内科"), 5_000),
    doctor(("r2", "p2"), ("顾长庚", "主治医师"), ("03", "内科"), 2_500),
    doctor(("r3", "p3"), ("陆启明", "副主任医师"), ("04", "外科"), 3_500),
    doctor(("r4", "p4"), ("苏婉清", "主治医师"), ("07", "儿科"), 2_500),
    doctor(("r5", "p5"), ("方若谷", "主治医师"), ("12", "皮肤科"), 2_500),
    doctor(("r6", "p6"), ("白景行", "副主任医师"), ("50", "中医科"), 3_500),
];

/// The doctor of a role.
pub fn find(role: &str) -> Option<&'static Doctor> {
    DOCTORS.iter().find(|doctor| doctor.role == role)
}

/// A time of a doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Id: role, day and time.
    pub id: String,
    /// With whom.
    pub role: &'static str,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
}

fn slot(doctor: &Doctor, date: Date, time: Time, zone: &TimeZone) -> Option<Slot> {
    let start = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()?;
    let role = find(doctor.role)?.role;
    let id = format!("{role}-{}-{:02}{:02}", date.strftime("%Y%m%d"), time.hour(), time.minute());
    let start = Instant::from_timestamp(start);
    Some(Slot { id, role, start, end: start.plus_micros(SLOT_MINUTES * 60_000_000) })
}

fn times() -> impl Iterator<Item = Time> {
    OPENING.into_iter().flat_map(|(hour, minute, count)| {
        let first = Time::constant(hour, minute, 0, 0);
        (0..count).filter_map(move |number| first.checked_add((number * SLOT_MINUTES).minutes()).ok())
    })
}

/// Times of a doctor, from an instant on and before another, in order.
pub fn slots(doctor: &Doctor, from: Instant, to: Instant, zone: &TimeZone) -> Vec<Slot> {
    let first = zone.to_datetime(from.to_timestamp()).date();
    let days = (0..DAYS_MAX).map_while(|day| first.checked_add(Span::new().days(day)).ok());
    let all = days.flat_map(|date| times().filter_map(move |time| slot(doctor, date, time, zone)));
    all.take_while(|slot| slot.start < to).filter(|slot| from <= slot.start).collect()
}

/// The time of an id.
pub fn slot_of(id: &str, zone: &TimeZone) -> Option<Slot> {
    let mut parts = id.splitn(3, '-');
    let (role, day, time) = (parts.next()?, parts.next()?, parts.next()?);
    let (doctor, date) = (find(role)?, Date::strptime("%Y%m%d", day).ok()?);
    let found = times().filter_map(|at| slot(doctor, date, at, zone)).find(|slot| slot.id == id);
    found.filter(|_| time.len() == 4)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_found_by_its_id_and_nothing_else_is() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let from: Instant = "2026-11-27T00:00:00Z".parse().unwrap();
        let found = slots(&DOCTORS[0], from, from.plus_micros(2 * 86_400_000_000), &zone);
        assert_eq!(found.len(), 2 * 21);
        assert_eq!(
            (found[0].id.as_str(), found[0].start.to_string().as_str()),
            ("r1-20261127-0800", "2026-11-27T00:00:00Z")
        );
        for slot in &found {
            assert_eq!(slot_of(&slot.id, &zone).as_ref(), Some(slot));
        }
        for none in ["", "r1", "r9-20261127-0800", "r1-20261127-0805", "r1-20261327-0800", "r1-20261127-08000"] {
            assert_eq!(slot_of(none, &zone), None, "{none}");
        }
    }
}
