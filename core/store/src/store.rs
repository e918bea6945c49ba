//! The handle everybody holds: opens the database, hands commands to its threads, tells what was committed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::{oneshot, watch};

use crate::command::{Reply, WriteCommand, guarded};
use crate::connect::{Connector, Link};
use crate::entropy::Entropy;
use crate::error::{OpenError, StoreError};
use crate::keeper::{Keeper, WalPressure};
use crate::tx::{Reader, Tx};
use crate::url::DatabaseUrl;
use crate::writer::{self, Writer};
use crate::{migrate, readers};

/// Writes that may wait. At 2 000 writes a second the last one waits 2 s; more is refused as busy.
const WRITES_WAITING: usize = 4_096;
/// Reads that may wait.
const READS_WAITING: usize = 1_024;
/// Reading threads: SQLite reads are short and in memory, more threads than this only fight for the cores.
const READERS: usize = 4;

/// The database of a city. Cheap to clone; all clones share the threads.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    url: DatabaseUrl,
    writes: SyncSender<writer::Message>,
    reads: SyncSender<readers::Message>,
    depth: Arc<AtomicUsize>,
    positions: watch::Sender<i64>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
    shred: Arc<AtomicBool>,
    // Dropped with the store, which ends the keeper.
    keeper: SyncSender<()>,
}

impl Store {
    /// Opens the database; an SQLite file is made when it is not there. Does not migrate.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be reached or was written by a newer program.
    pub fn open(url: &DatabaseUrl, entropy: impl Entropy + 'static) -> Result<Self, OpenError> {
        let connector = Connector(url.clone());
        let (writes, write_queue) = mpsc::sync_channel(WRITES_WAITING);
        let (reads, read_queue) = mpsc::sync_channel(READS_WAITING);
        let (wake, woken) = mpsc::sync_channel(1);
        let (positions, _) = watch::channel(0);
        let depth = Arc::new(AtomicUsize::new(0));
        let (opened, wait_opened) = mpsc::sync_channel(1);
        let writer = {
            let (connector, positions, depth) = (connector.clone(), positions.clone(), Arc::clone(&depth));
            let pressure = WalPressure::new(wake.clone());
            // The connection is made on its own thread: the PostgreSQL driver must not run inside an async one.
            spawn("store-writer", move || match prepare(&connector, entropy, &pressure) {
                Ok(mut tx) => {
                    let last = tx.last_position().unwrap_or(0);
                    tx.take_failure();
                    positions.send_replace(last);
                    drop(opened.send(Ok(())));
                    Writer { tx, link: Link::new(connector, false), queue: write_queue, positions, pressure, depth }
                        .run();
                }
                Err(error) => drop(opened.send(Err(error))),
            })
        };
        wait_opened.recv().unwrap_or(Err(OpenError::Store(StoreError::Closed)))?;
        let read_queue = Arc::new(Mutex::new(read_queue));
        let mut threads = vec![writer];
        for _ in 0..READERS {
            let (connector, queue) = (connector.clone(), Arc::clone(&read_queue));
            threads.push(spawn("store-reader", move || readers::run(connector, queue)));
        }
        let shred = Arc::new(AtomicBool::new(false));
        let link = Link::new(connector, true);
        let keeper = Keeper { link, woken, positions: positions.clone(), shred: Arc::clone(&shred) };
        drop(spawn("store-keeper", move || keeper.run()));
        let (url, threads) = (url.clone(), Mutex::new(threads));
        let shared = Shared { url, writes, reads, depth, positions, threads, shred, keeper: wake };
        Ok(Self(Arc::new(shared)))
    }

    /// Empties the write-ahead log as soon as no reader needs it: what was erased is in no old page there. SQLite only;
    /// returns at once, and is tried until it is done.
    pub fn shred_log(&self) {
        self.0.shred.store(true, Ordering::Release);
        // A full channel means that the keeper is awake already.
        let _ = self.0.keeper.try_send(());
    }

