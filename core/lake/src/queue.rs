//! What waits to be committed: bounded, so that senders feel when the disk is slower than they are.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Reading;

use crate::error::{AppendError, LakeError};

/// Called once a batch is durable, or is not kept.
pub(crate) type Done = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

/// Something for the writer to do.
pub(crate) enum Job {
    /// Commit these.
    Batch { readings: Vec<Reading>, done: Done },
    /// End the segment, so that all that came before can be rolled.
    End { reply: SyncSender<Result<(), LakeError>> },
}

/// What the writer is told.
pub(crate) enum Taken {
    /// To do this.
    Jobs(Vec<Job>),
    /// That nothing came for a while.
    Idle,
    /// That nothing will come any more.
    Closed,
}

/// Why a batch could not be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// The queue, or the hot part, is full at the moment.
    Full,
    /// The hot part is full, and is not being rolled.
    Behind(usize),
    /// The lake is closed.
    Closed,
}

struct Inner {
    jobs: VecDeque<Job>,
    readings: usize,
    /// Readings in the hot part.
    hot: usize,
    /// True when nobody makes room in the hot part.
    stuck: bool,
    closed: bool,
}

/// The queue of a lake.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    room: Condvar,
    work: Condvar,
    most_waiting: usize,
    most_hot: usize,
}

impl Queue {
    pub fn new(most_waiting: usize, most_hot: usize, hot: usize, stuck: bool) -> Self {
        Self {
            inner: Mutex::new(Inner { jobs: VecDeque::new(), readings: 0, hot, stuck, closed: false }),
            room: Condvar::new(),
            work: Condvar::new(),
            most_waiting,
            most_hot,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_room(&self, inner: &Inner, readings: usize) -> Option<NoRoom> {
        if inner.closed {
            Some(NoRoom::Closed)
        } else if inner.hot >= self.most_hot && inner.stuck {
            Some(NoRoom::Behind(inner.hot))
        } else if inner.hot >= self.most_hot || (inner.readings > 0 && inner.readings + readings > self.most_waiting) {
            Some(NoRoom::Full)
        } else {
            None
        }
    }

    /// Queues a batch; waits for room if asked to, else gives it back.
    pub fn push(&self, readings: Vec<Reading>, done: Done, wait: bool) -> Result<(), (NoRoom, Vec<Reading>, Done)> {
        let mut inner = self.lock();
        while let Some(why) = self.no_room(&inner, readings.len()) {
            if why != NoRoom::Full || !wait {
                return Err((why, readings, done));
            }
            inner = self.room.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.readings += readings.len();
        inner.jobs.push_back(Job::Batch { readings, done });
        // A writer that is at work looks again by itself.
        if inner.jobs.len() == 1 {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Queues the end of the segment; false when the lake is closed.
    pub fn push_end(&self, reply: SyncSender<Result<(), LakeError>>) -> bool {
        let mut inner = self.lock();
        if inner.closed {
            return false;
        }
        inner.jobs.push_back(Job::End { reply });
        self.work.notify_one();
        true
    }

    /// Takes jobs of up to so many readings, at least one; waits for one, for so long at most if that is given.
    pub fn take(&self, most: usize, patience: Option<Duration>) -> Taken {
        let mut inner = self.lock();
        while inner.jobs.is_empty() {
            if inner.closed {
                return Taken::Closed;
            }
            inner = match patience {
                None => self.work.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (inner, waited) =
                        self.work.wait_timeout(inner, patience).unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() && inner.jobs.is_empty() && !inner.closed {
                        return Taken::Idle;
                    }
                    inner
                }
            };
        }
        let (mut jobs, mut readings) = (Vec::new(), 0);
        while let Some(job) = inner.jobs.front() {
            let more = match job {
                Job::Batch { readings, .. } => readings.len(),
                Job::End { .. } => 0,
            };
            if !jobs.is_empty() && readings + more > most {
                break;
            }
            readings += more;
            jobs.extend(inner.jobs.pop_front());
        }
        inner.readings -= readings;
        self.room.notify_all();
        Taken::Jobs(jobs)
    }

    /// Says how large the hot part is.
    pub fn set_hot(&self, readings: usize) {
        let mut inner = self.lock();
        if readings < inner.hot {
            self.room.notify_all();
        }
        inner.hot = readings;
    }

    /// Says whether room is being made in the hot part.
    pub fn set_stuck(&self, stuck: bool) {
        self.lock().stuck = stuck;
        self.room.notify_all();
    }

    /// Whether nothing is let in any more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Lets nothing in any more; what is in is still committed.
    pub fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.work.notify_all();
    }

    /// Closes it and takes all that is in, for a writer that ends: nothing of it will be committed.
    pub fn abandon(&self) -> Vec<Job> {
        self.close();
        self.lock().jobs.drain(..).collect()
    }
}
