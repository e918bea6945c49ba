//! The reading threads: each has its own connection, each read sees one state of the database.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use crate::connect::{Connector, Link};
use crate::db::Connection;
use crate::error::StoreError;
use crate::tx::Reader;

/// A read: gets a reader within a transaction, or why there is none, and answers its caller itself.
pub(crate) type Read = Box<dyn FnOnce(Result<&mut Reader, StoreError>) + Send>;

/// What the queue carries.
pub(crate) enum Message {
    Read(Read),
    Stop,
}

/// Serves reads until the queue is closed.
pub(crate) fn run(connector: Connector, queue: Arc<Mutex<Receiver<Message>>>) {
    let mut link = Link::new(connector, true);
    let mut reader: Option<Reader> = None;
    loop {
        // Whoever holds the lock waits for the next read, the others wait for the lock.
        let message = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Message::Read(read)) = message else { return };
        match begin(&mut link, &mut reader) {
            Ok(()) => serve(&mut reader, read),
            Err(error) => read(Err(error)),
        }
    }
}

/// Begins a read, over a new connection when the old one is gone.
fn begin(link: &mut Link, reader: &mut Option<Reader>) -> Result<(), StoreError> {
    if let Some(open) = reader {
        if begin_on(open).is_ok() {
            return Ok(());
        }
        *reader = None;
    }
    let open = reader.insert(Reader::new(link.reconnect(Connector::open_reader)?));
    begin_on(open)
}

fn begin_on(reader: &mut Reader) -> Result<(), StoreError> {
    if let Connection::Sqlite(connection) = reader.connection() {
        connection.start_limit();
    }
    reader.connection().begin_read()
}

fn serve(reader: &mut Option<Reader>, read: Read) {
    let Some(open) = reader else { return };
    read(Ok(open));
    let failed = open.take_failure().is_some();
    if let Connection::Sqlite(connection) = open.connection() {
        // Otherwise the ROLLBACK of a read that took too long would be interrupted as well.
        connection.start_limit();
    }
    let ended = if failed { open.connection().rollback() } else { open.connection().commit().is_ok() };
    if !ended {
        *reader = None;
    }
}
