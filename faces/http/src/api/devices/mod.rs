//! Devices: the register, what they measure, and the way in for those that speak HTTP.

pub mod change_device;
pub mod get_device;
pub mod get_device_series;
pub mod installations;
pub mod labels;
pub mod list_device_classes;
pub mod list_device_records;
pub mod list_device_tiles;
pub mod list_device_trends;
pub mod list_devices;
pub mod list_nearby_devices;
pub mod narrow;
pub mod parts;
pub mod register_device;
pub mod renew_device_secret;
pub mod send_readings;
