//! Rules over readings, as `alarm_rules.yaml` spells them.

use model::{AlarmRuleId, CategoryId, DeviceClassId, PropertyId, RegionId, Text};

use super::read::{Many, Table, source};
use crate::faults::At;

source! {
    /// A rule that makes alarms of readings. Conditions are a closed part of CEL over the properties of a device; spans are written as 90s, 10m, 1h30m.
    struct AlarmRuleEntry {
        /// What people read.
        title: Text,
        /// The category of the cases that its alarms open; absent: alarms alone, no case.
        category: Option<At<CategoryId>>,
        /// Rules whose alarms are kept quiet while this one is open, on devices that speak through its device.
        explains: Many<At<AlarmRuleId>>,
        /// Classes of devices it watches; every class when absent.
        classes: Many<At<DeviceClassId>>,
        /// Properties it watches; a condition over "value" is judged for each of them by itself.
        properties: Many<At<PropertyId>>,
        /// Regions whose devices it watches; the whole city when absent.
        regions: Many<At<RegionId>>,
        /// The condition, where there is one level: temperature > 60.0 && smoke
        when: Option<At<String>>,
        /// info, minor, major or critical, with "when"; minor when absent.
        severity: Option<At<String>>,
        /// The ladder of severities, from the least to the worst.
        levels: Vec<AlarmLevelEntry>,
        /// How long a condition must hold.
        hold_for as "for": Option<At<String>>,
        /// How many readings must meet it within a span.
        repeat: Option<AlarmRepeatEntry>,
        /// The condition under which an open alarm may clear; when none holds any more, where absent.
        clear: Option<At<String>>,
        /// How far a value must come back behind its threshold.
        hysteresis: Option<At<f64>>,
        /// How long an alarm stays open after its condition ended.
        keep_firing: Option<At<String>>,
        /// An alarm of its own when nothing was heard for so long.
        no_data_after: Option<At<String>>,
        /// How bad silence is; minor when absent.
        no_data_severity: Option<At<String>>,
        /// Neighbours whose median is compared with.
        neighbours: Option<AlarmNeighboursEntry>,
        /// When it watches; always when absent.
        schedule: Option<AlarmScheduleEntry>,
        /// Damping of an alarm that comes and goes.
        flap: Option<AlarmFlapEntry>,
        /// How long readings wait for those measured before them, up to 1h.
        lateness: Option<At<String>>,
    }

    /// One level.
    struct AlarmLevelEntry {
        /// info, minor, major or critical.
        severity: At<String>,
        /// The condition.
        when: At<String>,
        /// How long it must hold; the rule's own when absent.
        hold_for as "for": Option<At<String>>,
    }

    /// So many readings within a span.
    struct AlarmRepeatEntry {
        /// 2 to 100.
        count: At<u16>,
        /// The span.
        within: At<String>,
    }

    /// The others that measure the same.
    struct AlarmNeighboursEntry {
        /// At most so many metres away.
        within_m: At<f64>,
        /// How many must have a value, 1 to 64.
        at_least: At<u16>,
        /// How old a value may be; 1h when absent.
        fresh: Option<At<String>>,
    }

    /// Weekdays and hours, by the clock of the city.
    struct AlarmScheduleEntry {
        /// mon to sun; every day when absent.
        weekdays: Many<At<String>>,
        /// Beginning, HH:MM.
        from: At<String>,
        /// End, HH:MM; of the next day where it is before the beginning.
        to: At<String>,
    }

    /// Stays open until it was quiet for a while.
    struct AlarmFlapEntry {
        /// How often it was raised, 2 to 100.
        raises: At<u16>,
        /// Within which span.
        within: At<String>,
        /// How long it must then be quiet.
        quiet: At<String>,
    }
}

/// Rules, by id.
pub(crate) type AlarmRulesFile = Table<AlarmRuleId, AlarmRuleEntry>;
