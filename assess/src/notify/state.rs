//! What the grouping remembers: one record for each group.

use std::collections::BTreeMap;

use super::group::{Group, Member};
use super::{GroupKey, Notifier};
use crate::codec::{Reader, Torn, Writer};
use crate::engine::state::severity_of;
use crate::machine::{read_key, write_key};

/// Version of the records.
const VERSION: u8 = 1;

/// Which group: the route's id, and its labels.
pub type NotifyKey = (String, Vec<Box<str>>);

/// Groups by route and labels, each as a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifyState(pub BTreeMap<NotifyKey, Vec<u8>>);

impl NotifyState {
    /// Takes what changed.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = (NotifyKey, Option<Vec<u8>>)>) {
        for (key, record) in changes {
            match record {
                Some(record) => drop(self.0.insert(key, record)),
                None => drop(self.0.remove(&key)),
            }
        }
    }
}

impl Notifier {
    /// The whole state.
    pub fn save(&self) -> NotifyState {
        NotifyState(self.groups.iter().map(|(key, group)| (self.told_key(key), write(group))).collect())
    }

    /// The records that changed since this was last asked; without a record, it is to be deleted.
    pub fn changes(&mut self) -> Vec<(NotifyKey, Option<Vec<u8>>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|key| (self.told_key(&key), self.groups.get(&key).map(write))).collect()
    }

    fn told_key(&self, (route, labels): &GroupKey) -> NotifyKey {
        (self.routes[*route as usize].id.clone(), labels.clone())
    }

    pub(super) fn restore(&mut self, state: &NotifyState) -> Result<(), Torn> {
        for ((route, labels), record) in &state.0 {
            let Some((number, _)) = (0..).zip(&self.routes).find(|(_, known)| known.id == *route) else { continue };
            let key: GroupKey = (number, labels.clone());
            let group = read(record)?;
            for (alarm, _) in group.members.iter().filter(|(_, member)| !member.closed) {
                self.member_of.entry(alarm.clone()).or_default().push(key.clone());
            }
            *self.counts.entry(number).or_default() += 1;
            self.groups.insert(key.clone(), group);
            self.queue(&key);
        }
        Ok(())
    }
}

fn write(group: &Group) -> Vec<u8> {
    let mut out = Writer::versioned(VERSION);
    out.instant(group.since);
    out.maybe(group.waits_since, Writer::instant);
    out.maybe(group.last_at, Writer::instant);
    out.flag(group.news);
    out.count(group.climbed);
    out.count(group.members.len());
    for (alarm, member) in &group.members {
        write_key(&mut out, alarm);
        out.byte(member.severity as u8);
        out.signed(member.since.micros_since(group.since));
        let flags = [member.told, member.muted, member.acknowledged, member.closed];
        out.byte((0..).zip(flags).fold(0, |bits, (place, flag)| bits | u8::from(flag) << place));
    }
    out.done()
}

fn read(record: &[u8]) -> Result<Group, Torn> {
    let mut from = Reader::versioned(record, VERSION)?;
    let mut group = Group::new(from.instant()?);
    group.waits_since = from.maybe(Reader::instant)?;
    group.last_at = from.maybe(Reader::instant)?;
    group.news = from.flag()?;
    group.climbed = from.count()?;
    for _ in 0..from.count()? {
        let alarm = read_key(&mut from)?;
        let severity = severity_of(from.byte()?)?;
        let mut member = Member::new(severity, group.since.plus_micros(from.signed()?));
        let bits = from.byte()?;
        member.told = bits & 1 != 0;
        member.muted = bits & 2 != 0;
        member.acknowledged = bits & 4 != 0;
        member.closed = bits & 8 != 0;
        group.put(&alarm, member);
    }
    from.end()?;
    Ok(group)
}
