//! The objects of a PDF, as far as the way to its attachments leads through them (ISO 32000-1 §7.3).

/// Arrays and dictionaries within each other.
const DEPTH: usize = 12;
/// Members of one array or dictionary.
const MEMBERS: usize = 10_000;

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object<'a> {
    /// `null`, `true`, `false`, or a number that is not whole: nothing here asks for one.
    Other,
    Whole(u64),
    Name(&'a [u8]),
    /// A text in brackets, with its escapes as they are.
    Text(&'a [u8]),
    Array(Vec<Object<'a>>),
    Dictionary(Vec<(&'a [u8], Object<'a>)>),
    Reference(usize),
}

impl<'a> Object<'a> {
    /// A member of a dictionary; `None` too when it stands there twice.
    pub fn get(&self, name: &[u8]) -> Option<&Object<'a>> {
        let Object::Dictionary(members) = self else { return None };
        let mut found = members.iter().filter(|(member, _)| *member == name);
        found.next().filter(|_| found.next().is_none()).map(|(_, object)| object)
    }

    /// The name, when it is one.
    pub fn is_name(&self, name: &[u8]) -> bool {
        matches!(self, Object::Name(is) if *is == name)
    }
}

/// Reads objects from a place on.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    /// Where it stands.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at a place.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Passes white space.
    pub fn space(&mut self) {
        self.at += self.rest().iter().take_while(|byte| is_space(**byte)).count();
    }

    /// Passes exactly these bytes.
    pub fn exactly(&mut self, wanted: &[u8]) -> Option<()> {
        self.rest().starts_with(wanted).then(|| self.at += wanted.len())
    }

    /// A whole number of at most ten digits.
    pub fn whole(&mut self) -> Option<u64> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(self.rest().get(..digits).filter(|_| (1..=10).contains(&digits))?).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    /// The next object.
    pub fn object(&mut self) -> Option<Object<'a>> {
        self.within(0)
    }

    fn within(&mut self, depth: usize) -> Option<Object<'a>> {
        self.space();
        let rest = self.rest();
        match (rest.first()?, rest.get(1)) {
            (b'/', _) => self.name().map(Object::Name),
            (b'(', _) => self.text(),
            (b'<', Some(b'<')) if depth < DEPTH => self.dictionary(depth),
            (b'<', _) => self.until(b'>').map(Object::Text),
            (b'[', _) if depth < DEPTH => self.array(depth),
            (byte, _) if byte.is_ascii_digit() => Some(self.number()),
            (b'-' | b'+' | b'.' | b'a'..=b'z', _) => {
                self.word();
                Some(Object::Other)
            }
            _ => None,
        }
    }

    fn word(&mut self) {
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        self.at += self.rest().iter().take_while(is_part).count();
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        self.exactly(b"/")?;
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| !is_space(**byte) && !b"()<>[]{}/%".contains(byte)).count();
        self.at += length;
        rest.get(..length)
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let rest = self.rest();
        let length = rest.iter().position(|byte| *byte == end)?;
        self.at += length + 1;
        rest.get(1..length)
    }

    fn text(&mut self) -> Option<Object<'a>> {
        let rest = self.rest();
        let (mut open, mut at) = (0_usize, 0);
        loop {
            match rest.get(at)? {
                b'\\' => at += 1,
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                self.at += at;
                return rest.get(1..at - 1).map(Object::Text);
            }
        }
    }

    fn number(&mut self) -> Object<'a> {
        let begin = self.at;
        let Some(whole) = self.whole().filter(|_| !matches!(self.rest().first(), Some(b'.'))) else {
            self.at = begin;
            self.word();
            return Object::Other;
        };
        // `7 0 R` refers to object 7.
        let mut ahead = self.clone();
        if ahead.exactly(b" 0 R").is_some() {
            self.at = ahead.at;
            return usize::try_from(whole).map_or(Object::Other, Object::Reference);
        }
        Object::Whole(whole)
    }

    fn array(&mut self, depth: usize) -> Option<Object<'a>> {
        self.exactly(b"[")?;
        let mut members = Vec::new();
        loop {
            self.space();
            if self.exactly(b"]").is_some() {
                return Some(Object::Array(members));
            }
            members.push(self.within(depth + 1).filter(|_| members.len() < MEMBERS)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Option<Object<'a>> {
        self.exactly(b"<<")?;
        let mut members = Vec::new();
        loop {
            self.space();
            if self.exactly(b">>").is_some() {
                return Some(Object::Dictionary(members));
            }
            let name = self.name()?;
            members.push((name, self.within(depth + 1).filter(|_| members.len() < MEMBERS)?));
        }
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0 | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_read_as_they_are_written() {
        let text = b"<</A 1/B[7 0 R(x\\)(y))<00ff>-1.5 true]/C/D>>rest";
        let mut reader = Reader::new(text, 0);
        let whole = reader.object().unwrap();
        assert_eq!(&text[reader.at..], b"rest");
        assert_eq!(whole.get(b"A"), Some(&Object::Whole(1)));
        let array =
            vec![Object::Reference(7), Object::Text(b"x\\)(y)"), Object::Text(b"00ff"), Object::Other, Object::Other];
        assert_eq!(whole.get(b"B"), Some(&Object::Array(array)));
        assert!(whole.get(b"C").unwrap().is_name(b"D"));
    }

    #[test]
    fn what_does_not_end_is_no_object() {
        let deep = "[".repeat(100_000);
        for text in ["", "<<", "<</A", "<</A 1", "[1", "(a", "(\\", "<0", ">>", &deep, "<</A 1/A>>"] {
            assert_eq!(Reader::new(text.as_bytes(), 0).object(), None, "{}", &text[..text.len().min(20)]);
        }
        let twice = Reader::new(b"<</A 1/A 2>>", 0).object().unwrap();
        assert_eq!(twice.get(b"A"), None);
    }
}
