//! The one writing thread: takes what is queued, runs each command in its savepoint, commits once, then answers.
//!
//! Nothing is answered `Ok` before the commit has returned, which waits for fsync. A command that fails or panics
//! loses its own savepoint only. When the commit fails, every command of the batch is answered with that error.
//! The first command of a batch needs no savepoint: with nothing kept before it, the transaction itself is one.

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
        let (mut stopping, mut any_kept) = (false, false);
        let mut done: Vec<Box<dyn Write>> = Vec::new();
        let mut lost = self.begin().err();
        let mut next = Some(first);
        while let Some(mut command) = next.take() {
            if lost.is_none() {
                match self.run_one(command.as_mut(), any_kept) {
                    Ok(kept) => any_kept |= kept,
                    Err(error) => lost = Some(error),
                }
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

    /// Runs one command and tells whether it is kept; an error means that the whole transaction is gone.
    fn run_one(&mut self, command: &mut dyn Write, any_kept: bool) -> Result<bool, StoreError> {
        let position = self.tx.position();
        if any_kept {
            self.tx.connection().savepoint()?;
        }
        let Err(failure) = command.run(&mut self.tx) else {
            if any_kept {
                self.tx.connection().release()?;
            }
            return Ok(true);
        };
        self.tx.set_position(position);
        if !any_kept {
            // Not a savepoint for it alone: SQLite walks its whole undo list at each statement of a long command.
            self.recover();
            return self.begin().map(|()| false);
        }
        if !self.tx.connection().in_transaction() {
            // SQLite dropped the whole transaction (disk full), or PostgreSQL went away.
            return Err(failure.unwrap_or_else(|| StoreError::unavailable("the database dropped the transaction")));
        }
        self.tx.connection().rollback_to_savepoint().map(|()| false)
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

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use model::{Instant, PackHash};

    use crate::{DatabaseUrl, Store, StoreError, Tx};

    fn pack(number: u8) -> (PackHash, String, Instant) {
        (PackHash::new([number; 32]), "x".repeat(100_000), Instant::from_micros(0))
    }

    fn record(tx: &mut Tx, number: u8) -> Result<bool, StoreError> {
        let (hash, json, at) = pack(number);
        tx.record_pack(&hash, &json, at)
    }

    fn set_max_pages(store: &Store, pages: u32) {
        let set = move |tx: &mut Tx| tx.query(&format!("PRAGMA max_page_count = {pages}"), &[]).map(drop);
        store.write_blocking(set).unwrap();
    }

    #[test]
    fn a_full_disk_refuses_writes_and_goes_on_reading() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(&DatabaseUrl::sqlite(dir.path().join("city.db")), |bytes: &mut [u8]| bytes.fill(1)).unwrap();
        store.migrate().unwrap();
        store.write_blocking(|tx| record(tx, 1)).unwrap();
        set_max_pages(&store, 120);
        for number in 2..6 {
            let refused = store.write_blocking(move |tx| {
                [number, number + 10, number + 20].iter().try_for_each(|n| record(tx, *n).map(drop))
            });
            assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
            assert_eq!(
                refused.unwrap_err().to_string(),
                "there is no room left to store anything: nothing was written"
            );
            assert_eq!(store.read_blocking(crate::Reader::list_packs).unwrap().len(), 1, "all of it or nothing");
        }
        store.write_blocking(|tx| tx.set_consumer_position("small", 1)).unwrap();
        set_max_pages(&store, 1_000_000);
        store.write_blocking(|tx| record(tx, 2)).unwrap();
        assert_eq!(store.read_blocking(crate::Reader::list_packs).unwrap().len(), 2);
    }

    /// Waits for a write that is under way.
    fn outcome<T>(mut write: Pin<&mut impl Future<Output = T>>) -> T {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(outcome) = write.as_mut().poll(&mut context) {
                return outcome;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_dropped_transaction_is_told_to_every_command_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(&DatabaseUrl::sqlite(dir.path().join("city.db")), |bytes: &mut [u8]| bytes.fill(1)).unwrap();
        store.migrate().unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let mut context = Context::from_waker(Waker::noop());
        // Polling a write once puts it in the queue. While the first command runs, the two others make the next batch.
        let mut holds = pin!(store.write(move |_| held.recv().map_err(|_| StoreError::Closed)));
        assert!(holds.as_mut().poll(&mut context).is_pending());
        let mut kept = pin!(store.write(|tx| tx.set_consumer_position("kept", 1)));
        assert!(kept.as_mut().poll(&mut context).is_pending());
        let mut breaks = pin!(store.write(|tx| {
            // What SQLite does by itself after some I/O errors.
            tx.connection().rollback();
            Err::<(), _>(StoreError::NotFound { what: "disk", id: String::new() })
        }));
        assert!(breaks.as_mut().poll(&mut context).is_pending());
        release.send(()).unwrap();
        assert!(matches!(outcome(holds), Ok(()) | Err(StoreError::Unavailable { .. })), "alone, or in the same batch");
        assert!(matches!(outcome(kept), Err(StoreError::Unavailable { .. })));
        assert!(matches!(outcome(breaks), Err(StoreError::NotFound { .. })));
        assert_eq!(store.read_blocking(|reader| reader.consumer_position("kept")).unwrap(), 0);
        store.write_blocking(|tx| tx.set_consumer_position("kept", 2)).unwrap();
        assert_eq!(store.read_blocking(|reader| reader.consumer_position("kept")).unwrap(), 2);
    }
}