    /// Brings the database to this program's version; doing it twice changes nothing.
    ///
    /// # Errors
    /// [`OpenError`] when the database is newer or foreign, or a migration fails; then none of it is kept.
    pub fn migrate(&self) -> Result<Migrated, OpenError> {
        self.write_blocking(migrate::run)
    }

    /// Runs a command in a transaction and answers when it is durable.
    ///
    /// # Errors
    /// The closure's own error, or a [`StoreError`] when the transaction could not be kept.
    pub async fn write<T, E, F>(&self, command: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let command = WriteCommand { run: Some(command), outcome: None, reply: Reply::Async(reply) };
        self.0.depth.fetch_add(1, Ordering::Relaxed);
        if let Err(refused) = self.0.writes.try_send(writer::Message::Command(Box::new(command))) {
            self.0.depth.fetch_sub(1, Ordering::Relaxed);
            return Err(refusal(&refused, WRITES_WAITING).into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// As [`Store::write`], holding the calling thread; waits while the queue is full.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, E, F>(&self, command: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = mpsc::sync_channel(1);
        let command = WriteCommand { run: Some(command), outcome: None, reply: Reply::Blocking(reply) };
        self.0.depth.fetch_add(1, Ordering::Relaxed);
        if self.0.writes.send(writer::Message::Command(Box::new(command))).is_err() {
            self.0.depth.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::Closed.into());
        }
        answer.recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Runs a query over one state of the database.
    ///
    /// # Errors
    /// The closure's own error, or a [`StoreError`] when no reader could be had.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&mut Reader) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let read = reading(query, Reply::Async(reply));
        if let Err(refused) = self.0.reads.try_send(readers::Message::Read(read)) {
            return Err(refusal(&refused, READS_WAITING).into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// As [`Store::read`], holding the calling thread; waits while the queue is full.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&mut Reader) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = mpsc::sync_channel(1);
        let read = reading(query, Reply::Blocking(reply));
        if self.0.reads.send(readers::Message::Read(read)).is_err() {
            return Err(StoreError::Closed.into());
        }
        answer.recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Tells the position of the last committed event whenever it grows, also when another process wrote it.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.positions.subscribe()
    }

    /// Writes that wait or run at present.
    pub fn writes_waiting(&self) -> usize {
        self.0.depth.load(Ordering::Relaxed)
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// Finishes what is queued and ends the threads; later commands are answered [`StoreError::Closed`].
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        drop(self.0.writes.send(writer::Message::Stop));
        for _ in 1..threads.len() {
            drop(self.0.reads.send(readers::Message::Stop));
        }
        for thread in threads {
            drop(thread.join());
        }
    }
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The version before.
    pub from: i64,
    /// The version now.
    pub to: i64,
}

fn prepare(connector: &Connector, entropy: impl Entropy + 'static, pressure: &WalPressure) -> Result<Tx, OpenError> {
    let mut connection = connector.open_writer()?;
    pressure.watch(&mut connection)?;
    let mut tx = Tx::new(connection, Box::new(entropy));
    // Within the writing transaction: replicas that start together take turns.
    tx.connection().begin_write()?;
    migrate::check(&mut tx)?;
    tx.connection().commit()?;
    Ok(tx)
}

fn reading<T, E, F>(query: F, reply: Reply<Result<T, E>>) -> readers::Read
where
    F: FnOnce(&mut Reader) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |reader| {
        reply.send(match reader {
            Ok(reader) => guarded(|| query(reader)),
            Err(error) => Err(error.into()),
        });
    })
}

fn refusal<T>(error: &TrySendError<T>, limit: usize) -> StoreError {
    match error {
        TrySendError::Full(_) => StoreError::Busy { limit },
        TrySendError::Disconnected(_) => StoreError::Closed,
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .expect("the operating system gives a handful of threads at start")
}
