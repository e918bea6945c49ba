//! What a request asks for, of its options.

use crate::block::Block;
use crate::gate::{Format, Resource};
use crate::message::{Code, Message, number, uint};

/// JSON, of RFC 7252 §12.3.
pub(crate) const JSON: u16 = 50;
/// `application/link-format`.
pub(crate) const LINK_FORMAT: u16 = 40;
/// `application/senml+json`, of RFC 8428 §12.3.1.
pub(crate) const SENML_JSON: u16 = 110;

/// Bytes, of RFC 7252 §12.3; CBOR, of RFC 8949; SenML in CBOR, of RFC 8428.
pub(crate) const OCTET_STREAM: u16 = 42;
pub(crate) const CBOR: u16 = 60;
pub(crate) const SENML_CBOR: u16 = 112;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// `.well-known/core`.
    WellKnown,
    /// Something a device gives.
    Post(&'a str, Resource),
    /// Its commands.
    Commands(&'a str),
    /// Nothing there is.
    Nothing,
}

/// A request's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub target: Target<'a>,
    /// The password, of the query `k`.
    pub password: Option<&'a str>,
    pub format: Option<u32>,
    pub accept: Option<u32>,
    pub observe: Option<u32>,
    pub block1: Option<Block>,
    pub block2: Option<Block>,
    pub size1: Option<u32>,
}

/// Segments of a path that are looked at: one more than any of ours has.
const SEGMENTS: usize = 4;

impl<'a> Request<'a> {
    /// Reads the options of a request.
    ///
    /// # Errors
    /// The code to answer: 4.02 for a critical option that is not known here, comes twice or has no good value.
    pub fn read(message: &Message<'a>) -> Result<Self, Code> {
        let mut request = Self {
            target: Target::Nothing,
            password: None,
            format: None,
            accept: None,
            observe: None,
            block1: None,
            block2: None,
            size1: None,
        };
        let (mut path, mut segments) = ([""; SEGMENTS], 0);
        for (number, value) in message.options() {
            match number {
                number::URI_PATH => {
                    let segment = text(value)?;
                    if let Some(place) = path.get_mut(segments) {
                        *place = segment;
                        segments += 1;
                    }
                }
                number::URI_QUERY => request.password = text(value)?.strip_prefix("k=").or(request.password),
                number::URI_HOST if !value.is_empty() && value.len() <= 255 => {}
                number::URI_PORT if value.len() <= 2 => {}
                number::PROXY_URI | number::PROXY_SCHEME => return Err(Code::NO_PROXY),
                number::ACCEPT => once(&mut request.accept, uint(value, 2))?,
                number::BLOCK1 => once(&mut request.block1, Block::read(value))?,
                number::BLOCK2 => once(&mut request.block2, Block::read(value))?,
                // Elective ones that have no good value are as if they were not there (RFC 7252 §5.4.3).
                number::CONTENT_FORMAT => request.format = request.format.or(uint(value, 2)),
                number::OBSERVE => request.observe = request.observe.or(uint(value, 3)),
                number::SIZE1 => request.size1 = request.size1.or(uint(value, 4)),
                _ if number % 2 == 1 => return Err(Code::BAD_OPTION),
                _ => {}
            }
        }
        request.target = target(&path[..segments]);
        Ok(request)
    }
}

fn text(value: &[u8]) -> Result<&str, Code> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= 255);
    text.ok_or(Code::BAD_OPTION)
}

/// Keeps the value of a critical option that may come once.
fn once<T>(kept: &mut Option<T>, value: Option<T>) -> Result<(), Code> {
    if kept.is_some() || value.is_none() {
        return Err(Code::BAD_OPTION);
    }
    *kept = value;
    Ok(())
}

fn target<'a>(path: &[&'a str]) -> Target<'a> {
    match path {
        [".well-known", "core"] => Target::WellKnown,
        ["devices", name, "readings"] => Target::Post(name, Resource::Readings),
        ["devices", name, "senml"] => Target::Post(name, Resource::Senml),
        ["devices", name, "answers"] => Target::Post(name, Resource::Answers),
        ["devices", name, "commands"] => Target::Commands(name),
        _ => Target::Nothing,
    }
}

