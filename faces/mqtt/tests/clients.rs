//! Clients that others wrote: Mosquitto's own, and rumqttc; over TCP and TLS.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use dipper_mqtt::{Broker, Gone, Limits, Notice, Qos, Tls};
use support::{PATIENCE, Platform, address, start, start_with, until};
use tokio::process::{Child, Command};

/// Whether Mosquitto's clients are installed (`scripts/setup test` installs them).
fn no_mosquitto() -> bool {
    let missing = std::process::Command::new("mosquitto_pub").arg("--help").output().is_err();
    if missing {
        println!("skipped: no mosquitto_pub");
    }
    missing
}

fn mosquitto(program: &str, broker: &Broker<Platform>, arguments: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &address(broker).port().to_string(), "-u", "lamp"]);
    command.args(arguments.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

async fn run(program: &str, broker: &Broker<Platform>, arguments: &str) -> Output {
    let output = tokio::time::timeout(PATIENCE, mosquitto(program, broker, arguments).output());
    output.await.expect("it ends in time").unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn notice(topic: &str, payload: &'static str, retain: bool) -> Notice {
    let (topic, payload, qos) = (topic.into(), Bytes::from_static(payload.as_bytes()), Qos::AtLeastOnce);
    Notice { topic, payload, qos, retain, expiry: None, ticket: None, properties: None }
}

#[tokio::test]
async fn mosquitto_publishes_in_both_protocols_and_every_quality() {
    if no_mosquitto() {
        return;
    }
    let (broker, platform) = start(Limits::default()).await;
    let topic = "devices/lamp/v1.1/Datastreams(1)/Observations";
    let mut count = 0;
    for version in ["mqttv311", "mqttv5"] {
        for qos in 0..3 {
            let arguments = format!("-P secret -V {version} -q {qos} -t {topic} -m {{\"result\":{qos}}}");
            let output = run("mosquitto_pub", &broker, &arguments).await;
            assert!(output.status.success(), "{version} {qos}: {}", text(&output.stderr));
            count += 1;
            let taken = platform.taken(count).await;
            let (client, message) = taken.last().unwrap();
            assert_eq!((&**client, &*message.topic, message.qos as u8), ("lamp", topic, qos));
            assert_eq!(text(&message.payload), format!("{{\"result\":{qos}}}"));
        }
    }
    let lines = format!("-P secret -q 1 -l -t {topic}");
    let mut many = mosquitto("mosquitto_pub", &broker, &lines).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = many.stdin.take().unwrap();
    let text: String = (0..500).map(|line| format!("{line}\n")).collect();
    tokio::io::AsyncWriteExt::write_all(&mut stdin, text.as_bytes()).await.unwrap();
    drop(stdin);
    assert!(many.wait().await.unwrap().success());
    let taken = platform.taken(count + 500).await;
    let order: Vec<String> = taken[count..].iter().map(|(_, message)| self::text(&message.payload)).collect();
    assert_eq!(order, (0..500).map(|line| line.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn mosquitto_is_told_why_not() {
    if no_mosquitto() {
        return;
    }
    let (broker, platform) = start(Limits::default()).await;
    for version in ["mqttv311", "mqttv5"] {
        let output = run("mosquitto_pub", &broker, &format!("-P wrong -V {version} -t devices/lamp/t -m x")).await;
        assert!(!output.status.success(), "{version}");
        let said = text(&output.stderr).to_lowercase();
        assert!(said.contains("bad user name or password") || said.contains("not authori"), "{version}: {said}");
    }
    let output = run("mosquitto_pub", &broker, "-P secret -V mqttv5 -q 1 -t devices/other/t -m x").await;
    assert!(text(&output.stderr).contains("Not authorized"), "{}", text(&output.stderr));
    let output = run("mosquitto_sub", &broker, "-P secret -V mqttv5 -q 1 -t devices/other/t -W 5 -C 1").await;
    assert!(text(&output.stderr).contains("denied"), "{}", text(&output.stderr));
    assert!(platform.taken.borrow().is_empty());
}

/// Starts a subscriber and waits until its filter is known.
async fn subscriber(broker: &Broker<Platform>, platform: &Platform, filter: &str, more: &str) -> Child {
    let arguments = format!("-P secret -t {filter} {more}");
    let child = mosquitto("mosquitto_sub", broker, &arguments).spawn().unwrap();
    until(&platform.filters, |filters| filters.iter().any(|held| held == filter)).await;
    child
}

#[tokio::test]
async fn mosquitto_gets_commands_states_and_what_waited_for_it() {
    if no_mosquitto() {
        return;
    }
    for version in ["mqttv311", "mqttv5"] {
        let (broker, platform) = start(Limits::default()).await;
        broker.publish(notice("devices/lamp/state/door", "shut", true)).unwrap();
        let more = format!("-V {version} -q 1 -C 2 -v");
        let child = subscriber(&broker, &platform, "devices/lamp/#", &more).await;
        broker.publish(notice("devices/lamp/commands/1", "open", false)).unwrap();
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(text(&output.stdout), "devices/lamp/state/door shut\ndevices/lamp/commands/1 open\n");

        platform.gone("lamp").await;
        let kept = format!("-V {version} -q 1 -i kept -c -E{}", if version == "mqttv5" { " -x 60" } else { "" });
        let output =
            subscriber(&broker, &platform, "devices/lamp/+/late", &kept).await.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        until(&platform.gone, |gone| gone.len() == 2).await;
        assert_eq!(broker.publish(notice("devices/lamp/commands/late", "wait", false)).unwrap().queued, 1);
        let again = format!("-P secret -t devices/lamp/+/late -C 1 -W 15 {}", kept.replace(" -E", ""));
        let output = run("mosquitto_sub", &broker, &again).await;
        assert_eq!(text(&output.stdout), "wait\n", "{}", text(&output.stderr));
    }
}

#[tokio::test]
async fn mosquittos_will_is_published_when_it_is_killed() {
    if no_mosquitto() {
        return;
    }
    let (broker, platform) = start(Limits::default()).await;
    let will = "--will-topic devices/lamp/state --will-payload lost --will-qos 1 -k 30";
    let mut child = subscriber(&broker, &platform, "devices/lamp/#", will).await;
    child.kill().await.unwrap();
    let taken = platform.taken(1).await;
    assert_eq!((&*taken[0].1.topic, &taken[0].1.payload[..]), ("devices/lamp/state", &b"lost"[..]));
    assert_eq!(platform.gone("lamp").await, Gone::Lost);
}

/// A certificate for 127.0.0.1, signed by itself.
fn certificate(folder: &Path) -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    Tls::from_files(&chain, &key).unwrap()
}

#[tokio::test]
async fn mosquitto_speaks_tls_and_a_renewed_certificate_is_taken_up() {
    if no_mosquitto() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path());
    let (broker, platform) = start_with(Limits::default(), Some(tls.clone())).await;
    let trust = folder.path().join("cert.pem");
    let arguments = format!("--cafile {} -P secret -q 1 -t devices/lamp/t -m x", trust.display());
    for count in 1..=2 {
        let output = run("mosquitto_pub", &broker, &arguments).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        platform.taken(count).await;
        certificate(folder.path());
        let output = run("mosquitto_pub", &broker, &arguments).await;
        assert!(!output.status.success(), "the new certificate is not in use yet");
        tls.reload().unwrap();
    }
    let plain = run("mosquitto_pub", &broker, "-P secret -q 1 -t devices/lamp/t -m x").await;
    assert!(!plain.status.success());
    std::fs::write(&trust, "no certificate").unwrap();
    assert!(tls.reload().is_err());
    let missing = Tls::from_files(&folder.path().join("none.pem"), &trust).unwrap_err();
    assert!(missing.to_string().contains("none.pem"), "{missing}");
}

#[tokio::test]
async fn rumqttc_of_mqtt_3_publishes_and_is_commanded() {
    use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
    let (broker, platform) = start(Limits::default()).await;
    let mut options = MqttOptions::new("r", "127.0.0.1", address(&broker).port());
    options.set_credentials("lamp", "secret").set_keep_alive(Duration::from_secs(5)).set_clean_session(false);
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("devices/lamp/commands/#", QoS::AtLeastOnce).await.unwrap();
    let (mut acknowledged, mut commanded) = (0, 0);
    while acknowledged < 40 || commanded < 1 {
        match tokio::time::timeout(PATIENCE, events.poll()).await.expect("in time").unwrap() {
            Event::Incoming(Incoming::SubAck(_)) => {
                broker.publish(Notice { ticket: Some(7), ..notice("devices/lamp/commands/a", "go", false) }).unwrap();
                let client = client.clone();
                tokio::spawn(async move {
                    for number in 0..40 {
                        let qos = if number % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
                        client.publish("devices/lamp/t", qos, false, number.to_string()).await.unwrap();
                    }
                });
            }
            Event::Incoming(Incoming::PubAck(_) | Incoming::PubComp(_)) => acknowledged += 1,
            Event::Incoming(Incoming::Publish(publish)) => {
                assert_eq!(&publish.payload[..], b"go");
                commanded += 1;
            }
            _ => {}
        }
    }
    assert_eq!(platform.taken.borrow().len(), 40);
    client.disconnect().await.unwrap();
    while events.poll().await.is_ok() {}
    assert_eq!(until(&platform.delivered, |delivered| !delivered.is_empty()).await, [("lamp".to_owned(), 7)]);
    assert_eq!(platform.gone("lamp").await, Gone::Left);
}

#[tokio::test]
async fn rumqttc_of_mqtt_5_publishes_and_hears_a_refusal() {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason};
    use rumqttc::v5::{AsyncClient, Event, MqttOptions};
    let (broker, platform) = start(Limits::default()).await;
    let mut options = MqttOptions::new("r", "127.0.0.1", address(&broker).port());
    options.set_credentials("lamp", "secret").set_keep_alive(Duration::from_secs(5));
    let (client, mut events) = AsyncClient::new(options, 10);
    client.publish("devices/lamp/bad", QoS::AtLeastOnce, false, "x").await.unwrap();
    client.publish("devices/lamp/good", QoS::AtLeastOnce, false, "y").await.unwrap();
    let mut reasons = Vec::new();
    while reasons.len() < 2 {
        // rumqttc makes an error of a negative acknowledgement too, and goes on.
        let event = tokio::time::timeout(PATIENCE, events.poll()).await.expect("in time");
        if let Ok(Event::Incoming(Packet::PubAck(ack))) = event {
            reasons.push(ack.reason);
        }
    }
    assert_eq!(reasons, [PubAckReason::PayloadFormatInvalid, PubAckReason::Success]);
    assert_eq!(platform.taken.borrow().len(), 1);
}
