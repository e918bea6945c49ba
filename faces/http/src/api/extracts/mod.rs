//! Answers of many applications, taken at once: asked for, approved by somebody else, taken.

pub mod ask_for_extract;
pub mod parts;
pub mod take_extract;
