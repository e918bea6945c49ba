//! E-mail over SMTP. Every message is one plain text with a stable Message-ID; what comes back is told by the server's
//! code alone, since its words may repeat the address.
//!
//! Nothing goes in clear unless the address of the server says so: a server without TLS, or with a certificate that nobody
//! vouches for, is told no letter.

#[cfg(test)]
mod tests;

use std::time::Duration;

use act::notifications::{Message, SendError, Sender};
use anyhow::{Context, bail, ensure};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Letter};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};
use url::Url;

/// A server that does not answer a command within this is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Codes about our own login: a matter of the configuration, not of the address.
const LOGIN_CODES: [u16; 4] = [530, 534, 535, 538];

/// A mail server.
pub struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Mail {
    /// A server at `smtps://host` (TLS), `smtp://host?tls=required` (STARTTLS) or `smtp://host` (in clear). Its certificate is
    /// vouched for by one of `authorities` (PEM), by one of Mozilla's where there are none.
    pub fn new(
        url: &str,
        from: &str,
        login: Option<(String, String)>,
        authorities: Option<&[u8]>,
    ) -> anyhow::Result<Self> {
        if url.contains('@') {
            bail!("smtp_url: the login belongs into smtp_user and smtp_password, not into the address");
        }
        let from: Mailbox = from.parse().map_err(|_| anyhow::anyhow!("mail_from: {from:?} is no address"))?;
        let mut builder = SmtpTransport::from_url(url).with_context(|| format!("smtp_url: {url:?} does not fit"))?;
        builder = builder.tls(tls(url, authorities)?);
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { transport: builder.timeout(Some(PATIENCE)).hello_name(hello).build(), from })
    }

    /// Connects, and says why that does not work.
    pub fn test(&self) -> anyhow::Result<()> {
        match self.transport.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => bail!("the server ends the connection at once"),
            Err(error) => match refused(&error) {
                Some(words) => bail!("{words}: {error}"),
                None => Err(error.into()),
            },
        }
    }

    fn letter(&self, message: &Message) -> Result<Letter, SendError> {
        let to: Mailbox = message.to.0.parse().map_err(|_| SendError::Final("no address".to_owned()))?;
        let text = match &message.link {
            Some(link) => format!("{}\n\n{link}\n", message.text),
            None => format!("{}\n", message.text),
        };
        let letter = Letter::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .subject(message.subject.as_str())
            .header(ContentType::TEXT_PLAIN)
            .body(text);
        let mut letter = letter.map_err(|_| SendError::Final("no letter can be made of it".to_owned()))?;
        // RFC 3834: nobody's holiday notice answers it.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        letter.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(letter)
    }
}

/// How the connection is protected, as the address of the server says.
fn tls(url: &str, authorities: Option<&[u8]>) -> anyhow::Result<Tls> {
    let parsed = Url::parse(url).with_context(|| format!("smtp_url: {url:?} does not fit"))?;
    let asked = parsed.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let host = parsed.host_str().with_context(|| format!("smtp_url: {url:?} names no server"))?;
    // An address of IPv6 stands in brackets in a URL, and without them in a certificate.
    let mut wanted = TlsParameters::builder(host.trim_matches(['[', ']']).to_owned());
    if let Some(pem) = authorities {
        ensure!(
            String::from_utf8_lossy(pem).contains("BEGIN CERTIFICATE"),
            "smtp_ca: the file has no certificate (PEM)"
        );
        let certificate = Certificate::from_pem(pem).context("smtp_ca")?;
        wanted = wanted.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let wanted = wanted.build().context("smtp_ca")?;
    match (parsed.scheme(), asked.as_deref()) {
        ("smtps", _) => Ok(Tls::Wrapper(wanted)),
        ("smtp", Some("required")) => Ok(Tls::Required(wanted)),
        ("smtp", None) => Ok(Tls::None),
        _ => bail!(
            "smtp_url: {url:?} does not fit; write smtps://host, smtp://host?tls=required, or smtp://host where letters may go in clear"
        ),
    }
}

/// Why a server is not trusted with letters, for whoever runs the city.
fn refused(error: &Error) -> Option<&'static str> {
    // The library has no types for these; none of these words come from the server.
    let words = format!("{error:?}");
    let has = |word: &str| words.contains(word);
    if error.is_client() && has("STARTTLS is not supported") {
        return Some("smtp: the server offers no STARTTLS and tls=required is set; nothing is sent in clear");
    }
    if !has("InvalidCertificate") && !has("invalid peer certificate") {
        return None;
    }
    // Another authority of the same name makes no signature that holds.
    Some(if has("UnknownIssuer") || has("BadSignature") || has("CaUsedAsEndEntity") {
        "smtp tls: nobody trusted vouches for the server's certificate; smtp_ca names who does"
    } else if has("NotValidForName") {
        "smtp tls: the server's certificate is for another name than smtp_url has"
    } else if has("Expired") || has("NotValidYet") {
        "smtp tls: the server's certificate is not valid now"
    } else {
        "smtp tls: the server's certificate does not hold"
    })
}

impl Sender for Mail {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        let letter = self.letter(message)?;
        self.transport.send(&letter).map(drop).map_err(|error| classify(&error))
    }
}

/// Whether it is worth trying again, in words without the address.
fn classify(error: &Error) -> SendError {
    let code = error.status().map(u16::from);
    let words = match code {
        None if refused(error).is_some() => refused(error).unwrap_or_default().to_owned(),
        Some(code) => format!("smtp {code}"),
        None if error.is_timeout() => "smtp timeout".to_owned(),
        None if error.is_tls() => "smtp tls".to_owned(),
        None => "smtp connection".to_owned(),
    };
    let is_ours = code.is_some_and(|code| LOGIN_CODES.contains(&code));
    if error.is_permanent() && !is_ours { SendError::Final(words) } else { SendError::Passing(words) }
}
