//! The connection to JetStream: publishing with an answer, reading in order, removing what is rolled.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull::OrderedConfig};
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{self, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, Event, HeaderMap, ServerAddr};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::Sharing;
use crate::error::LakeError;

/// A server that does not answer at the start is waited for as long.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer to a message is waited for as long; then it is sent again under the same name.
const ACK: Duration = Duration::from_secs(3);
/// A reader that hears nothing asks anew after some of these.
const PULL: Duration = Duration::from_secs(4);
/// The server forgets a message of the same name within this time.
pub(crate) const AGAIN_WITHIN: Duration = Duration::from_secs(120);
/// Bytes of a message that are not its frame.
const AROUND_BYTES: usize = 1 << 10;

/// What the server says of a message it has no room for.
const FULL: &str = "maximum bytes exceeded";

/// A connection to the stream of a lake, with the thread that serves it.
pub(crate) struct Feed {
    /// Always there, until it is dropped.
    runtime: Option<Runtime>,
    context: Context,
    stream: stream::Stream,
    subject: String,
    max_payload: usize,
    stop: watch::Sender<bool>,
}

/// Why a message was not kept.
#[derive(Debug)]
pub(crate) enum NotKept {
    /// The stream is full.
    Full,
    /// There was no answer; it may be kept all the same.
    Away(String),
}

impl Feed {
    /// Connects, and makes the stream if there is none.
    ///
    /// # Errors
    /// When the address is none, no server answers, or the stream is another one.
    pub fn connect(sharing: &Sharing) -> Result<Self, LakeError> {
        let fault = |message: String| LakeError::StreamAway { stream: sharing.stream.clone(), message };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("lake-stream").enable_all().build();
        let runtime = runtime.map_err(|error| fault(error.to_string()))?;
        let servers: Vec<ServerAddr> = sharing
            .servers
            .split(',')
            .map(|server| server.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| LakeError::StreamServers)?;
        let options = ConnectOptions::new()
            .name(format!("dipper {}", sharing.replica))
            .connection_timeout(CONNECT)
            .event_callback(|event| async move { tell(&event) });
        let client = ask(&runtime, async move { options.connect(servers).await })
            .map_err(fault)?
            .map_err(|error| fault(error.to_string()))?;
        let max_payload = client.server_info().max_payload;
        let context = {
            // It begins work of its own.
            let _entered = runtime.enter();
            jetstream::ContextBuilder::new().timeout(CONNECT).ack_timeout(ACK).build(client)
        };
        let subject = format!("{}.frames", sharing.stream);
        let config = stream::Config {
            name: sharing.stream.clone(),
            subjects: vec![subject.clone()],
            max_bytes: sharing.max_bytes,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: sharing.copies,
            duplicate_window: AGAIN_WITHIN,
            description: Some("readings of a Dipper city that are not in files yet".to_owned()),
            ..stream::Config::default()
        };
        let asked = context.clone();
        let made = ask(&runtime, async move { asked.get_or_create_stream(config).await }).map_err(fault)?;
        let stream = made.map_err(|error| fault(error.to_string()))?;
        let kept = &stream.cached_info().config;
        if kept.discard != DiscardPolicy::New || kept.max_age != Duration::ZERO || kept.storage != StorageType::File {
            let message = "it forgets by itself; it has to be kept in files, refuse when it is full, and keep for ever";
            return Err(fault(message.to_owned()));
        }
        let (stop, _) = watch::channel(false);
        Ok(Self { runtime: Some(runtime), context, stream, subject, max_payload, stop })
    }

    fn ask<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
        ask(self.runtime.as_ref().ok_or(ENDED)?, work)
    }

    /// Most bytes of a frame.
    pub fn frame_bytes(&self) -> usize {
        self.max_payload.saturating_sub(AROUND_BYTES)
    }

    /// The number of the last message of the stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn last(&self) -> Result<u64, String> {
        let stream = self.stream.clone();
        let info = self.ask(async move { stream.get_info().await })?;
        Ok(info.map_err(|error| error.to_string())?.state.last_sequence)
    }

    /// Publishes a frame; the number it has in the stream, and whether it was there before.
    ///
    /// # Errors
    /// [`NotKept`].
    pub fn publish(&self, id: &str, frame: Bytes) -> Result<(u64, bool), NotKept> {
        let mut headers = HeaderMap::new();
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id);
        let (context, subject) = (self.context.clone(), self.subject.clone());
        let published = async move { context.publish_with_headers(subject, headers, frame).await?.await };
        match self.ask(published).map_err(NotKept::Away)? {
            Ok(ack) => Ok((ack.sequence, ack.duplicate)),
            Err(error) => Err(not_kept(&error)),
        }
    }

    /// Removes messages up to this one.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn purge(&self, through: u64) -> Result<(), String> {
        let stream = self.stream.clone();
        let purged = self.ask(async move { stream.purge().sequence(through + 1).await })?;
        purged.map(drop).map_err(|error| error.to_string())
    }

    /// Reads messages from this one on, each with its number and its name, until the feed is stopped or `take` says so. On a
    /// thread of its own.
    pub fn read(&self, from: u64, mut take: impl AsyncFnMut(u64, &str, &[u8]) -> bool) {
        let (mut stop, Some(runtime)) = (self.stop.subscribe(), &self.runtime) else { return };
        runtime.block_on(async {
            let mut next = from;
            loop {
                let reading = self.read_on(&mut next, &mut take);
                tokio::select! {
                    ended = reading => if ended { return },
                    // What it answers holds a lock, which must not be held while others wait.
                    () = async { drop(stop.wait_for(|stop| *stop).await) } => return,
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }

    async fn read_on(&self, next: &mut u64, take: &mut impl AsyncFnMut(u64, &str, &[u8]) -> bool) -> bool {
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: (*next).max(1) },
            max_expires: PULL,
            ..OrderedConfig::default()
        };
        let made = async { Ok::<_, async_nats::Error>(self.stream.create_consumer(config).await?.messages().await?) };
        let mut messages = match made.await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(%error, "the stream of readings cannot be read now; it is tried again");
                return false;
            }
        };
        while let Some(message) = messages.next().await {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    tracing::warn!(%error, "the stream of readings breaks off; it is read on");
                    return false;
                }
            };
            let Ok(info) = message.info() else { continue };
            let sequence = info.stream_sequence;
            let id = message.headers.as_ref().and_then(|all| all.get(async_nats::header::NATS_MESSAGE_ID));
            let id = id.map_or("", |id| id.as_str());
            if sequence < *next {
                continue;
            }
            if !take(sequence, id, &message.payload).await {
                return true;
            }
            *next = sequence + 1;
        }
        false
    }

    /// Ends the reading.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What an answer says that cannot come any more.
const ENDED: &str = "the connection is closed";

/// Does a piece of work on the runtime, from any thread, also from one of another runtime.
fn ask<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    let (told, answer) = std::sync::mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Who asked waits below.
        let _ = told.send(work.await);
    });
    answer.recv().map_err(|_| ENDED.to_owned())
}

fn not_kept(error: &PublishError) -> NotKept {
    let words = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
    match error.kind() {
        PublishErrorKind::Other if words.contains(FULL) => NotKept::Full,
        _ if words.is_empty() => NotKept::Away(error.to_string()),
        _ => NotKept::Away(format!("{error}: {words}")),
    }
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        event => tracing::warn!(%event, "the connection to NATS changed"),
    }
}
