//! One call, from its answer to its end.

use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use str0m::media::{KeyframeRequestKind, MediaData, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Event, IceConnectionState, Input, Output, Rtc};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::{House, Packet, Publication};
use crate::avc::Writer;
use crate::door::Admitted;

/// How often it is looked whether a key frame is needed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far key frames are apart while somebody watches or it is recorded: live segments end at one.
const KEY_EVERY: Duration = Duration::from_secs(2);

/// A call.
pub(super) struct Call {
    house: Arc<House>,
    name: String,
    rtc: Rtc,
    publication: Publication,
    admitted: Admitted,
    writer: Writer,
    video: Option<Mid>,
    /// Pictures that build on one that was lost are not shown.
    is_torn: bool,
    is_connected: bool,
    begun: Instant,
    shown: Instant,
    asked: Option<Instant>,
    /// Bytes since then.
    second: (Instant, usize),
}

impl Call {
    pub fn new(house: Arc<House>, name: String, rtc: Rtc, publication: Publication, admitted: Admitted) -> Self {
        let now = Instant::now();
        let (writer, second) = (Writer::default(), (now, 0));
        Self {
            house,
            name,
            rtc,
            publication,
            admitted,
            writer,
            video: None,
            is_torn: true,
            is_connected: false,
            begun: now,
            shown: now,
            asked: None,
            second,
        }
    }

    /// Takes the picture until the source ends it or is sent away.
    pub async fn run(
        mut self,
        mut packets: mpsc::Receiver<Packet>,
        ended: Arc<Notify>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut look = Instant::now();
        let why = loop {
            let wake = match self.poll() {
                Ok(wake) => wake,
                Err(why) => break why,
            };
            if look <= Instant::now() {
                look = Instant::now() + LOOK_EVERY;
                if let Some(why) = self.is_over() {
                    break why;
                }
                self.ask_for_key();
            }
            tokio::select! {
                () = self.publication.cut() => break "it was sent away".to_owned(),
                () = ended.notified() => break "it said so".to_owned(),
                _ = stop.wait_for(|stop| *stop) => break "the program stops".to_owned(),
                Some(packet) = packets.recv() => {
                    if let Err(error) = self.hear(&packet) {
                        break error;
                    }
                }
                () = tokio::time::sleep_until(look.min(wake)) => {
                    if let Err(error) = self.rtc.handle_input(Input::Timeout(StdInstant::now())) {
                        break error.to_string();
                    }
                }
            }
        };
        // The other side is told, where it listens.
        let _ = self.rtc.close();
        let _ = self.poll();
        self.house.leave(&self.name);
        tracing::info!(camera = %self.admitted.camera, why, "a source sends no more by WebRTC");
    }

    /// Sends what is to be sent and takes what came; when it is to be woken.
    fn poll(&mut self) -> Result<Instant, String> {
        loop {
            match self.rtc.poll_output().map_err(|error| error.to_string())? {
                Output::Timeout(at) => return Ok(Instant::from_std(at)),
                Output::Transmit(packet) => {
                    // A full buffer loses packets, as the way does.
                    let _ = self.house.socket.try_send_to(&packet.contents, packet.destination);
                }
                Output::Event(event) => self.note(event)?,
            }
        }
    }

    fn note(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Connected => {
                self.is_connected = true;
                self.house.receiver.pushed(&self.admitted);
                tracing::info!(camera = %self.admitted.camera, "a source sends its picture by WebRTC");
            }
            Event::MediaAdded(media) if media.kind == MediaKind::Video && self.video.is_none() => {
                self.video = Some(media.mid);
            }
            Event::MediaData(data) if Some(data.mid) == self.video => self.take(&data)?,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                return Err("it does not answer".to_owned());
            }
            Event::Closed => return Err("it hung up".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self, data: &MediaData) -> Result<(), String> {
        let written = self.writer.write(&data.data);
        self.is_torn = !written.is_key && (self.is_torn || !data.contiguous);
        if self.is_torn {
            return Ok(());
        }
        self.shown = Instant::now();
        // It counts to 2^32 milliseconds, 49 days, and begins again.
        let time = u64::from(u32::MAX) & (data.time.as_micros() / 1_000);
        let time = u32::try_from(time).unwrap_or_default();
        let parts = written.header.iter().chain(&written.picture);
        let is_taken = parts.into_iter().all(|part| self.publication.put(time, part));
        if is_taken { Ok(()) } else { Err("it was sent away".to_owned()) }
    }

    fn hear(&mut self, packet: &Packet) -> Result<(), String> {
        let (since, bytes) = &mut self.second;
        if since.elapsed() > Duration::from_secs(1) {
            (*since, *bytes) = (Instant::now(), 0);
        }
        *bytes += packet.bytes.len();
        if *bytes > self.house.limits.bytes_per_s as usize {
            return Ok(());
        }
        let Ok(contents) = packet.bytes[..].try_into() else { return Ok(()) };
        let (proto, source, destination) = (Protocol::Udp, packet.from, self.house.address);
        let input = Input::Receive(StdInstant::now(), Receive { proto, source, destination, contents });
        if !self.rtc.accepts(&input) {
            return Ok(());
        }
        self.rtc.handle_input(input).map_err(|error| error.to_string())
    }

    /// Why it is to end, where it brings nothing.
    fn is_over(&self) -> Option<String> {
        let limits = &self.house.limits;
        if !self.is_connected && self.begun.elapsed() > limits.greeting {
            return Some("it did not come".to_owned());
        }
        let silence = self.shown.elapsed() > limits.silence + limits.greeting;
        silence.then(|| format!("no picture for {} s", limits.silence.as_secs()))
    }

    /// A browser sends key frames when it is asked.
    fn ask_for_key(&mut self) {
        let is_due = |at: Instant| at.elapsed() >= KEY_EVERY || self.is_torn;
        let is_asked = self.is_torn || self.publication.is_tapped();
        let Some(mid) = self.video.filter(|_| self.is_connected && is_asked && self.asked.is_none_or(is_due)) else {
            return;
        };
        let Some(mut writer) = self.rtc.writer(mid) else { return };
        // Before the first packet there is nobody to ask.
        if writer.request_keyframe(None, KeyframeRequestKind::Pli).is_ok() {
            self.asked = Some(Instant::now());
        }
    }
}
