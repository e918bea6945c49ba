//! Clients that others wrote: libcoap's own, in the clear and over DTLS by GnuTLS and by OpenSSL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::process::{Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use dipper_coap::{Command, Format, Limits, Resource, Server};
use support::{PATIENCE, Platform, device, key, start, until};
use tokio::process;

/// How Debian calls libcoap's client, by the library it has for DTLS.
const CLEAR: &str = "coap-client-notls";
const SECURE: [&str; 2] = ["coap-client-gnutls", "coap-client-openssl"];

/// Whether libcoap's clients are not installed (`scripts/setup test` installs them).
fn missing(program: &str) -> bool {
    let missing = std::process::Command::new(program).output().is_err();
    if missing {
        println!("skipped: no {program}");
    }
    missing
}

/// A client that speaks to the gateway: in the clear with the password in the path, or over DTLS with the key.
fn client(program: &str, server: &Server<Platform>, path: &str, arguments: &str) -> process::Command {
    let mut command = process::Command::new(program);
    let is_secure = program != CLEAR;
    if is_secure {
        command.args(["-u", "lamp", "-k", &key()]);
    }
    let (scheme, at) = if is_secure { ("coaps", 1) } else { ("coap", 0) };
    command.args(["-v", "6", "-B", "10"]).args(arguments.split(' ').filter(|argument| !argument.is_empty()));
    command.arg(format!("{scheme}://{}/{path}", server.local_addresses()[at]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(mut command: process::Command) -> String {
    let output: Output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends in time").unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn payloads(platform: &Platform) -> Vec<Bytes> {
    platform.taken.borrow().iter().map(|(_, message)| message.payload.clone()).collect()
}

/// Everything a device does, by one client.
async fn does_everything(program: &str, query: &str) {
    let (server, platform) = start(Limits::default()).await;
    let readings = format!("devices/lamp/readings{query}");
    let shown = run(client(program, &server, &readings, "-m post -t 50 -e {\"power\":1}")).await;
    assert_eq!(payloads(&platform), ["{\"power\":1}"], "{shown}");
    run(client(program, &server, &readings, "-m put -N -t application/json -e {\"power\":2}")).await;
    let senml = format!("devices/lamp/senml{query}");
    run(client(program, &server, &senml, "-m post -t 110 -e [{\"n\":\"power\",\"v\":3}]")).await;
    let taken = until(&platform.taken, |taken| taken.len() == 3).await;
    let kinds: Vec<_> = taken.iter().map(|(name, message)| (name.as_str(), message.resource, message.format)).collect();
    let plain = ("lamp", Resource::Readings, Format::Json);
    assert_eq!(kinds, [plain, plain, ("lamp", Resource::Senml, Format::SenmlJson)]);

    // What is refused.
    let shown = run(client(program, &server, &readings, "-m post -t 0 -e x")).await;
    assert!(shown.contains("4.15"), "{shown}");
    let shown = run(client(program, &server, &readings, "-m post -e bad")).await;
    assert!(shown.contains("4.00") && shown.contains("no number"), "{shown}");
    let wrong = if query.is_empty() { "devices/post/readings" } else { "devices/lamp/readings?k=wrong" };
    let shown = run(client(program, &server, wrong, "-m post -e 1")).await;
    assert!(shown.contains("4.01"), "{shown}");

    // In blocks, both ways.
    let folder = tempfile::tempdir().unwrap();
    let (file, body) = (folder.path().join("body"), "0123456789".repeat(2_000));
    std::fs::write(&file, &body).unwrap();
    for size in [64, 1024] {
        let arguments = format!("-m post -t 50 -b {size} -f {}", file.display());
        let shown = run(client(program, &server, &readings, &arguments)).await;
        assert_eq!(payloads(&platform).last().unwrap(), body.as_bytes(), "{shown}");
    }
    let command = Command { payload: body[..3_000].to_owned().into(), ticket: 8 };
    platform.waiting.lock().unwrap().push_back(command);
    let shown = run(client(program, &server, &format!("devices/lamp/commands{query}"), "-m get")).await;
    assert!(shown.contains(&body[..1_000]), "{shown}");
    until(&platform.delivered, |delivered| *delivered == [("lamp".to_owned(), 8)]).await;

    let shown = run(client(program, &server, ".well-known/core", "-m get")).await;
    // In the clear it comes in small blocks, with what the client tells of them in between.
    let expect = if query.is_empty() { "</devices/lamp/readings>;" } else { "nml|commands|answers)\"" };
    assert!(shown.contains(expect), "{shown}");
}

/// A client observes commands, one of them long.
async fn observes(program: &str, query: &str) {
    let (server, platform) = start(Limits::default()).await;
    let path = format!("devices/lamp/commands{query}");
    let running = tokio::spawn(run(client(program, &server, &path, "-m get -w -s 4")));
    until(&platform.observed, |observed| !observed.is_empty()).await;
    let long = "x".repeat(2_500);
    let commands = ["{\"lit\":true}", &long, "{\"lit\":false}"];
    for (ticket, command) in (1..).zip(commands) {
        let handed = server.publish(&device("lamp"), Bytes::from(command.to_owned()), ticket).await.unwrap();
        assert_eq!(handed.queued, 1);
    }
    let delivered = until(&platform.delivered, |delivered| delivered.len() == 3).await;
    assert_eq!(delivered.iter().map(|(_, ticket)| *ticket).collect::<Vec<_>>(), [1, 2, 3]);
    let shown = running.await.unwrap();
    assert!(commands.iter().all(|command| shown.contains(&command[..12])), "{shown}");
    // It says goodbye, or is not there any more at its next command.
    server.publish(&device("lamp"), Bytes::from_static(b"{}"), 4).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn libcoap_loses_requests_and_sends_them_again() {
    if missing(CLEAR) {
        return;
    }
    let (server, platform) = start(Limits::default()).await;
    let shown = run(client(CLEAR, &server, "devices/lamp/readings?k=secret", "-l 1 -m post -t 50 -e 1")).await;
    assert_eq!(payloads(&platform), ["1"], "{shown}");
    // The third of the blocks of a message.
    let folder = tempfile::tempdir().unwrap();
    let (file, body) = (folder.path().join("body"), "0123456789".repeat(20));
    std::fs::write(&file, &body).unwrap();
    let arguments = format!("-l 3 -m post -t 50 -b 64 -f {}", file.display());
    let shown = run(client(CLEAR, &server, "devices/lamp/readings?k=secret", &arguments)).await;
    assert_eq!(payloads(&platform).last().unwrap(), body.as_bytes(), "{shown}");
    assert_eq!(*platform.arrived.borrow(), 2);
}

#[tokio::test]
async fn libcoap_loses_an_acknowledgement_and_observes_on() {
    if missing(CLEAR) {
        return;
    }
    let (server, platform) = start(Limits { ack_timeout: Duration::from_millis(200), ..Limits::default() }).await;
    let path = "devices/lamp/commands?k=secret";
    let running = tokio::spawn(run(client(CLEAR, &server, path, "-l 2 -m get -w -s 4")));
    until(&platform.observed, |observed| !observed.is_empty()).await;
    let shown = ["{\"lit\":true}", "{\"lit\":false}"];
    for (ticket, command) in (1..).zip(shown) {
        server.publish(&device("lamp"), Bytes::from_static(command.as_bytes()), ticket).await.unwrap();
    }
    until(&platform.delivered, |delivered| delivered.len() == 2).await;
    assert_eq!(server.metrics().sent_again, 2);
    let said = running.await.unwrap();
    assert!(shown.iter().all(|command| said.contains(command)), "{said}");
}

#[tokio::test]
async fn libcoap_in_the_clear_does_everything() {
    if !missing(CLEAR) {
        does_everything(CLEAR, "?k=secret").await;
    }
}

#[tokio::test]
async fn libcoap_in_the_clear_observes() {
    if !missing(CLEAR) {
        observes(CLEAR, "?k=secret").await;
    }
}

#[tokio::test]
async fn libcoap_over_dtls_does_everything() {
    for program in SECURE {
        if !missing(program) {
            does_everything(program, "").await;
        }
    }
}

#[tokio::test]
async fn libcoap_over_dtls_observes() {
    for program in SECURE {
        if !missing(program) {
            observes(program, "").await;
        }
    }
}

#[tokio::test]
async fn whoever_has_not_the_key_is_not_let_in() {
    for program in SECURE {
        if missing(program) {
            continue;
        }
        let (server, platform) = start(Limits::default()).await;
        for (identity, key) in [("lamp", "wrong".to_owned()), ("nobody", key())] {
            let mut command = process::Command::new(program);
            command.args(["-B", "2", "-u", identity, "-k", &key, "-m", "post", "-e", "1"]);
            command.arg(format!("coaps://{}/devices/lamp/readings", server.local_addresses()[1]));
            run(command).await;
        }
        assert_eq!(*platform.arrived.borrow(), 0);
        assert_eq!(server.metrics().handshakes, 0);
    }
}
