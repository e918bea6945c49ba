//! Terminals of service halls (自助终端).

pub mod agree_to_kiosk;
pub mod ask_at_kiosk;
pub mod find_kiosk;
pub mod open_kiosk;
pub mod parts;
pub mod take_kiosk_sign_in;
