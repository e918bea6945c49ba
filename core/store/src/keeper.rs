//! The keeping thread: copies the write-ahead log back without stalling writes, and sees events of other processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use tokio::sync::watch;

use crate::connect::{Connector, Link};
use crate::db::Connection;
use crate::error::StoreError;

/// How often the log is looked at for events written by another process (a replica, an import).
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Pages of log after which the keeper copies them back: 4 MiB.
const CHECKPOINT_PAGES: i64 = 1_000;
/// Pages of log after which the writer helps: 64 MiB.
const URGENT_PAGES: i64 = 16_000;

/// How many pages the write-ahead log holds (always 0 on PostgreSQL), and the bell that wakes the keeper.
pub(crate) struct WalPressure {
    pages: Arc<AtomicI64>,
    wake: SyncSender<()>,
}

impl WalPressure {
    pub(crate) fn new(wake: SyncSender<()>) -> Self {
        Self { pages: Arc::default(), wake }
    }

    pub(crate) fn is_urgent(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= URGENT_PAGES
    }

    /// Counts the log's pages at every commit of this connection, and wakes the keeper when they are many.
    pub(crate) fn watch(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let Connection::Sqlite(connection) = connection else { return Ok(()) };
        let (seen, wake) = (Arc::clone(&self.pages), self.wake.clone());
        let mut woken_at = 0;
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            let pages = i64::from(pages);
            seen.store(pages, Ordering::Relaxed);
            if pages < woken_at {
                woken_at = 0;
            }
            if pages >= woken_at + CHECKPOINT_PAGES {
                woken_at = pages;
                // A full channel means that the keeper is awake already.
                let _ = wake.try_send(());
            }
            Ok(())
        };
        connection.inner_mut().wal_hook(Some(hook)).map_err(|error| crate::db::classify(&error))
    }
}

pub(crate) struct Keeper {
    pub(crate) link: Link,
    pub(crate) woken: Receiver<()>,
    pub(crate) positions: watch::Sender<i64>,
    /// Set while the log is to be emptied.
    pub(crate) shred: Arc<AtomicBool>,
}

impl Keeper {
    /// Serves until the store is dropped.
    pub(crate) fn run(mut self) {
        let mut connection: Option<Connection> = None;
        loop {
            let look = match self.woken.recv_timeout(LOOK_EVERY) {
                Ok(()) => false,
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if connection.is_none() {
                connection = self.link.reconnect(Connector::open_keeper).ok();
            }
            let Some(open) = &mut connection else { continue };
            // Failures show where they matter, in reads and writes; here the next round tries again.
            let result = if self.shred.load(Ordering::Acquire) {
                self.empty_log(open)
            } else if look {
                self.look(open)
            } else {
                checkpoint(open)
            };
            if matches!(result, Err(StoreError::Unavailable { .. })) {
                connection = None;
            }
        }
    }

    /// Copies everything back and cuts the log to nothing; waits for readers, so it may have to be tried again.
    fn empty_log(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut is_busy = false;
        if matches!(connection, Connection::Sqlite(_)) {
            is_busy = connection.query_one("PRAGMA wal_checkpoint(TRUNCATE)", &[])?.next::<i64>("busy")? != 0;
        }
        if !is_busy {
            self.shred.store(false, Ordering::Release);
        }
        Ok(())
    }

    fn look(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let position: Option<i64> = connection.query_one(crate::events::LAST_POSITION, &[])?.next("events.position")?;
        self.positions.send_if_modified(|last| {
            let newer = position > Some(*last);
            *last = position.unwrap_or(0).max(*last);
            newer
        });
        Ok(())
    }
}

/// Copies back what no reader still needs; never waits for readers or the writer.
fn checkpoint(connection: &mut Connection) -> Result<(), StoreError> {
    if matches!(connection, Connection::Sqlite(_)) {
        connection.query("PRAGMA wal_checkpoint(PASSIVE)", &[])?;
    }
    Ok(())
}
