//! Where the pictures of a camera come from. The address holds a password or a key, so it is sealed like personal data, and
//! what is shown of it is scheme, host and port alone.

use model::DeviceId;
use store::{Reader, StoreError, StreamRow, Tx};

use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// Longest address, bytes.
const LENGTH_MAX: usize = 512;

/// Schemes that pictures are fetched by. Nothing that reads files of this machine or speaks plain HTTP to its neighbours.
const SCHEMES: [&str; 4] = ["rtsp", "rtsps", "rtmp", "rtmps"];

/// An address of a stream. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamAddress {
    whole: String,
    shown: String,
}

/// Why an address does not fit. It never says what the address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamAddressError {
    /// Another scheme.
    #[error("it begins with rtsp://, rtsps://, rtmp:// or rtmps://")]
    Scheme,
    /// No host, or a port that is none.
    #[error("a host, and where needed a port of 1 to 65535, follow the scheme")]
    Host,
    /// Characters that have no place in an address.
    #[error("at most {LENGTH_MAX} characters of ASCII without spaces, quotes and backslashes; encode others by %XX")]
    Characters,
}

impl StreamAddress {
    /// Takes an address from outside.
    ///
    /// # Errors
    /// [`StreamAddressError`].
    pub fn parse(text: &str) -> Result<Self, StreamAddressError> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"'\"\\`<>".contains(&byte);
        if text.len() > LENGTH_MAX || !text.bytes().all(fits) {
            return Err(StreamAddressError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(StreamAddressError::Scheme)?;
        let scheme = SCHEMES.into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
        let scheme = scheme.ok_or(StreamAddressError::Scheme)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if !is_host_and_port(host_and_port) {
            return Err(StreamAddressError::Host);
        }
        Ok(Self { whole: format!("{scheme}://{rest}"), shown: format!("{scheme}://{host_and_port}") })
    }

    /// Scheme, host and port: all of it that may be shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The whole of it, for who fetches the pictures.
    pub fn reveal(&self) -> &str {
        &self.whole
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or("none"))),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl std::fmt::Debug for StreamAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamAddress({})", self.shown)
    }
}

impl Vault {
    /// Seals the address of a camera. It is no person's, so it has no key of its own to be destroyed: who sets another
    /// overwrites it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    pub fn seal_stream(
        &self,
        tx: &mut Tx,
        camera: &DeviceId,
        address: &StreamAddress,
        now: model::Instant,
    ) -> Result<(), StoreError> {
        let sealed = encrypt(&self.master, tx.random_bytes(), address.whole.as_bytes(), name(camera).as_bytes());
        tx.record_camera_stream(&StreamRow {
            device: camera.clone(),
            sealed,
            shown: address.shown.clone(),
            changed_at: now,
        })
    }

    /// The address of a camera, for who fetches its pictures; `None` where it has none.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when it does not open.
    pub fn open_stream(&self, reader: &mut Reader, camera: &DeviceId) -> Result<Option<StreamAddress>, VaultError> {
        let Some(row) = reader.find_camera_stream(camera)? else { return Ok(None) };
        let text = decrypt(&self.master, &row.sealed, name(camera).as_bytes()).ok_or(VaultError::Damaged)?;
        let text = String::from_utf8(text).map_err(|_| VaultError::Damaged)?;
        StreamAddress::parse(&text).map(Some).map_err(|_| VaultError::Damaged)
    }
}

/// What a sealed address is bound to: moved to another camera it does not open.
fn name(camera: &DeviceId) -> String {
    format!("camera/{camera}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_cameras_and_show_neither_password_nor_path() {
        for (text, expect) in [
            ("rtsp://admin:s3cret@10.0.0.7:554/Streaming/Channels/101", Ok("rtsp://10.0.0.7:554")),
            (" RTMP://media.example/live/secret-key?x=1 ", Ok("rtmp://media.example")),
            ("rtsps://u:p@w@[2001:db8::1]:322/a", Ok("rtsps://[2001:db8::1]:322")),
            ("rtmps://[::1]", Ok("rtmps://[::1]")),
            ("http://10.0.0.7/a", Err(StreamAddressError::Scheme)),
            ("file:///etc/passwd", Err(StreamAddressError::Scheme)),
            ("concat:rtsp://a", Err(StreamAddressError::Scheme)),
            ("10.0.0.7", Err(StreamAddressError::Scheme)),
            ("rtsp://", Err(StreamAddressError::Host)),
            ("rtsp://u:p@/a", Err(StreamAddressError::Host)),
            ("rtsp://host:0/a", Err(StreamAddressError::Host)),
            ("rtsp://host:99999/a", Err(StreamAddressError::Host)),
            ("rtsp://[::1]554/a", Err(StreamAddressError::Host)),
            ("rtsp://ho$t/a", Err(StreamAddressError::Host)),
            ("rtsp://host/a'\nfile '/etc/passwd", Err(StreamAddressError::Characters)),
            ("rtsp://host/摄像机", Err(StreamAddressError::Characters)),
        ] {
            let parsed = StreamAddress::parse(text);
            assert_eq!(parsed.as_ref().map(StreamAddress::shown), expect.as_ref().map(|text| *text), "{text}");
            if let Ok(address) = parsed {
                let printed = format!("{address:?}");
                assert!(!printed.contains("s3cret") && !printed.contains("secret-key"), "{printed}");
            }
        }
        assert_eq!(StreamAddress::parse(&format!("rtsp://h/{}", "a".repeat(504))), Err(StreamAddressError::Characters));
    }
}
