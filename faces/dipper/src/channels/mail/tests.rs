//! Letters over TLS to a mail server that is made up: RFC 5321 as far as a client that sends needs it, with a certificate
//! made for the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use act::notifications::Recipient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// How the server offers TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// From the first byte.
    Implicit,
    /// By STARTTLS.
    StartTls,
    /// Not at all.
    Never,
}

struct Sink {
    port: u16,
    /// Letters as they came, and what else was said in clear.
    letters: Arc<Mutex<Vec<String>>>,
    in_clear: Arc<Mutex<Vec<String>>>,
}

/// Who vouches for a name, and the server's side of it.
fn certificate(name: &str) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], secret)
        .unwrap();
    (authority.pem(), Arc::new(config))
}

/// Serves until the test ends: the thread waits for connections and is left behind.
fn sink(offer: Offer, config: Arc<ServerConfig>) -> Sink {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (letters, in_clear) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let sink = Sink { port, letters: Arc::clone(&letters), in_clear: Arc::clone(&in_clear) };
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A client that turns away in the middle of a handshake ends its own connection only.
            let _ = serve(connection, offer, &config, &letters, &in_clear);
        }
    });
    sink
}

fn secured(stream: TcpStream, config: &Arc<ServerConfig>) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

fn serve(
    stream: TcpStream,
    offer: Offer,
    config: &Arc<ServerConfig>,
    letters: &Mutex<Vec<String>>,
    in_clear: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    if offer == Offer::Implicit {
        return talk(secured(stream, config), offer, true, letters, in_clear).map(drop);
    }
    match talk(stream, offer, true, letters, in_clear)? {
        Some(stream) => talk(secured(stream, config), offer, false, letters, in_clear).map(drop),
        None => Ok(()),
    }
}

/// Answers commands until the client ends, or wants TLS: then its stream.
fn talk<S: Read + Write>(
    mut stream: S,
    offer: Offer,
    greets: bool,
    letters: &Mutex<Vec<String>>,
    in_clear: &Mutex<Vec<String>>,
) -> std::io::Result<Option<S>> {
    let is_clear = greets && offer != Offer::Implicit;
    if greets {
        stream.write_all(b"220 sink ESMTP\r\n")?;
    }
    let mut reader = BufReader::with_capacity(1, stream);
    let (mut line, mut letter, mut is_data) = (String::new(), String::new(), false);
    while reader.read_line(&mut line)? > 0 {
        let said = std::mem::take(&mut line);
        if is_data {
            if said == ".\r\n" {
                is_data = false;
                letters.lock().unwrap().push(std::mem::take(&mut letter));
                reader.get_mut().write_all(b"250 kept\r\n")?;
            } else {
                letter.push_str(&said);
            }
            continue;
        }
        let word = said.get(..4).unwrap_or_default().to_ascii_uppercase();
        if is_clear {
            in_clear.lock().unwrap().push(word.clone());
        }
        let answer: &[u8] = match word.as_str() {
            "EHLO" if is_clear && offer == Offer::StartTls => b"250-sink\r\n250 STARTTLS\r\n",
            "STAR" => b"220 go on\r\n",
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        is_data = word == "DATA";
        reader.get_mut().write_all(answer)?;
        if word == "STAR" {
            return Ok(Some(reader.into_inner()));
        }
    }
    Ok(None)
}

fn message() -> Message {
    Message {
        id: "01K".to_owned(),
        to: Recipient("zhao@example.com".to_owned()),
        subject: "已受理".to_owned(),
        text: "您的申请已受理".to_owned(),
        link: None,
    }
}

fn mail(url: &str, authority: Option<&str>) -> Mail {
    Mail::new(url, "notice@city.example", None, authority.map(str::as_bytes)).unwrap()
}

#[test]
fn a_letter_goes_over_tls_to_a_server_that_is_vouched_for_and_to_no_other() {
    let (authority, config) = certificate("localhost");
    let (stranger, _) = certificate("localhost");
    let (elsewhere, other) = certificate("mail.elsewhere.example");
    const UNKNOWN: &str = "smtp tls: nobody trusted vouches for the server's certificate; smtp_ca names who does";
    const NAME: &str = "smtp tls: the server's certificate is for another name than smtp_url has";
    const NO_TLS: &str = "smtp: the server offers no STARTTLS and tls=required is set; nothing is sent in clear";
    for (offer, config, scheme, query, trusted, expect) in [
        (Offer::Implicit, &config, "smtps", "", Some(&authority), Ok(())),
        (Offer::StartTls, &config, "smtp", "?tls=required", Some(&authority), Ok(())),
        (Offer::Implicit, &config, "smtps", "", Some(&stranger), Err(UNKNOWN)),
        (Offer::StartTls, &config, "smtp", "?tls=required", Some(&stranger), Err(UNKNOWN)),
        (Offer::Implicit, &config, "smtps", "", None, Err(UNKNOWN)),
        (Offer::Implicit, &other, "smtps", "", Some(&elsewhere), Err(NAME)),
        (Offer::StartTls, &other, "smtp", "?tls=required", Some(&elsewhere), Err(NAME)),
        (Offer::Never, &config, "smtp", "?tls=required", Some(&authority), Err(NO_TLS)),
        (Offer::Never, &config, "smtp", "", None, Ok(())),
    ] {
        let sink = sink(offer, Arc::clone(config));
        let mail = mail(&format!("{scheme}://localhost:{}{query}", sink.port), trusted.map(String::as_str));
        let case = format!("{offer:?} {scheme}{query}");
        // What fails here is a matter of the server: the message stays in the outbox and is tried again.
        let expected = expect.map_err(|words| SendError::Passing(words.to_owned()));
        assert_eq!(mail.send(&message()), expected, "{case}");
        let letters = sink.letters.lock().unwrap().clone();
        assert_eq!(letters.len(), usize::from(expect.is_ok()), "{case}");
        assert!(letters.iter().all(|letter| letter.contains("Message-ID: <01K@city.example>")), "{letters:?}");
        let is_asked_for = scheme == "smtp" && query.is_empty();
        let in_clear = sink.in_clear.lock().unwrap().clone();
        let says_whom = in_clear.iter().any(|word| ["MAIL", "RCPT", "DATA"].contains(&word.as_str()));
        assert_eq!(says_whom, is_asked_for, "{case}: {in_clear:?}");
        let tested = mail.test().map_err(|error| format!("{error:#}"));
        match expect {
            Ok(()) => assert_eq!(tested, Ok(()), "{case}"),
            Err(words) => assert!(tested.unwrap_err().starts_with(words), "{case}"),
        }
    }
}

#[test]
fn an_address_that_would_fall_back_to_clear_is_refused() {
    let refused = |url: &str| Mail::new(url, "notice@city.example", None, None).err().map(|error| format!("{error:#}"));
    for url in ["smtp://localhost?tls=opportunistic", "smtp://localhost?tls=no", "http://localhost", "localhost"] {
        assert!(refused(url).unwrap_or_else(|| panic!("{url}")).starts_with("smtp_url: "), "{url}");
    }
    let nothing = Mail::new("smtps://localhost", "notice@city.example", None, Some(b"no certificate"));
    assert!(
        format!("{:#}", nothing.err().unwrap()).starts_with("smtp_ca"),
        "a file without a certificate trusts nobody"
    );
}
