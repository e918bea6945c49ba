//! `dipper demo messages`: a provider of text and push messages that sends nothing and shows what it was given.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use act::notifications::webhook_key;
use anyhow::Context;
use base64::Engine;
use dipper_http::message_sink::serve_messages;
use store::Entropy;
use tokio::net::TcpListener;

use super::serve::wait_for_signal;
use crate::system::{SystemClock, SystemEntropy};

/// Runs until SIGTERM or SIGINT. The secret is made where its file is missing.
pub fn serve(listen: SocketAddr, secret: &PathBuf) -> anyhow::Result<ExitCode> {
    if !secret.exists() {
        let mut bytes = [0_u8; 32];
        SystemEntropy.fill(&mut bytes);
        let text = format!("whsec_{}\n", base64::engine::general_purpose::STANDARD.encode(bytes));
        super::write_private(secret, &text)?;
    }
    let text = std::fs::read_to_string(secret).with_context(|| format!("{} cannot be read", secret.display()))?;
    let key = webhook_key(text.trim()).with_context(|| format!("{} holds no whsec_ secret", secret.display()))?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    asynchronous.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        println!("demo messages http://{}/", listener.local_addr()?);
        let told = async { drop(wait_for_signal().await) };
        serve_messages(listener, key, Arc::new(SystemClock), told).await?;
        Ok(ExitCode::SUCCESS)
    })
}
