//! Other people's servers over HTTP and HTTPS: blocking, with time limits, without redirects.

use std::time::Duration;

use account::anchor::{ANSWER_MAX as STAMP_MAX, TimeStamper};
use account::{Remote, RemoteError, Reply};
use ureq::http::Response;
use ureq::{Agent, Body};

/// A server that does not take the connection within this is away.
const CONNECT: Duration = Duration::from_secs(3);

/// An answer that is not whole within this is none.
const WHOLE: Duration = Duration::from_secs(8);

/// Most bytes of an answer to a post: cosignature lines or a few words.
const ANSWER_MAX: usize = 65_536;

/// Reaches servers; connections are kept and used again.
pub struct HttpRemote(Agent);

impl HttpRemote {
    /// Trusts the certificate authorities of Mozilla's list, and goes by the proxy that the environment names.
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("dipper/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(config.into())
    }
}

impl Remote for HttpRemote {
    fn post(&self, url: &str, body: &[u8]) -> Result<Reply, RemoteError> {
        let request = self.0.post(url).header("content-type", "text/plain; charset=utf-8");
        read(request.send(body), ANSWER_MAX)
    }

    fn get(&self, url: &str, limit: usize) -> Result<Reply, RemoteError> {
        read(self.0.get(url).call(), limit)
    }
}

fn read(answer: Result<Response<Body>, ureq::Error>, limit: usize) -> Result<Reply, RemoteError> {
    let failed = |error: ureq::Error| RemoteError(error.to_string());
    let mut response = answer.map_err(failed)?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let body = response.body_mut().with_config().limit(limit).read_to_vec().map_err(failed)?;
    Ok(Reply { status, content_type, body })
}

/// A time-stamping authority (RFC 3161 over HTTP, §3.4).
pub struct HttpStamper {
    remote: HttpRemote,
    url: String,
}

impl HttpStamper {
    /// The authority at an address.
    pub fn new(url: &str) -> Self {
        Self { remote: HttpRemote::new(), url: url.to_owned() }
    }
}

impl TimeStamper for HttpStamper {
    fn stamp(&self, query: &[u8]) -> Result<Vec<u8>, RemoteError> {
        let request = self.remote.0.post(&self.url).header("content-type", "application/timestamp-query");
        let reply = read(request.send(query), STAMP_MAX)?;
        if reply.status == 200 { Ok(reply.body) } else { Err(RemoteError(format!("status {}", reply.status))) }
    }
}
