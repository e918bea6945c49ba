//! HTTP/1.1 over one kept-alive connection, as little as a driver needs: it must cost less than what it measures.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// A connection that is opened anew when the server closed it.
pub struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Value of `set-cookie`, up to the first `;`.
    pub cookie: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// The answer when it is 2xx.
    pub fn ok(self) -> anyhow::Result<Self> {
        if self.status / 100 != 2 {
            bail!("{} {}", self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self)
    }
}

impl Connection {
    /// To an address; connects at the first request.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Asks and waits for the whole answer. `headers` are whole lines without their end.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[String], body: &str) -> anyhow::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        if !body.is_empty() {
            request.push_str("content-type: application/json\r\n");
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let outcome = self.exchange(request.as_bytes());
        if outcome.is_err() {
            self.stream = None;
        }
        outcome
    }

    fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        if self.stream.is_none() {
            let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(10))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            self.stream = Some(BufReader::with_capacity(16_384, stream));
        }
        let reader = self.stream.as_mut().context("it was just made")?;
        reader.get_mut().write_all(request)?;
        let (answer, close) = read(reader)?;
        if close {
            self.stream = None;
        }
        Ok(answer)
    }
}

fn read(reader: &mut impl BufRead) -> anyhow::Result<(Answer, bool)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status =
        line.split(' ').nth(1).and_then(|word| word.parse().ok()).with_context(|| format!("no status in {line:?}"))?;
    let (mut length, mut chunked, mut close, mut cookie) = (None, false, false, None);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(value.parse::<usize>()?),
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => close = value.eq_ignore_ascii_case("close"),
            "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
            _ => {}
        }
    }
    let body = match length {
        Some(length) => {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            body
        }
        None if chunked => read_chunks(reader)?,
        // 204 and 304 have none.
        None => Vec::new(),
    };
    Ok((Answer { status, cookie, body }, close))
}

fn read_chunks(reader: &mut impl BufRead) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).with_context(|| format!("no chunk length in {line:?}"))?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        line.clear();
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn answers_are_read_whole_however_they_are_framed() {
        let plain = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nSet-Cookie: a=b; Path=/\r\n\r\n{}HTTP";
        let (answer, close) = read(&mut &plain[..]).unwrap();
        assert_eq!(
            (answer.status, answer.cookie.as_deref(), answer.body.as_slice(), close),
            (201, Some("a=b"), &b"{}"[..], false)
        );
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        let (answer, close) = read(&mut &chunked[..]).unwrap();
        assert_eq!((answer.body.as_slice(), close), (&b"abcd"[..], true));
        assert!(read(&mut &b"nonsense\r\n\r\n"[..]).is_err());
    }
}
