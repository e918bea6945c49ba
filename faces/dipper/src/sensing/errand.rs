//! What one process asks the one that judges, as it stands in the database.

use model::{AlarmRuleId, DeviceId, Instant, PartyId};
use sense::device_alarms::Deed;
use serde::{Deserialize, Serialize};
use store::SilenceRow;

use super::alarms::Work;

/// Work, and who asks for it.
#[derive(Serialize, Deserialize)]
pub struct Errand {
    by: PartyId,
    what: What,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Acknowledge(Alarm),
    AcknowledgeAll(Vec<Alarm>),
    Clear(Alarm),
    Shelve(Alarm, Instant),
    Silence(SilenceRow),
    EndSilence(SilenceRow),
}

#[derive(Serialize, Deserialize)]
struct Alarm {
    rule: AlarmRuleId,
    device: DeviceId,
    part: String,
}

impl Errand {
    /// Of work.
    pub fn new(work: Work, by: PartyId) -> Self {
        let what = match work {
            Work::Act(rule, device, part, deed) => {
                let alarm = Alarm { rule, device, part };
                match deed {
                    Deed::Acknowledge => What::Acknowledge(alarm),
                    Deed::Clear => What::Clear(alarm),
                    Deed::Shelve(until) => What::Shelve(alarm, until),
                }
            }
            Work::Acknowledge(alarms) => {
                let alarm = |(rule, device, part)| Alarm { rule, device, part };
                What::AcknowledgeAll(alarms.into_iter().map(alarm).collect())
            }
            Work::Silence(row) => What::Silence(row),
            Work::EndSilence(row) => What::EndSilence(row),
        };
        Self { by, what }
    }

    /// The work, and who asks for it.
    pub fn work(self) -> (Work, PartyId) {
        let act = |Alarm { rule, device, part }: Alarm, deed| Work::Act(rule, device, part, deed);
        let work = match self.what {
            What::Acknowledge(alarm) => act(alarm, Deed::Acknowledge),
            What::Clear(alarm) => act(alarm, Deed::Clear),
            What::Shelve(alarm, until) => act(alarm, Deed::Shelve(until)),
            What::AcknowledgeAll(alarms) => {
                let key = |Alarm { rule, device, part }| (rule, device, part);
                Work::Acknowledge(alarms.into_iter().map(key).collect())
            }
            What::Silence(row) => Work::Silence(row),
            What::EndSilence(row) => Work::EndSilence(row),
        };
        (work, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_comes_out_as_it_went_in() {
        let noon: Instant = "2026-11-28T12:00:00+08:00".parse().unwrap();
        let by = PartyId::new(noon, 7);
        let silence = SilenceRow {
            id: model::EventId::new(noon, 3),
            rules: vec!["cover_open".parse().unwrap()],
            classes: Vec::new(),
            regions: Vec::new(),
            devices: vec!["cover-1".parse().unwrap()],
            from: noon,
            until: noon.plus_micros(60_000_000),
            reason: "replaced today".to_owned(),
            begun_by: by,
            begun_at: noon,
            ended_by: None,
            ended_at: None,
        };
        let act = |deed| Work::Act("cover_open".parse().unwrap(), "cover-1".parse().unwrap(), "tilt".to_owned(), deed);
        let works = [
            act(Deed::Acknowledge),
            act(Deed::Clear),
            act(Deed::Shelve(noon)),
            Work::Acknowledge(vec![("cover_open".parse().unwrap(), "cover-1".parse().unwrap(), "tilt".to_owned())]),
            Work::Silence(silence.clone()),
            Work::EndSilence(silence),
        ];
        for work in works {
            let said = format!("{work:?}");
            let text = serde_json::to_string(&Errand::new(work, by)).unwrap();
            let (back, who) = serde_json::from_str::<Errand>(&text).unwrap().work();
            assert_eq!((format!("{back:?}"), who), (said, by), "{text}");
        }
    }
}
