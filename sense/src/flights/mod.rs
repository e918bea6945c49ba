//! Flights (飞行): what a drone brought, each file placed by its own record or by the track.

pub mod track;
