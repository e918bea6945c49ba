//! Calls to programs of others. The address is looked up once and judged where the connection is made: a name that leads
//! into the city's own network is refused, whatever it said before.

use std::net::IpAddr;
use std::time::Duration;

use act::notifications::{Caller, SendError};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// A program that does not take the connection within this is away.
const CONNECT: Duration = Duration::from_secs(3);

/// An answer that is not whole within this is none.
const WHOLE: Duration = Duration::from_secs(10);

/// Most bytes of an answer that are read: its words mean nothing.
const ANSWER_MAX: u64 = 4_096;

/// Calls programs over HTTP and HTTPS, without redirects and without a proxy.
pub struct HttpCaller(Agent);

impl HttpCaller {
    /// Refuses private addresses unless `allows_private`.
    pub fn new(allows_private: bool) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy would look the name up by itself.
            .proxy(None)
            .user_agent(concat!("dipper/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Guarded { inner: DefaultResolver::default(), allows_private };
        Self(Agent::with_parts(config, DefaultConnector::default(), resolver))
    }
}

impl Caller for HttpCaller {
    fn call(&self, url: &str, headers: &[(&str, String)], body: &[u8]) -> Result<u16, SendError> {
        let mut request = self.0.post(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut answer = request.send(body).map_err(|error| classify(&error))?;
        let status = answer.status().as_u16();
        // Read so that the connection can be used again; one that says too much is closed.
        drop(answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec());
        Ok(status)
    }
}

fn classify(error: &Error) -> SendError {
    match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            SendError::Passing("private address".to_owned())
        }
        Error::Timeout(_) => SendError::Passing("timeout".to_owned()),
        Error::HostNotFound => SendError::Passing("host not found".to_owned()),
        Error::BadUri(_) => SendError::Final("not an address".to_owned()),
        _ => SendError::Passing("connection".to_owned()),
    }
}

/// Looks names up and gives public addresses only.
struct Guarded {
    inner: DefaultResolver,
    allows_private: bool,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("allows_private", &self.allows_private).finish_non_exhaustive()
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.allows_private {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(Error::Io(std::io::ErrorKind::PermissionDenied.into()));
        }
        Ok(public)
    }
}

/// Whether an address is one of the internet: neither this machine, nor a network of the house, nor a special one
/// (IANA special-purpose registries, RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let is_special = a == 0
                || a >= 240
                || v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                // Shared by carriers, protocol assignments, 6to4 relays, benchmarks.
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (18..20).contains(&b));
            !is_special
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4() {
                return is_public(IpAddr::V4(v4));
            }
            let segments = v6.segments();
            // Global unicast is 2000::/3; within it documentation, 6to4 and Teredo lead elsewhere.
            (segments[0] & 0xe000) == 0x2000
                && !(segments[0] == 0x2001 && (segments[1] == 0x0db8 || segments[1] < 0x0200))
                && segments[0] != 0x2002
                && !(segments[0] == 0x3fff && segments[1] < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_of_the_house_are_not_public() {
        for (address, expect) in [
            ("8.8.8.8", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("2606:4700::1111", true),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("64:ff9b::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expect, "{address}");
        }
    }

    /// A program that answers one call with these bytes.
    fn program(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut read = [0; 4_096];
            let _ = stream.read(&mut read);
            let _ = stream.write_all(answer.as_bytes());
        });
        format!("http://{address}/hook")
    }

    #[test]
    fn a_private_address_is_refused_unless_allowed() {
        let url = program("HTTP/1.1 204 No Content\r\n\r\n");
        let refused = HttpCaller::new(false).call(&url, &[], b"{}");
        assert_eq!(refused, Err(SendError::Passing("private address".to_owned())));
        assert_eq!(HttpCaller::new(true).call(&url, &[], b"{}"), Ok(204));
    }

    #[test]
    fn a_redirect_is_an_answer_and_not_followed() {
        let url = program("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(HttpCaller::new(true).call(&url, &[], b"{}"), Ok(302));
    }

    #[test]
    fn nobody_there_may_pass() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let away = HttpCaller::new(true).call(&format!("http://127.0.0.1:{port}/"), &[], b"{}");
        assert_eq!(away, Err(SendError::Passing("connection".to_owned())));
    }
}
