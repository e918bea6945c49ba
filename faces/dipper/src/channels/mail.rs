//! E-mail over SMTP. Every message is one plain text with a stable Message-ID; what comes back is told by the server's
//! code alone, since its words may repeat the address.

use std::time::Duration;

use act::notifications::{Message, SendError, Sender};
use anyhow::{Context, bail};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Letter};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport};

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
    /// A server at `smtps://host` (TLS), `smtp://host?tls=required` (STARTTLS) or `smtp://host` (in clear).
    pub fn new(url: &str, from: &str, login: Option<(String, String)>) -> anyhow::Result<Self> {
        if url.contains('@') {
            bail!("smtp_url: the login belongs into smtp_user and smtp_password, not into the address");
        }
        let from: Mailbox = from.parse().map_err(|_| anyhow::anyhow!("mail_from: {from:?} is no address"))?;
        let mut builder = SmtpTransport::from_url(url).with_context(|| format!("smtp_url: {url:?} does not fit"))?;
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { transport: builder.timeout(Some(PATIENCE)).hello_name(hello).build(), from })
    }

    /// Connects, and says why that does not work.
    pub fn test(&self) -> anyhow::Result<()> {
        if self.transport.test_connection()? { Ok(()) } else { bail!("the server ends the connection at once") }
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
        Some(code) => format!("smtp {code}"),
        None if error.is_timeout() => "smtp timeout".to_owned(),
        None if error.is_tls() => "smtp tls".to_owned(),
        None => "smtp connection".to_owned(),
    };
    let is_ours = code.is_some_and(|code| LOGIN_CODES.contains(&code));
    if error.is_permanent() && !is_ours { SendError::Final(words) } else { SendError::Passing(words) }
}
