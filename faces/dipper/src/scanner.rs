//! Scanning uploaded files with clamd, by its INSTREAM command (clamd(8)): the bytes go over a socket, no file is shared.
//!
//! What clamd does not call clean is not taken: silence, an error or a limit of its own is a refusal too.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use sense::evidence::{ScanError, Scanner};

use crate::config::Config;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(3);

/// How long clamd may be silent: a picture takes it well below a second, a reload of its signatures some more.
const SILENCE: Duration = Duration::from_secs(20);

/// Bytes of a chunk; far below clamd's limit of a stream.
const CHUNK: usize = 1 << 16;

/// Longest answer read: a name of a signature is shorter.
const ANSWER_MAX: u64 = 1_024;

/// Longest name of a signature that is written into the log.
const SIGNATURE_MAX: usize = 100;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    /// `tcp://host:port`.
    Tcp(String),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl fmt::Display for Clamd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The scanner of the configuration; none without one.
pub fn open(config: &Config) -> anyhow::Result<Option<Arc<dyn Scanner>>> {
    Ok(clamd(config)?.map(|clamd| Arc::new(clamd) as Arc<dyn Scanner>))
}

/// The clamd of the configuration.
pub fn clamd(config: &Config) -> anyhow::Result<Option<Clamd>> {
    let Some(address) = config.scan.as_deref() else { return Ok(None) };
    if let Some(place) = address.strip_prefix("tcp://") {
        let port = place.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            return Ok(Some(Clamd::Tcp(place.to_owned())));
        }
    } else if let Some(path) = address.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
        return Ok(Some(Clamd::Unix(path.into())));
    }
    bail!("scan: {address:?} must be tcp://host:port or unix:/path, where clamd listens")
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl Clamd {
    /// Asks whether it is there.
    ///
    /// # Errors
    /// [`ScanError::Away`] when it is not.
    pub fn ping(&self) -> Result<(), ScanError> {
        match self.ask(b"zPING\0", None).map_err(away)?.as_str() {
            "PONG" => Ok(()),
            other => Err(ScanError::Away(format!("it answers {other:?} to PING"))),
        }
    }

    fn ask(&self, command: &[u8], body: Option<&[u8]>) -> std::io::Result<String> {
        let mut stream = self.connect()?;
        let sent = send(&mut *stream, command, body);
        // It may have answered before it had read everything; its answer says more than the broken pipe.
        let answer = read_answer(&mut *stream);
        match (sent, answer) {
            (_, Ok(answer)) if !answer.is_empty() => Ok(answer),
            (Err(error), _) | (Ok(()), Err(error)) => Err(error),
            (Ok(()), Ok(_)) => {
                Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it closed without an answer"))
            }
        }
    }

    fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp(address) => {
                let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
                for place in address.to_socket_addrs()? {
                    match TcpStream::connect_timeout(&place, CONNECT) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(SILENCE))?;
                            stream.set_write_timeout(Some(SILENCE))?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(SILENCE))?;
                stream.set_write_timeout(Some(SILENCE))?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// A command, and for INSTREAM the bytes in chunks: a length of four bytes, most significant first, before each; nought ends.
fn send(stream: &mut dyn Stream, command: &[u8], body: Option<&[u8]>) -> std::io::Result<()> {
    stream.write_all(command)?;
    if let Some(bytes) = body {
        for chunk in bytes.chunks(CHUNK) {
            let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(chunk)?;
        }
        stream.write_all(&0_u32.to_be_bytes())?;
    }
    stream.flush()
}

/// One answer, ended by a NUL as the command was.
fn read_answer(stream: &mut dyn Stream) -> std::io::Result<String> {
    let mut answer = Vec::new();
    BufReader::new(stream.take(ANSWER_MAX)).read_until(0, &mut answer)?;
    Ok(String::from_utf8_lossy(&answer).trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
}

fn away(error: std::io::Error) -> ScanError {
    ScanError::Away(error.to_string())
}

impl Scanner for Clamd {
    fn scan(&self, bytes: &[u8]) -> Result<(), ScanError> {
        let answer = self.ask(b"zINSTREAM\0", Some(bytes)).map_err(away)?;
        let said = answer.strip_prefix("stream: ").unwrap_or(&answer);
        if said == "OK" {
            return Ok(());
        }
        match said.strip_suffix(" FOUND") {
            Some(name) => {
                let signature = name.chars().filter(char::is_ascii_graphic).take(SIGNATURE_MAX).collect();
                Err(ScanError::Infected { signature })
            }
            None => Err(ScanError::Away(format!("it answers {said:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Reads a command and, after INSTREAM, its chunks; gives what came.
    fn hear(mut stream: impl Read) -> (String, Vec<u8>) {
        let mut command = Vec::new();
        let mut byte = [0];
        while stream.read(&mut byte).unwrap() == 1 && byte[0] != 0 {
            command.push(byte[0]);
        }
        let mut body = Vec::new();
        while command.ends_with(b"INSTREAM") {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            if length == [0; 4] {
                break;
            }
            let mut chunk = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut chunk).unwrap();
            body.extend(chunk);
        }
        (String::from_utf8(command).unwrap(), body)
    }

    /// A clamd for one question, over TCP.
    fn answering(answer: &'static str) -> (Clamd, std::thread::JoinHandle<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let clamd = Clamd::Tcp(listener.local_addr().unwrap().to_string());
        let heard = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let heard = hear(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
            heard
        });
        (clamd, heard)
    }

    #[test]
    fn a_file_goes_over_whole_and_the_answer_is_understood() {
        let file: Vec<u8> = (0..200_000_u32).map(|n| n.to_be_bytes()[3]).collect();
        let infected = |signature: &str| Err(ScanError::Infected { signature: signature.to_owned() });
        for (answer, expect) in [
            ("stream: OK\0", Ok(())),
            ("stream: Dipper.Test-1 FOUND\0", infected("Dipper.Test-1")),
            ("stream: Odd\u{1b}[31m name FOUND\0", infected("Odd[31mname")),
        ] {
            let (clamd, heard) = answering(answer);
            assert_eq!(clamd.scan(&file), expect);
            assert_eq!(heard.join().unwrap(), ("zINSTREAM".to_owned(), file.clone()));
        }
    }

    #[test]
    fn whatever_is_no_clear_answer_is_no_clean_file() {
        for answer in ["INSTREAM size limit exceeded. ERROR\0", "stream: OK FOUNDLING\0", "", "\0"] {
            let (clamd, heard) = answering(answer);
            assert!(matches!(clamd.scan(b"bytes"), Err(ScanError::Away(_))), "{answer:?}");
            heard.join().unwrap();
        }
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        assert!(matches!(Clamd::Tcp(nobody).scan(b"bytes"), Err(ScanError::Away(_))));
        assert!(matches!(Clamd::Unix("/nowhere/clamd".into()).ping(), Err(ScanError::Away(_))));
    }

    #[test]
    fn it_is_asked_whether_it_is_there_over_a_socket_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clamd");
        let listener = UnixListener::bind(&path).unwrap();
        let heard = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let heard = hear(&mut stream);
            stream.write_all(b"PONG\0").unwrap();
            heard.0
        });
        assert_eq!(Clamd::Unix(path).ping(), Ok(()));
        assert_eq!(heard.join().unwrap(), "zPING");
    }

    #[test]
    fn an_address_is_one_of_two_kinds() {
        let of = |address: &str| clamd(&Config { scan: Some(address.to_owned()), ..Config::default() });
        assert_eq!(clamd(&Config::default()).unwrap(), None);
        for address in ["tcp://scanner.internal:3310", "tcp://[::1]:3310", "unix:/run/clamav/clamd.ctl"] {
            assert_eq!(of(address).unwrap().unwrap().to_string(), address);
        }
        for address in
            ["", "scanner:3310", "tcp://scanner", "tcp://:3310", "tcp://scanner:port", "unix:clamd", "http://x:1"]
        {
            assert!(of(address).is_err(), "{address}");
        }
    }
}
