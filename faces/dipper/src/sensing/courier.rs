//! Commands on their way: handed to the connections of devices until they have them, and what devices answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use act::control::{self, Answer, ControlError};
use act::scenes;
use model::{DeviceId, EventId, Instant};
use mqtt::{Broker, Notice, Qos};
use store::DeviceCommandRow;
use tokio::sync::{mpsc, watch};

use super::gate::DeviceGate;

/// Looks this often for commands that are due, and for scenes that are planned.
const COMMANDS_EVERY: Duration = Duration::from_millis(500);
const SCENES_EVERY: Duration = Duration::from_secs(10);

/// Commands under way whose tickets are remembered. An older one is acknowledged by what its device answers.
const TICKETS_MAX: usize = 100_000;

/// Carries commands to devices and their answers back.
pub struct Courier {
    ctx: act::Context,
    tickets: Mutex<Tickets>,
    delivered: mpsc::UnboundedSender<EventId>,
}

#[derive(Default)]
struct Tickets {
    last: u64,
    held: BTreeMap<u64, EventId>,
}

impl Tickets {
    fn give(&mut self, id: EventId) -> u64 {
        self.last += 1;
        self.held.insert(self.last, id);
        if self.held.len() > TICKETS_MAX {
            self.held.pop_first();
        }
        self.last
    }
}

impl Courier {
    /// A courier, and where it is told of what devices have.
    pub fn new(ctx: act::Context) -> (Self, mpsc::UnboundedReceiver<EventId>) {
        let (delivered, heard) = mpsc::unbounded_channel();
        (Self { ctx, tickets: Mutex::default(), delivered }, heard)
    }

    /// A device acknowledged what was sent with a ticket.
    pub fn delivered(&self, ticket: u64) {
        if let Some(id) = self.tickets().held.remove(&ticket) {
            // Nobody listens any more when the program stops: it is sent again.
            let _ = self.delivered.send(id);
        }
    }

    /// A device says what became of a command.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub async fn answered(&self, device: &DeviceId, bytes: &[u8]) -> Result<(), AnswerError> {
        let answer = Answer::parse(bytes).map_err(AnswerError::Refused)?;
        match control::answered(&self.ctx, device.clone(), answer).await {
            Ok(_) => Ok(()),
            Err(ControlError::Store(error)) => {
                tracing::error!(%device, %error, "what a device answered could not be written down");
                Err(AnswerError::Later)
            }
            Err(error) => Err(AnswerError::Refused(error.to_string())),
        }
    }

    /// Carries until the program stops.
    pub async fn run(
        self: Arc<Self>,
        broker: Option<Arc<Broker<DeviceGate>>>,
        mut heard: mpsc::UnboundedReceiver<EventId>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let (mut commands, mut plans) = (tokio::time::interval(COMMANDS_EVERY), tokio::time::interval(SCENES_EVERY));
        loop {
            let done = tokio::select! {
                Some(id) = heard.recv() => control::received(&self.ctx, id).await.map(drop),
                _ = commands.tick() => self.send_due(broker.as_deref()).await,
                _ = plans.tick() => {
                    self.run_scenes().await;
                    Ok(())
                }
                // What it answers holds a lock, which must not be held while others wait.
                () = async { drop(stopping.wait_for(|stop| *stop).await) } => return,
            };
            if let Err(error) = done {
                tracing::error!(%error, "commands could not be carried; the next round tries again");
            }
        }
    }

    async fn run_scenes(&self) {
        let compiled = self.ctx.packs.current();
        match scenes::run_due(&self.ctx, &compiled.city).await {
            Ok(runs) => {
                for run in runs {
                    tracing::info!(scene = %run.scene, devices = run.devices, "a scene that was planned is run");
                }
            }
            Err(error) => tracing::error!(%error, "a scene could not be run; the next round tries again"),
        }
    }

    async fn send_due(&self, broker: Option<&Broker<DeviceGate>>) -> Result<(), ControlError> {
        let (due, now) = (control::due(&self.ctx).await?, self.ctx.clock.now());
        let Some(broker) = broker else { return Ok(()) };
        let sent: Vec<_> = due.iter().filter(|row| self.send(broker, row, now)).map(|row| row.id).collect();
        if sent.is_empty() { Ok(()) } else { control::sent(&self.ctx, sent).await }
    }

    /// True when a connection, or the session of a device that is away for a moment, has it.
    fn send(&self, broker: &Broker<DeviceGate>, row: &DeviceCommandRow, now: Instant) -> bool {
        let left = u64::try_from(row.expires_at.micros_since(now)).unwrap_or_default();
        let ticket = self.tickets().give(row.id);
        let notice = Notice {
            topic: format!("devices/{}/commands", row.device).into(),
            payload: control::message(row).into(),
            qos: Qos::AtLeastOnce,
            retain: false,
            expiry: Some(Duration::from_micros(left)),
            ticket: Some(ticket),
            properties: None,
        };
        let is_sent = broker.publish(notice).is_ok_and(|handed| handed.queued > 0);
        if !is_sent {
            self.tickets().held.remove(&ticket);
        }
        is_sent
    }

    fn tickets(&self) -> std::sync::MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an answer of a device was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// It will be refused again.
    Refused(String),
    /// It cannot be written down now.
    Later,
}
