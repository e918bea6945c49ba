//! Any datagrams to a listener with DTLS: never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| dipper_coap::trial::records(bytes));
