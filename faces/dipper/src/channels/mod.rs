//! The channels by which people and programs are told, as the configuration sets them up.

mod call;
mod mail;
mod provider;

use std::path::Path;
use std::sync::Arc;

use act::notifications::{Senders, webhook_key};
use anyhow::{Context, ensure};

pub use call::{HttpCaller, is_public};
pub use mail::Mail;
pub use provider::Provider;

use crate::config::Config;

/// Builds every channel that is configured. Nothing is called yet.
pub fn open(config: &Config) -> anyhow::Result<Senders> {
    let mail = mail(config)?.map(Arc::new);
    Ok(Senders {
        email: mail.map(|mail| mail as _),
        sms: provider(config, config.sms_gateway.as_deref(), "sms_gateway")?,
        push: provider(config, config.push_gateway.as_deref(), "push_gateway")?,
        caller: Some(Arc::new(HttpCaller::new(config.webhooks_private))),
    })
}

/// The mail server, when one is configured.
pub fn mail(config: &Config) -> anyhow::Result<Option<Mail>> {
    let Some(url) = &config.smtp_url else { return Ok(None) };
    let from = config.mail_from.as_deref().context("mail_from: the address that mail comes from is missing")?;
    let password = config.smtp_password.as_deref().map(read_line).transpose().context("smtp_password")?;
    let login = match (&config.smtp_user, password) {
        (Some(user), Some(password)) => Some((user.clone(), password)),
        (None, None) => None,
        _ => anyhow::bail!("smtp_user and smtp_password belong together"),
    };
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).with_context(|| format!("smtp_ca: {} cannot be read", path.display()))
    };
    let authorities = config.smtp_ca.as_ref().map(read).transpose()?;
    Mail::new(url, from, login, authorities.as_deref()).map(Some)
}

fn provider(
    config: &Config,
    url: Option<&str>,
    name: &str,
) -> anyhow::Result<Option<Arc<dyn act::notifications::Sender>>> {
    let Some(url) = url else { return Ok(None) };
    ensure!(url.starts_with("https://") || url.starts_with("http://"), "{name}: {url:?} is no address of the web");
    let path = config.gateway_secret.as_deref().context("gateway_secret: the file of the shared secret is missing")?;
    let key = webhook_key(&read_line(path).context("gateway_secret")?);
    let key = key.with_context(|| format!("gateway_secret: {} holds no whsec_ secret", path.display()))?;
    Ok(Some(Arc::new(Provider::new(url, key))))
}

/// The first line of a file.
fn read_line(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let line = text.lines().next().unwrap_or_default().trim().to_owned();
    ensure!(!line.is_empty(), "{} is empty", path.display());
    Ok(line)
}
