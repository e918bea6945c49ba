//! The one writing thread: takes what is queued, runs each command in its savepoint, commits once, then answers.
//!
//! Nothing is answered `Ok` before the commit has returned, which waits for fsync. A command that fails or panics
//! loses its own savepoint only. When the commit fails, every command of the batch is answered with that error.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant as Monotonic};

use tokio::sync::watch;

use crate::command::Write;
use crate::connect::{Connector, Link};
use crate::error::StoreError;
use crate::keeper::WalPressure;
use crate::tx::Tx;

/// Most commands in one commit.
const BATCH_MAX: usize = 256;

/// No command joins a batch that has run this long: the first one waits for all of them.
const BATCH_TIME: Duration = Duration::from_millis(5);

/// What the queue carries.
pub(crate) enum Message {
    Command(Box<dyn Write>),
    Stop,
}

pub(crate) struct Writer {
    pub(crate) tx: Tx,
    pub(crate) link: Link,
    pub(crate) queue: Receiver<Message>,
    pub(crate) positions: watch::Sender<i64>,
    pub(crate) pressure: WalPressure,
    pub(crate) depth: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Writer {
    /// Serves until the queue is closed.
    pub(crate) fn run(mut self) {
        while let Ok(Message::Command(first)) = self.queue.recv() {
            let stopping = self.run_batch(first);
            if self.pressure.is_urgent() {
                // The keeper fell behind. Without a writer at work this pass reaches the end, so the log begins anew.
                drop(self.tx.connection().query("PRAGMA wal_checkpoint(PASSIVE)", &[]));
            }
            if stopping {
                return;
            }
        }
    }

    /// Runs the command and what is queued behind it; true when the queue asked to stop.
    fn run_batch(&mut self, first: Box<dyn Write>) -> bool {
        let began = Monotonic::now();
        let mut stopping = false;
        let mut done: Vec<Box<dyn Write>> = Vec::new();
        let mut lost = self.begin().err();
        let mut next = Some(first);
        while let Some(mut command) = next.take() {
            if lost.is_none() {
                lost = self.run_one(command.as_mut()).err();
            }
            done.push(command);
            if lost.is_some() || done.len() >= BATCH_MAX || began.elapsed() >= BATCH_TIME {
                break;
            }
            match self.queue.try_recv() {
                Ok(Message::Command(command)) => next = Some(command),
                Ok(Message::Stop) | Err(TryRecvError::Disconnected) => stopping = true,
                Err(TryRecvError::Empty) => {}
            }
        }
        let lost = match lost {
            None => self.commit().err(),
            lost => lost,
        };
        if lost.is_some() {
            self.recover();
        }
        self.depth.fetch_sub(done.len(), std::sync::atomic::Ordering::Relaxed);
        for command in done {
            command.answer(lost.as_ref());
        }
        stopping
    }

    /// Begins a transaction, over a new connection when the old one is gone.
    fn begin(&mut self) -> Result<(), StoreError> {
        self.tx.set_position(None);
        if !self.link.is_broken() {
            match self.tx.connection().begin_write() {
                Ok(()) => return Ok(()),
                Err(error) if self.tx.connection().rollback() => return Err(error),
                Err(_) => self.link.set_broken(),
            }
        }
        let mut connection = self.link.reconnect(Connector::open_writer)?;
        self.pressure.watch(&mut connection)?;
        self.tx.replace_connection(connection);
        self.tx.connection().begin_write()
    }

    /// Runs one command; an error means that the whole transaction is gone.
    fn run_one(&mut self, command: &mut dyn Write) -> Result<(), StoreError> {
        let position = self.tx.position();
        self.tx.connection().savepoint()?;
        let kept = command.run(&mut self.tx);
        if kept {
            return self.tx.connection().release();
        }
        self.tx.set_position(position);
        if !self.tx.connection().in_transaction() {
            // SQLite dropped the whole transaction (disk full), or PostgreSQL went away.
            return Err(self.probe());
        }
        self.tx.connection().rollback_to_savepoint()
    }

    /// Why the transaction is gone: a small write says it best.
    fn probe(&mut self) -> StoreError {
        match self.tx.connection().begin_write() {
            Err(error) => error,
            Ok(()) => StoreError::Full { cause: crate::error::Cause::new("the database dropped the transaction") },
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.tx.connection().commit()?;
        if let Some(position) = self.tx.position() {
            // Never backwards: the keeper may have seen a later one of another replica.
            self.positions.send_if_modified(|last| {
                let newer = *last < position;
                *last = position.max(*last);
                newer
            });
        }
        Ok(())
    }

    /// Drops the transaction, and the connection when it is of no use any more.
    fn recover(&mut self) {
        self.tx.take_failure();
        if !self.tx.connection().rollback() {
            self.link.set_broken();
        }
    }
}
