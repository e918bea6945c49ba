//! Sense: what happens.
