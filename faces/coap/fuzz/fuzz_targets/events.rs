//! Any course of datagrams, answers, commands and time: bounds are kept, strangers get little, and nothing stays behind.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| dipper_coap::trial::events(bytes));
