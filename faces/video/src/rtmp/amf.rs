//! AMF 0, the values of commands (Adobe, AMF 0 of 2007), as far as commands have them.

/// Objects within objects that are followed.
const DEPTH_MAX: u8 = 8;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Boolean(bool),
    Text(String),
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Null,
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// A member of an object.
    pub fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// The values of a command; those after one that cannot be read are left out.
pub(super) fn read_all(mut bytes: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let Some(value) = read(&mut bytes, 0) else { break };
        values.push(value);
    }
    values
}

fn split<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}

fn number<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    split(bytes, N)?.try_into().ok()
}

fn short_text(bytes: &mut &[u8]) -> Option<String> {
    let length = u16::from_be_bytes(number(bytes)?);
    Some(String::from_utf8_lossy(split(bytes, length.into())?).into_owned())
}

fn read(bytes: &mut &[u8], depth: u8) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let [marker] = number(bytes)?;
    Some(match marker {
        0x00 => Value::Number(f64::from_be_bytes(number(bytes)?)),
        0x01 => Value::Boolean(number::<1>(bytes)? != [0]),
        0x02 => Value::Text(short_text(bytes)?),
        0x03 => members(bytes, depth)?,
        0x05 | 0x06 => Value::Null,
        0x08 => {
            // How many there are is a guess of the sender's; an end is marked as in an object.
            number::<4>(bytes)?;
            members(bytes, depth)?
        }
        0x0a => {
            let count = u32::from_be_bytes(number(bytes)?);
            // Each has a byte at least: no more are read than there are.
            Value::Array((0..count).map(|_| read(bytes, depth + 1)).collect::<Option<_>>()?)
        }
        0x0c => {
            let length = usize::try_from(u32::from_be_bytes(number(bytes)?)).ok()?;
            Value::Text(String::from_utf8_lossy(split(bytes, length)?).into_owned())
        }
        _ => return None,
    })
}

fn members(bytes: &mut &[u8], depth: u8) -> Option<Value> {
    let mut members = Vec::new();
    loop {
        let name = short_text(bytes)?;
        if name.is_empty() && bytes.first() == Some(&0x09) {
            split(bytes, 1)?;
            return Some(Value::Object(members));
        }
        members.push((name, read(bytes, depth + 1)?));
    }
}

/// Writes values one after another.
pub(super) fn write_all(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| write(value, &mut bytes));
    bytes
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    // Ours are words of this program.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(&text.as_bytes()[..length.into()]);
}

fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Number(number) => {
            bytes.push(0x00);
            bytes.extend(number.to_be_bytes());
        }
        Value::Boolean(is_true) => bytes.extend([0x01, u8::from(*is_true)]),
        Value::Text(text) => {
            bytes.push(0x02);
            write_text(text, bytes);
        }
        Value::Object(members) => {
            bytes.push(0x03);
            for (name, value) in members {
                write_text(name, bytes);
                write(value, bytes);
            }
            bytes.extend([0, 0, 0x09]);
        }
        Value::Array(values) => {
            bytes.push(0x0a);
            bytes.extend(u32::try_from(values.len()).unwrap_or(u32::MAX).to_be_bytes());
            values.iter().for_each(|value| write(value, bytes));
        }
        Value::Null => bytes.push(0x05),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let values = [
            Value::text("connect"),
            Value::Number(1.0),
            Value::Object(vec![
                ("app".to_owned(), Value::text("live")),
                ("fpad".to_owned(), Value::Boolean(false)),
                ("deep".to_owned(), Value::Object(vec![("x".to_owned(), Value::Null)])),
            ]),
            Value::Array(vec![Value::Boolean(true)]),
        ];
        assert_eq!(read_all(&write_all(&values)), values);
    }

    #[test]
    fn torn_and_deep_values_end_the_reading() {
        let whole = write_all(&[Value::text("publish"), Value::Number(5.0)]);
        for cut in 0..whole.len() {
            let expect = usize::from(cut >= 10);
            assert_eq!(read_all(&whole[..cut]).len(), expect, "{cut}");
        }
        let deep: Vec<u8> = [0x03, 0, 1, b'a'].repeat(5_000);
        assert_eq!(read_all(&deep), []);
        // Four thousand million values that are not there.
        assert_eq!(read_all(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x05]), []);
        assert_eq!(read_all(&[0x0c, 0xff, 0xff, 0xff, 0xff, b'a']), []);
    }
}
