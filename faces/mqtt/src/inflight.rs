//! Messages of one client that the platform has not answered yet, in the order they came.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::codec::Qos;
use crate::gate::PublishRefused;
use crate::limits::Taken;

/// What the platform said, or will say.
pub(crate) type Outcome = Result<(), PublishRefused>;

#[derive(Default)]
pub(crate) struct InFlight {
    entries: VecDeque<Entry>,
}

struct Entry {
    work: Work,
    pid: u16,
    qos: Qos,
    _taken: Option<Taken>,
}

enum Work {
    Running(Pin<Box<dyn Future<Output = Outcome> + Send>>),
    Done(Outcome),
}

/// The answer to the oldest message.
#[derive(Debug)]
pub(crate) struct Answer {
    pub pid: u16,
    pub qos: Qos,
    pub outcome: Outcome,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InFlight({})", self.entries.len())
    }
}

impl InFlight {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn push(
        &mut self,
        pid: u16,
        qos: Qos,
        taken: Option<Taken>,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) {
        self.entries.push_back(Entry { work: Work::Running(Box::pin(work)), pid, qos, _taken: taken });
    }

    /// An answer that is known already, and waits for those before it.
    pub fn push_done(&mut self, pid: u16, qos: Qos, outcome: Outcome) {
        self.entries.push_back(Entry { work: Work::Done(outcome), pid, qos, _taken: None });
    }

    /// Ready when the oldest is answered. All are polled, in their order: the window is small, and each goes on by
    /// itself.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for entry in &mut self.entries {
            if let Work::Running(future) = &mut entry.work
                && let Poll::Ready(outcome) = future.as_mut().poll(context)
            {
                entry.work = Work::Done(outcome);
            }
        }
        match self.entries.front() {
            Some(Entry { work: Work::Done(_), .. }) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    /// The oldest, when it is answered.
    pub fn pop(&mut self) -> Option<Answer> {
        if !matches!(self.entries.front()?.work, Work::Done(_)) {
            return None;
        }
        let Entry { work, pid, qos, .. } = self.entries.pop_front()?;
        match work {
            Work::Done(outcome) => Some(Answer { pid, qos, outcome }),
            Work::Running(_) => None,
        }
    }
}
