//! Visits at windows: times offered, booking, giving back, arriving.

pub mod arrive_at_kiosk;
pub mod arrive_at_window;
pub mod book_visit;
pub mod cancel_visit;
pub mod list_slots;
pub mod parts;
