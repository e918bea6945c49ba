//! The receiver of cameras: one `ffmpeg` for each camera that somebody watches or that is recorded, never one for each viewer.
//!
//! It copies H.264 into the segments of a live stream (HLS) that any number of people read as files, and into recorded files
//! that are handed over once they are finished. Who may watch, and why, is not known here; addresses of cameras are
//! neither logged nor put where other programs of this machine see them.
//!
//! A source may also send its picture by itself, through the [`Door`]: it is handed to `ffmpeg` by its standard input, and what
//! becomes of it is the same.
//!
//! Must never: pass anything through a shell, take sound, or keep anything in a database.

mod avc;
mod command;
mod door;
mod fault;
mod files;
mod flv;
mod guard;
mod push;
mod receiver;
mod rtmp;
mod run;
pub mod whip;

pub use command::Source;
pub use door::{Admitted, Denied, Door, Gate, Hello, Limits};
pub use files::{Finished, whole_length};
pub use receiver::{Archive, OpenError, Receiver, Settings, Todo};
