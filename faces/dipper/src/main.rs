//! The `dipper` executable.

fn main() {}
