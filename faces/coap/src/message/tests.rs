//! Our reading against another's writing, and against bytes nobody wrote.

use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use proptest::prelude::*;

use super::*;

#[test]
fn datagrams_are_read_as_the_standard_says() {
    use Fault::{Malformed, NoMessage};
    let (con, non) = (Kind::Confirmable, Kind::NonConfirmable);
    for (bytes, expect) in [
        (&[][..], Err(NoMessage)),
        (&[0x40, 1, 0], Err(NoMessage)),
        (&[0x80, 1, 0, 1], Err(NoMessage)),
        (&[0x40, 0, 0, 1], Ok(())),
        // Something behind an empty message.
        (&[0x40, 0, 0, 1, 0], Err(Malformed(con, 1))),
        (&[0x41, 0, 0, 1, 0], Err(Malformed(con, 1))),
        // A token of nine bytes, one that ends early.
        (&[0x49, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9], Err(Malformed(con, 2))),
        (&[0x52, 1, 0, 2, 1], Err(Malformed(non, 2))),
        // A marker without payload; with one.
        (&[0x40, 1, 0, 3, 0xff], Err(Malformed(con, 3))),
        (&[0x40, 1, 0, 3, 0xff, 0], Ok(())),
        // Reserved lengths, options that end early, numbers above 65,535.
        (&[0x40, 1, 0, 4, 0xf0, 0], Err(Malformed(con, 4))),
        (&[0x40, 1, 0, 4, 0x0f, 0], Err(Malformed(con, 4))),
        (&[0x40, 1, 0, 4, 0x02, 0], Err(Malformed(con, 4))),
        (&[0x40, 1, 0, 4, 0xd0], Err(Malformed(con, 4))),
        (&[0x40, 1, 0, 4, 0xe0, 0xff, 0xff], Err(Malformed(con, 4))),
        (&[0x40, 1, 0, 4, 0xe0, 0xfe, 0xf2], Ok(())),
        (&[0x40, 1, 0, 4, 0xe0, 0xfe, 0xf2, 0x10], Err(Malformed(con, 4))),
    ] {
        assert_eq!(Message::read(bytes).map(|_| ()), expect, "{bytes:x?}");
    }
}

#[test]
fn numbers_take_as_few_bytes_as_they_need() {
    for (value, expect) in [(0, &[][..]), (1, &[1]), (255, &[255]), (256, &[1, 0]), (u32::MAX, &[255; 4])] {
        let mut writer = Writer::new(Kind::Confirmable, Code::GET, 1, &Token::default(), 0);
        writer.uint(number::OBSERVE, value);
        let bytes = writer.end(&[]);
        let read: Vec<_> = Message::read(&bytes).unwrap().options().collect();
        assert_eq!(read, [(number::OBSERVE, expect)]);
        assert_eq!(uint(expect, 4), Some(value));
    }
    assert_eq!((uint(&[0; 5], 9), uint(&[1, 2], 1)), (None, None));
}

#[test]
fn codes_are_shown_as_people_say_them() {
    let shown = [Code::GET, Code::CHANGED, Code::CONTINUE, Code::UNSUPPORTED_FORMAT, Code::NO_PROXY];
    assert_eq!(shown.map(|code| code.to_string()), ["0.01", "2.04", "2.31", "4.15", "5.05"]);
}

fn options() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let value = prop_oneof![prop::collection::vec(any::<u8>(), 0..20), prop::collection::vec(any::<u8>(), 260..300)];
    prop::collection::vec((prop_oneof![0_u16..30, any::<u16>()], value), 0..8).prop_map(|mut options| {
        options.sort_by_key(|(number, _)| *number);
        options
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = Message::read(&bytes) {
            message.options().for_each(drop);
        }
    }

    #[test]
    fn what_is_read_is_what_was_written(
        kind in prop::sample::select(vec![Kind::Confirmable, Kind::NonConfirmable, Kind::Acknowledgement, Kind::Reset]),
        code in 1_u8..,
        mid in any::<u16>(),
        token in prop::collection::vec(any::<u8>(), 0..=8),
        options in options(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let token = Token::new(&token).unwrap();
        let mut writer = Writer::new(kind, Code(code), mid, &token, payload.len());
        for (number, value) in &options {
            writer.option(*number, value);
        }
        let bytes = writer.end(&payload);
        let read = Message::read(&bytes).unwrap();
        prop_assert_eq!((read.kind, read.code.0, read.mid, read.token), (kind, code, mid, token));
        prop_assert_eq!(read.payload, &payload[..]);
        let seen: Vec<_> = read.options().map(|(number, value)| (number, value.to_vec())).collect();
        prop_assert_eq!(seen, options);
    }

    #[test]
    fn another_reads_what_we_write_and_we_what_it_writes(
        mid in any::<u16>(),
        token in prop::collection::vec(any::<u8>(), 0..=8),
        options in options(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut packet = Packet::new();
        packet.header.set_type(MessageType::Confirmable);
        packet.header.code = MessageClass::Request(RequestType::Post);
        packet.header.message_id = mid;
        packet.set_token(token.clone());
        for (number, value) in &options {
            packet.add_option(CoapOption::from(*number), value.clone());
        }
        packet.payload = payload.clone();
        let theirs = packet.to_bytes_unlimited().unwrap();
        let mut writer = Writer::new(Kind::Confirmable, Code::POST, mid, &Token::new(&token).unwrap(), payload.len());
        for (number, value) in &options {
            writer.option(*number, value);
        }
        let ours = writer.end(&payload);
        prop_assert_eq!(&theirs[..], &ours[..]);
        prop_assert_eq!(Packet::from_bytes(&ours).unwrap(), packet);
        prop_assert_eq!(Message::read(&theirs), Message::read(&ours));
    }
}
