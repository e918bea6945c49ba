//! Cameras: the live stream and what was recorded, for those who said why they watch.

pub mod begin_viewing;
pub mod camera_stream;
pub mod get_camera;
pub mod get_live_file;
pub mod get_recording_file;
pub mod list_cameras;
pub mod list_recordings;
pub mod parts;
pub mod whip;
