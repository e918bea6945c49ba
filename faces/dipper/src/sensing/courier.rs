//! Commands on their way: handed to the connections of devices until they have them, and what devices answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use act::control::{self, Answer, ControlError};
use act::scenes::{self, Following};
use bytes::Bytes;
use coap::Server;
use model::{DeviceId, EventId, Instant};
use mqtt::{Notice, Qos};
use store::DeviceCommandRow;
use tokio::sync::{mpsc, watch};

use super::coap::CoapGate;
use super::updates::Updates;

/// Looks this often for commands that are to be sent again or have expired, and for scenes that are planned. New commands
/// wake it.
const COMMANDS_EVERY: Duration = Duration::from_secs(2);
/// However much is written down in the city, it looks no more often than this.
const LOOKS_APART: Duration = Duration::from_millis(50);
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
        let id = answer.id;
        match control::answered(&self.ctx, device.clone(), answer).await {
            Ok(_) => Ok(()),
            Err(ControlError::Store(error)) => {
                tracing::error!(%device, %error, "what a device answered could not be written down");
                Err(AnswerError::Later)
            }
            Err(ControlError::Unknown) => Err(AnswerError::Refused(format!("the device was told no command {id}"))),
            Err(error) => Err(AnswerError::Refused(error.to_string())),
        }
    }

    /// Carries until the program stops.
    pub async fn run(
        self: Arc<Self>,
        carriers: Carriers,
        mut heard: mpsc::UnboundedReceiver<EventId>,
        leads: watch::Receiver<bool>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let (mut commands, mut plans) = (tokio::time::interval(COMMANDS_EVERY), tokio::time::interval(SCENES_EVERY));
        // A command is written down together with a record, which has a position.
        let mut positions = self.ctx.store.subscribe();
        let mut look_at = tokio::time::Instant::now();
        let mut following = Following::default();
        loop {
            // Scenes are run by one of several processes: the one that judges. It begins with what is written down.
            let is_ours = *leads.borrow();
            if !is_ours {
                following = Following::default();
            }
            let woken = async {
                let changed = positions.changed().await;
                tokio::time::sleep_until(look_at).await;
                changed
            };
            let done = tokio::select! {
                Ok(()) = woken => {
                    look_at = tokio::time::Instant::now() + LOOKS_APART;
                    self.send_due(&carriers).await
                }
                Some(id) = heard.recv() => control::received(&self.ctx, id).await.map(drop),
                _ = commands.tick() => {
                    if is_ours {
                        self.follow(&mut following).await;
                    }
                    self.send_due(&carriers).await
                }
                _ = plans.tick() => {
                    if is_ours {
                        self.run_scenes().await;
                    }
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

    /// Scenes that follow what is measured, after those that are planned.
    async fn follow(&self, following: &mut Following) {
        match following.follow(&self.ctx).await {
            Ok(runs) => {
                for run in runs {
                    let (turn, counter) =
                        (run.turn.map(store::SceneTurn::as_str), run.counter.as_ref().map(tracing::field::display));
                    tracing::info!(scene = %run.scene, turn, counter, devices = run.devices, "a scene follows what is counted");
                }
            }
            Err(error) => {
                tracing::error!(%error, "a scene could not follow what is counted; the next round tries again")
            }
        }
    }

    async fn send_due(&self, carriers: &Carriers) -> Result<(), ControlError> {
        let (due, now) = (control::due(&self.ctx).await?, self.ctx.clock.now());
        let mut sent = Vec::new();
        for row in due {
            if self.send(carriers, &row, now).await {
                sent.push(row.id);
            }
        }
        if sent.is_empty() { Ok(()) } else { control::sent(&self.ctx, sent).await }
    }

    /// The oldest command that waits for a device which asks for one and does not stay; it counts as sent.
    ///
    /// # Errors
    /// [`AnswerError::Later`].
    pub async fn next(&self, device: &DeviceId) -> Result<Option<(Bytes, u64)>, AnswerError> {
        let next = async {
            let Some(row) = control::next_for(&self.ctx, device.clone()).await? else { return Ok(None) };
            control::sent(&self.ctx, vec![row.id]).await?;
            Ok::<_, ControlError>(Some(row))
        };
        match next.await {
            Ok(row) => Ok(row.map(|row| (control::message(&row).into(), self.tickets().give(row.id)))),
            Err(error) => {
                tracing::error!(%device, %error, "a command could not be given out");
                Err(AnswerError::Later)
            }
        }
    }

    /// True when a connection, or the session of a device that is away for a moment, has it.
    async fn send(&self, carriers: &Carriers, row: &DeviceCommandRow, now: Instant) -> bool {
        let left = u64::try_from(row.expires_at.micros_since(now)).unwrap_or_default();
        let ticket = self.tickets().give(row.id);
        let payload = Bytes::from(control::message(row));
        let notice = Notice {
            topic: format!("devices/{}/commands", row.device).into(),
            payload: payload.clone(),
            qos: Qos::AtLeastOnce,
            retain: false,
            expiry: Some(Duration::from_micros(left)),
            ticket: Some(ticket),
            properties: None,
        };
        let by_mqtt = carriers.mqtt.as_ref().and_then(|updates| updates.broker.publish(notice).ok());
        let mut is_sent = by_mqtt.is_some_and(|handed| handed.queued > 0);
        if let Some(updates) = &carriers.mqtt {
            is_sent |= updates.tell_task(row, Duration::from_micros(left), ticket) > 0;
        }
        if let Some(server) = &carriers.coap {
            let by_coap = server.publish(&row.device, payload, ticket).await;
            is_sent |= by_coap.is_ok_and(|handed| handed.queued > 0);
        }
        if !is_sent {
            self.tickets().held.remove(&ticket);
        }
        is_sent
    }

    fn tickets(&self) -> std::sync::MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ways on which commands reach devices.
pub struct Carriers {
    /// The broker, where there is one.
    pub mqtt: Option<Arc<Updates>>,
    /// The gateway for CoAP, where there is one.
    pub coap: Option<Arc<Server<CoapGate>>>,
}

/// Why an answer of a device was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// It will be refused again.
    Refused(String),
    /// It cannot be written down now.
    Later,
}
