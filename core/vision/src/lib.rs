//! Compares two photographs of one place: pixels in, findings out.
//!
//! `compare` finds how the second picture lies over the first (a homography), evens out the light and lists the places
//! that differ; `read_dial` and `read_switch` read instruments in a picture that `warp` has laid over the baseline.
//! Never reads a file, a clock or a random source: the seed of the search is an argument, so one pair of pictures gives
//! one answer on every run. Never says who is in a picture.
//!
//! Coordinates are pixels, the centre of the upper left pixel at (0, 0), x to the right and y down.

mod compare;
mod dial;
mod features;
mod homography;
mod light;
mod plane;
mod regions;
mod register;
mod switch;

pub use compare::{CompareError, CompareOptions, Comparison, Picture, compare};
pub use dial::{Dial, DialError, DialReading, read_dial};
pub use homography::{Homography, warp};
pub use image;
pub use regions::{Rect, Region};
pub use switch::{SwitchError, SwitchPosition, SwitchReading, SwitchRegion, read_switch};
