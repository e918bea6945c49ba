//! The one thread that publishes: takes what waits, publishes it as one message, and answers once the message is kept and
//! this lake's own queries see it.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;
use model::Reading;

use super::feed::NotKept;
use super::{Shares, open::FRAMES};
use crate::error::{AppendError, LakeError};
use crate::queue::{Done, Taken};
use crate::segment::{self, READING_BYTES};
use crate::shared::Shared;
use crate::writer::{Closing, Work, tell};

/// A message without an answer is sent again for as long, well within the time the server knows its name.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);
/// What is kept is waited for as long to be shown, when the lake is closed or a table ended.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// The writer of a lake whose hot part is a stream.
pub(crate) struct StreamWriter {
    shared: Arc<Shared>,
    shares: Arc<Shares>,
    next: u64,
    last: u64,
}

impl StreamWriter {
    pub fn new(shared: Arc<Shared>, shares: Arc<Shares>) -> Self {
        let last = shares.tell_after;
        Self { shared, shares, next: 0, last }
    }

    /// Works until the lake is closed and nothing waits.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _closing = Closing(&shared);
        while let Taken::Jobs(jobs) = self.shared.queue.take(self.shared.options.group_readings, None) {
            self.work(jobs);
        }
        self.shares.shown.wait(self.last, SHOWN_WITHIN);
        self.shares.feed.stop();
    }

    /// Publishes a group, or a mark when it is empty; the number of its message.
    fn publish(&mut self, group: &[Reading]) -> Result<u64, AppendError> {
        let mut frame = Vec::new();
        segment::push_frame(&mut frame, FRAMES, self.next, group.iter());
        let (id, frame, begun) = (self.shares.message_id(self.next), Bytes::from(frame), Moment::now());
        self.next += 1;
        loop {
            let message = match self.shares.feed.publish(&id, frame.clone()) {
                Ok((sequence, is_again)) if sequence > self.last || is_again => {
                    self.last = self.last.max(sequence);
                    return Ok(sequence);
                }
                Ok((sequence, _)) => {
                    // Numbers only grow: another stream stands in the place of ours.
                    let last = self.last;
                    tracing::error!(
                        sequence,
                        last,
                        "the stream of readings was emptied or replaced; nothing is taken any more"
                    );
                    self.shared.queue.close();
                    return Err(AppendError::Closed);
                }
                Err(NotKept::Full) => return Err(AppendError::StreamFull),
                Err(NotKept::Away(message)) => message,
            };
            if begun.elapsed() >= PATIENCE {
                tracing::error!(message, readings = group.len(), "a group could not be published; it is refused");
                return Err(AppendError::Stream { message });
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Work for StreamWriter {
    fn commit(&mut self, group: &mut Vec<Reading>, waiting: &mut Vec<Done>) {
        self.shared.drop_too_old(group);
        let kept = if group.is_empty() { Ok(self.last) } else { self.publish(group) };
        group.clear();
        match kept {
            Ok(sequence) => {
                let seen = self.shares.shown.wait_for(sequence, std::mem::take(waiting));
                seen.into_iter().for_each(|done| tell(done, Ok(())));
            }
            Err(error) => waiting.drain(..).for_each(|done| tell(done, Err(error.clone()))),
        }
    }

    /// Marks that tables end here, and waits until this lake's has.
    fn end(&mut self) -> Result<(), LakeError> {
        if self.shared.active_rows() == 0 && self.shares.shown.through() >= self.last {
            return Ok(());
        }
        let marked = self.publish(&[]);
        let away = |message: String| LakeError::StreamAway { stream: self.shares.sharing.stream.clone(), message };
        let marked = marked.map_err(|error| away(error.to_string()))?;
        if self.shares.shown.wait(marked, SHOWN_WITHIN) {
            return Ok(());
        }
        Err(away("a mark does not come back".to_owned()))
    }

    fn is_full(&self) -> bool {
        self.shared.active_rows() * READING_BYTES >= self.shared.options.segment_bytes as usize
    }
}
