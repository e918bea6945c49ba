//! Who is told of alarms, as `alarm_notices.yaml` spells it.

use model::{AlarmRuleId, DeviceClassId, FormId, OfficeId, RegionId, RoleId, Text};

use super::notifications::WordsSource;
use super::read::{Many, Table, source};
use crate::city::NoticeGroupBy;
use crate::faults::At;

source! {
    /// Who is told of alarms, how often, and in which words: `alarm_notices.yaml`.
    struct AlarmNoticesFile {
        /// Names of the severities.
        severities: SeverityWordsSource,
        /// The words of messages that are sent. Placeholders: {route} {about} {place} {severity} {open} {closed} {devices}.
        words: NoticeWordsSource,
        /// Ways from alarms to somebody, by id.
        routes: Table<FormId, AlarmRouteEntry>,
    }

    /// Names of the severities.
    struct SeverityWordsSource {
        /// The least.
        info: Text,
        /// The second.
        minor: Text,
        /// The third.
        major: Text,
        /// The worst.
        critical: Text,
    }

    /// What is said, and when.
    struct NoticeWordsSource {
        /// Something is open.
        first: WordsSource,
        /// It has changed.
        update: WordsSource,
        /// It is still open.
        repeat: WordsSource,
        /// Nobody has taken note.
        escalation: WordsSource,
        /// All is well again.
        resolved: WordsSource,
    }

    /// A way from alarms to somebody: what matches is gathered in groups, and each group is told as one. Spans are written as 90s, 10m, 1h30m.
    struct AlarmRouteEntry {
        /// What people read.
        title: Text,
        /// Who is told: whoever holds the role where the alarms are.
        to: ToldSource,
        /// Of which rules; all when absent.
        rules: Many<At<AlarmRuleId>>,
        /// Of devices of which classes; all when absent.
        classes: Many<At<DeviceClassId>>,
        /// Of devices in which regions; the whole city when absent.
        regions: Many<At<RegionId>>,
        /// info, minor, major or critical: the least that is told; any when absent.
        at_least: Option<At<String>>,
        /// What alarms of one group have in common: rule, class, parent (a feeder, a gateway), device, or a level of regions; nothing, where absent: all is one group.
        group_by: Many<At<NoticeGroupBy>>,
        /// How long the first notice of a group waits for more; 30s when absent.
        group_wait: Option<At<String>>,
        /// How long changes wait after a notice; 5m when absent.
        group_interval: Option<At<String>>,
        /// After how long what is still open is told again; never when absent.
        repeat_interval: Option<At<String>>,
        /// Whether the end is told; it is, when absent.
        resolved: Option<At<bool>>,
        /// Who is told when nobody takes note, at most 8 steps in the order of time.
        escalation: Vec<NoticeStepSource>,
    }

    /// Who is told.
    struct ToldSource {
        /// The role; it must be allowed to see devices.
        role: At<RoleId>,
        /// The office for which it is held; any when absent.
        office: Option<At<OfficeId>>,
    }

    /// A step of escalation.
    struct NoticeStepSource {
        /// How long nobody took note.
        after: At<String>,
        /// Who is told then.
        to: ToldSource,
    }
}
