//! Devices: the register, what they measure, and the way in for those that speak HTTP.

pub mod change_device;
pub mod get_device;
pub mod get_device_series;
pub mod list_device_classes;
pub mod list_device_records;
pub mod list_devices;
pub mod parts;
pub mod register_device;
pub mod renew_device_secret;
pub mod send_readings;
