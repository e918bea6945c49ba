//! What there is, for `.well-known/core` (RFC 6690).

use bytes::Bytes;

use crate::request::{CBOR, JSON, OCTET_STREAM, SENML_CBOR, SENML_JSON};

/// The resources of a device, by the name it has proved to have; or how they are called, for whoever has not said who it is.
pub(crate) fn listing(identity: Option<&str>) -> Bytes {
    let name = identity.map(|identity| identity.split_once('/').map_or(identity, |(name, _)| name));
    let Some(name) =
        name.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)))
    else {
        return Bytes::from_static(
            b"</devices>;rt=\"dipper.devices\";title=\"/devices/NAME/(readings|senml|commands|answers)\"",
        );
    };
    let links = [
        format!("</devices/{name}/readings>;rt=\"dipper.readings\";ct=\"{JSON} {CBOR} {OCTET_STREAM}\""),
        format!("</devices/{name}/senml>;rt=\"dipper.senml\";ct=\"{SENML_JSON} {SENML_CBOR}\""),
        format!("</devices/{name}/commands>;rt=\"dipper.commands\";ct={JSON};obs"),
        format!("</devices/{name}/answers>;rt=\"dipper.answers\";ct={JSON}"),
    ];
    links.join(",").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_shown_its_own() {
        let shown = listing(Some("lamp-7/next"));
        assert!(
            shown.starts_with(
                b"</devices/lamp-7/readings>;rt=\"dipper.readings\";ct=\"50 60 42\",</devices/lamp-7/senml>"
            )
        );
        for identity in [None, Some("a>b"), Some("灯")] {
            assert!(listing(identity).starts_with(b"</devices>;"), "{identity:?}");
        }
    }
}