/// The format a message for a resource is in; `None` when it is in one that the resource does not take.
pub(crate) fn format_for(resource: Resource, content_format: Option<u32>) -> Option<Format> {
    let Some(number) = content_format else { return Some(Format::Own) };
    let taken: &[(u16, Format)] = match resource {
        Resource::Readings => &[(JSON, Format::Json), (CBOR, Format::Cbor), (OCTET_STREAM, Format::OctetStream)],
        Resource::Senml => &[(SENML_JSON, Format::SenmlJson), (SENML_CBOR, Format::SenmlCbor)],
        Resource::Answers => &[(JSON, Format::Json)],
    };
    taken.iter().find(|(known, _)| u32::from(*known) == number).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Kind, Token, Writer};

    /// Reads a request with these options, and shows what it asks for.
    fn check(options: &[(u16, &[u8])], expect: &str) {
        let mut writer = Writer::new(Kind::Confirmable, Code::GET, 1, &Token::default(), 0);
        for (number, value) in options {
            writer.option(*number, value);
        }
        let bytes = writer.end(&[]);
        let shown = match Request::read(&Message::read(&bytes).unwrap()) {
            Err(code) => code.to_string(),
            Ok(request) => format!("{:?} {:?}", request.target, request.password),
        };
        assert_eq!(shown, expect, "{options:?}");
    }

    #[test]
    fn paths_and_queries_say_what_is_asked_for() {
        check(&[], "Nothing None");
        check(&[(11, b".well-known"), (11, b"core")], "WellKnown None");
        check(
            &[
                (3, b"city.example"),
                (7, &[0x16, 0x33]),
                (11, b"devices"),
                (11, b"lamp"),
                (11, b"readings"),
                (15, b"k=pw"),
            ],
            r#"Post("lamp", Readings) Some("pw")"#,
        );
        check(&[(11, b"devices"), (11, b"lamp"), (11, b"senml")], r#"Post("lamp", Senml) None"#);
        check(&[(11, b"devices"), (11, b"lamp"), (11, b"answers"), (15, b"x")], r#"Post("lamp", Answers) None"#);
        check(&[(11, b"devices"), (11, b"lamp"), (11, b"commands"), (15, b"k=")], r#"Commands("lamp") Some("")"#);
        check(&[(11, b"devices"), (11, b"lamp")], "Nothing None");
        check(&[(11, b"devices"), (11, b"lamp"), (11, b"senml"), (11, b"")], "Nothing None");
        check(&[(11, b"a"), (11, b"b"), (11, b"c"), (11, b"d"), (11, b"e"), (11, b"f")], "Nothing None");
    }

    #[test]
    fn critical_options_are_known_or_refused() {
        check(&[(1, b"x")], "4.02");
        check(&[(5, b"")], "4.02");
        check(&[(9, b"")], "4.02");
        check(&[(65001, b"")], "4.02");
        check(&[(65000, b"")], "Nothing None");
        check(&[(35, b"coap://x/")], "5.05");
        check(&[(39, b"coap")], "5.05");
        check(&[(17, &[50]), (17, &[50])], "4.02");
        check(&[(17, &[1, 2, 3])], "4.02");
        check(&[(23, &[7])], "4.02");
        check(&[(11, &[0xff])], "4.02");
        check(&[(11, &[b'x'; 256])], "4.02");
        check(&[(3, b"")], "4.02");
        // Elective, without a good value.
        check(&[(6, &[1, 2, 3, 4]), (12, &[1, 2, 3])], "Nothing None");
    }

    #[test]
    fn formats_are_those_of_the_resource() {
        for (resource, number, expect) in [
            (Resource::Readings, None, Some(Format::Own)),
            (Resource::Readings, Some(50), Some(Format::Json)),
            (Resource::Readings, Some(60), Some(Format::Cbor)),
            (Resource::Readings, Some(42), Some(Format::OctetStream)),
            (Resource::Readings, Some(110), None),
            (Resource::Readings, Some(0), None),
            (Resource::Senml, None, Some(Format::Own)),
            (Resource::Senml, Some(110), Some(Format::SenmlJson)),
            (Resource::Senml, Some(112), Some(Format::SenmlCbor)),
            (Resource::Senml, Some(60), None),
            (Resource::Answers, Some(50), Some(Format::Json)),
            (Resource::Answers, Some(60), None),
        ] {
            assert_eq!(format_for(resource, number), expect, "{resource:?} {number:?}");
        }
    }
}
