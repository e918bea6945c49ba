//! The form of a POST: `application/x-www-form-urlencoded` with `attribute[code]` and `attribute[code][]`.

use std::collections::BTreeMap;

/// A parsed form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    fields: BTreeMap<String, String>,
    /// Answers by attribute code; a single-valued attribute has one.
    pub attributes: BTreeMap<String, Vec<String>>,
}

impl Form {
    /// Parses a form. Percent-encoding that is not UTF-8 becomes replacement characters; the last of a doubled field
    /// counts; an empty field counts as absent, as the specification says of parameters.
    pub fn parse(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            if value.trim().is_empty() {
                continue;
            }
            match attribute_code(&name) {
                Some(code) => form.attributes.entry(code.to_owned()).or_default().push(value.into_owned()),
                None => drop(form.fields.insert(name.into_owned(), value.into_owned())),
            }
        }
        form
    }

    /// A field, trimmed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim())
    }
}

/// `CODE` of `attribute[CODE]` or `attribute[CODE][]`.
fn attribute_code(name: &str) -> Option<&str> {
    let (code, rest) = name.strip_prefix("attribute[")?.split_once(']')?;
    (!code.is_empty() && matches!(rest, "" | "[]")).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_gathered_by_code() {
        let form = Form::parse(
            "api_key=k&service_code=01&lat=1.5&description=a+b%26c&attribute[WHISHETN]=123&attribute%5BWHISHETN2%5D%5B%5D=x&attribute[WHISHETN2][]=y&email=&attribute[]=z"
                .as_bytes(),
        );
        assert_eq!(form.get("description"), Some("a b&c"));
        assert_eq!(form.get("email"), None, "empty counts as absent");
        assert_eq!(form.attributes["WHISHETN"], ["123"]);
        assert_eq!(form.attributes["WHISHETN2"], ["x", "y"]);
        assert_eq!(form.get("attribute[]"), Some("z"), "no code, no attribute");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_parse(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            Form::parse(&bytes);
        }
    }
}
