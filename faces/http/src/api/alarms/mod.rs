//! Alarms of devices.

pub mod act_on_alarm;
pub mod list_alarms;
pub mod parts;
