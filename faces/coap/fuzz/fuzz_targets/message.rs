//! Any bytes as a message: never a panic, and what is read writes itself back to the same.
#![no_main]

use dipper_coap::message::{Message, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::read(bytes) else { return };
    let mut writer = Writer::new(message.kind, message.code, message.mid, &message.token, message.payload.len());
    for (number, value) in message.options() {
        writer.option(number, value);
    }
    let again = writer.end(message.payload);
    let read = Message::read(&again).expect("what was written is right");
    assert_eq!((read.kind, read.code, read.mid, read.token), (message.kind, message.code, message.mid, message.token));
    assert_eq!(read.payload, message.payload);
    assert!(read.options().eq(message.options()));
});
