//! Fixtures shared by tests: databases of both kinds, a clock moved by hand, seeded randomness, passkeys in
//! software, made-up cases.
//!
//! Must never be used outside tests: it starts programs, and what it makes is not durable.

mod database;
mod postgres;
mod soft_key;
mod story;
mod time;

pub use database::{Database, databases};
pub use soft_key::SoftKey;
pub use story::Story;
pub use time::{FixedClock, SeededEntropy, TickingClock};

/// Writes a test that runs on SQLite and on PostgreSQL, each time on a fresh, migrated database.
///
/// `on_both_databases!(cases_are_kept, |database| { … })` makes the tests `cases_are_kept::sqlite` and
/// `cases_are_kept::postgres`. `database` is a [`Database`], which is a `store::Store` to its methods. Where
/// PostgreSQL is not installed its half prints `skipped: no postgresql`.
#[macro_export]
macro_rules! on_both_databases {
    ($(#[$meta:meta])* $name:ident, |$database:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            fn run($database: &$crate::Database) $body

            #[test]
            fn sqlite() {
                run(&$crate::Database::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(database) = $crate::Database::postgres() {
                    run(&database);
                }
            }
        }
    };
}
