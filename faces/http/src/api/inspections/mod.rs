//! Inspections (巡检).

pub mod answers;
pub mod baselines;
pub mod look;
pub mod parts;
pub mod runs;
