#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod code;
mod face;
mod layout;
mod object;
mod press;
mod read;
mod sheet;

pub use face::{Face, FaceError};
pub use press::{PrintError, print};
pub use read::{MAX_PAPER_BYTES, Paper, ReadError, is_paper, read};
pub use sheet::{Attached, Entry, How, Moment, Sheet, Words};
