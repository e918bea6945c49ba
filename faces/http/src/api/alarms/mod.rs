//! Alarms of devices.

pub mod act_on_alarm;
pub mod list_alarm_rules;
pub mod list_alarms;
pub mod notice_views;
pub mod notices;
pub mod parts;
pub mod rehearse_alarm_rule;
pub mod silences;
