//! Messages to residents: their list, their addresses, and what they want to be told.

pub mod confirm_notification_address;
pub mod get_notification_settings;
pub mod get_unread_notifications;
pub mod list_notifications;
pub mod mark_notifications_read;
pub mod parts;
pub mod remove_notification_address;
pub mod save_notification_settings;
pub mod set_notification_address;
