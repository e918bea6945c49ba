//! Control (远程调度): commands to devices, and scenes.

pub mod act_on_device_command;
pub mod ask_device_command;
pub mod list_device_commands;
pub mod list_scenes;
pub mod parts;
pub mod run_scene;
