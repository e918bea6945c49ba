//! Commands on their way to a thread of the store, and the answer on its way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::tx::Tx;

/// Where an answer goes.
pub(crate) enum Reply<T> {
    Async(oneshot::Sender<T>),
    Blocking(mpsc::SyncSender<T>),
}

impl<T> Reply<T> {
    /// Sends the answer; a caller that no longer waits is no fault.
    pub(crate) fn send(self, answer: T) {
        match self {
            Self::Async(sender) => drop(sender.send(answer)),
            Self::Blocking(sender) => drop(sender.send(answer)),
        }
    }
}

/// A command for the writer: run in its savepoint, answered after the commit.
pub(crate) trait Write: Send {
    /// Runs it.
    ///
    /// # Errors
    /// When it failed and its savepoint must be dropped, with what the database said if that was the reason.
    fn run(&mut self, tx: &mut Tx) -> Result<(), Option<StoreError>>;
    /// Answers the caller; `lost` when the transaction was not committed.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

/// A closure as a command for the writer.
pub(crate) struct WriteCommand<F, T, E> {
    pub(crate) run: Option<F>,
    pub(crate) outcome: Option<Result<T, E>>,
    pub(crate) reply: Reply<Result<T, E>>,
}

impl<F, T, E> Write for WriteCommand<F, T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> Result<(), Option<StoreError>> {
        let Some(run) = self.run.take() else { return Err(None) };
        let outcome = guarded(|| run(tx));
        let failure = tx.take_failure();
        let outcome = match (outcome, &failure) {
            (Ok(_), Some(failure)) => Err(failure.clone().into()),
            (outcome, _) => outcome,
        };
        let kept = outcome.is_ok();
        self.outcome = Some(outcome);
        if kept { Ok(()) } else { Err(failure) }
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let outcome = match (lost, self.outcome) {
            (Some(error), Some(Ok(_)) | None) => Err(error.clone().into()),
            (None, None) => Err(StoreError::faulty("a command was answered before it ran").into()),
            (_, Some(outcome)) => outcome,
        };
        self.reply.send(outcome);
    }
}

/// Runs a closure; a panic becomes an error.
pub(crate) fn guarded<T, E: From<StoreError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // Unwind safety: what the closure could leave half done is the transaction, which is dropped.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(StoreError::faulty(format!("a command panicked: {words}")).into())
    })
}
