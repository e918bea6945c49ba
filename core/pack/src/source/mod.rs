//! The pack as its author writes it: YAML with lines, typed, before anything is checked across files.

pub(crate) mod alarm_notices;
pub(crate) mod alarm_rules;
pub(crate) mod device_types;
pub(crate) mod files;
pub(crate) mod inspections;
pub(crate) mod notifications;
pub(crate) mod read;
pub(crate) mod scenes;
pub(crate) mod services;
pub(crate) mod types;
pub(crate) mod words;
pub(crate) mod yaml;
