//! The door for messages of devices, whichever way they came: judged, kept, told on, acknowledged.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use model::{DeviceId, DeviceLabel, Instant, PartyId, PropertyId, Reading, SeriesNo};
use store::{DeviceRow, Reader, SeriesRow, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::fleet::{Fleet, Member, Refused};
use super::payload::{FaultKind, Format, PayloadError};
use super::{Lake, LakeRefusal};
use crate::Context;
use crate::devices::{self, DeviceChange, DeviceError};

/// Most changes of the register that are taken in at a time.
const CHANGES_MAX: u32 = 1_000;

/// Readings wait so long for room in the lake before they are refused.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// How often they ask again: soon at first.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Readings of a device that are on the disk.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The device as it was when they came.
    pub member: Arc<Member>,
    /// What it measured.
    pub readings: Vec<Reading>,
}

/// What whoever listens is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// Readings are on the disk.
    Kept(Kept),
    /// A device changed, or is new.
    Changed(Arc<Member>),
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IntakeError {
    /// It cannot be read. It will be refused again.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// It was one unreadable message too many: the device is shut out from now on.
    #[error("{0}; that was one too many, the device is quarantined")]
    ShutOut(PayloadError),
    /// The device was shut out or retired since it connected.
    #[error("the device may not speak any more")]
    Gone,
    /// It cannot be kept now.
    #[error(transparent)]
    Lake(#[from] LakeRefusal),
}

/// The door for messages of devices.
pub struct Intake {
    /// What the use-cases need.
    pub ctx: Context,
    /// Every device.
    pub fleet: Arc<Fleet>,
    /// Where readings are kept.
    pub lake: Arc<dyn Lake>,
    /// Who is told. While too many wait there, the door waits too: what is behind slows down what is before.
    pub told: mpsc::Sender<Told>,
    /// Where devices reach the city over MQTT in the clear; set once it listens.
    pub mqtt_port: OnceLock<u16>,
}

impl Intake {
    /// Takes a message of a device. It may be acknowledged when this answers with `Ok`: what it holds is on the disk then.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn take(&self, device: &DeviceId, format: Format, bytes: &[u8]) -> Result<usize, IntakeError> {
        let member = self.fleet.find(device).filter(|member| member.may_speak()).ok_or(IntakeError::Gone)?;
        let now = self.ctx.clock.now();
        if self.count(&member).await {
            return Err(IntakeError::Gone);
        }
        let readings = match member.read(format, bytes, now) {
            Ok(readings) => readings,
            Err(fault) => {
                let is_shut_out = self.blame(&member.row.id, fault.kind(), fault.to_string()).await;
                return Err(if is_shut_out { IntakeError::ShutOut(fault) } else { fault.into() });
            }
        };
        self.keep(member, readings).await
    }

    /// Takes readings of a device that were read already, by [`Member::read`]. They may be acknowledged when this answers
    /// with `Ok`.
    ///
    /// # Errors
    /// [`IntakeError::Lake`].
    pub async fn keep(&self, member: Arc<Member>, readings: Vec<Reading>) -> Result<usize, IntakeError> {
        self.append(&readings).await?;
        let count = readings.len();
        if !self.lake.tells() {
            self.tell(Told::Kept(Kept { member, readings })).await;
        }
        Ok(count)
    }

    /// Answers when readings are on the disk. While the lake has no room they wait at the door, and whoever sent them with them:
    /// a device that had to connect anew would only send more.
    async fn append(&self, readings: &[Reading]) -> Result<(), LakeRefusal> {
        let (mut pause, mut waited) = (PAUSE_MIN, Duration::ZERO);
        loop {
            let (told, answer) = oneshot::channel();
            let done = move |result| {
                // Whoever asked may be gone.
                let _ = told.send(result);
            };
            self.lake.append(readings.to_vec(), Box::new(done));
            match answer.await.unwrap_or(Err(LakeRefusal::Stopping)) {
                Err(LakeRefusal::Busy) if waited < WAIT_MAX => {
                    tokio::time::sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                answer => return answer,
            }
        }
    }

    /// Counts a message of a device, whether or not it is taken; the device that floods is shut out, and the answer is true.
    pub async fn count(&self, member: &Member) -> bool {
        let Some(words) = self.fleet.count(member, self.ctx.clock.now()) else { return false };
        self.shut_out(&member.row.id, words).await;
        true
    }

    /// Notes a message that cannot be taken; the device that sends too many of them is shut out. True when this was the last.
    pub async fn blame(&self, id: &DeviceId, kind: FaultKind, words: String) -> bool {
        tracing::debug!(device = %id, fault = words, "a message of a device was refused");
        if !self.fleet.blame(id, kind, words.clone(), self.ctx.clock.now()) {
            return false;
        }
        self.shut_out(id, words).await;
        true
    }

    async fn shut_out(&self, id: &DeviceId, words: String) {
        let reason: String = words.chars().filter(|one| !one.is_control()).take(200).collect();
        match self.change(None, id.clone(), DeviceChange::Quarantine(reason)).await {
            Ok(_) => tracing::warn!(device = %id, fault = words, "a device is quarantined"),
            Err(error) => tracing::error!(device = %id, %error, "a device could not be quarantined"),
        }
    }

    /// Changes a device, and lets everybody know.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn change(
        &self,
        by: Option<PartyId>,
        id: DeviceId,
        change: DeviceChange,
    ) -> Result<Arc<Member>, DeviceError> {
        let row = devices::change(&self.ctx, by, id, change).await?;
        self.put(row).await
    }

    /// Lets a device in by its name and password, as [`Fleet::admit`]; a wrong password is noted.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit(&self, name: &str, secret: &str) -> Result<(Arc<Member>, bool), Refused> {
        let admitted = self.fleet.admit(name, secret);
        if matches!(admitted, Err(Refused::Credentials)) {
            self.fleet.note_wrong_password(name, self.ctx.clock.now());
        }
        admitted
    }

    /// Writes down that a device was put up, moves it there, and lets everybody know.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn install(&self, by: PartyId, new: devices::Installation) -> Result<Arc<Member>, DeviceError> {
        let row = devices::install(&self.ctx, by, new).await?;
        self.put(row).await
    }

    /// Gives devices labels and takes others from them, and lets everybody know. How many devices changed.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn label(
        &self,
        by: PartyId,
        ids: Vec<DeviceId>,
        add: Vec<DeviceLabel>,
        remove: Vec<DeviceLabel>,
    ) -> Result<usize, DeviceError> {
        let rows = devices::label(&self.ctx, by, ids, add, remove).await?;
        let count = rows.len();
        for row in rows {
            self.put(row).await?;
        }
        Ok(count)
    }

    async fn tell(&self, told: Told) {
        // Nobody listens any more when the program stops; what is on the disk is read again.
        let _ = self.told.send(told).await;
    }

    /// Takes in what others changed in the register since an instant: the command line, another process. Answers with how
    /// far the changes have been seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh(&self, since: Instant) -> Result<Instant, StoreError> {
        let read = move |db: &mut Reader| {
            let rows = db.list_devices_changed(since, CHANGES_MAX)?;
            let with_series = |row: DeviceRow| Ok((db.list_series_of(&row.id)?, row));
            rows.into_iter().map(with_series).collect::<Result<Vec<_>, StoreError>>()
        };
        let (mut seen, compiled) = (since, self.ctx.packs.current());
        for (series, row) in self.ctx.store.read(read).await? {
            seen = seen.max(row.changed_at);
            if self.fleet.find(&row.id).is_some_and(|known| known.row == row) {
                continue;
            }
            if let Some(member) = self.fleet.put(&compiled, row, series) {
                self.tell(Told::Changed(member)).await;
            }
        }
        Ok(seen)
    }

    /// Takes a device in as the register has it now.
    async fn put(&self, row: DeviceRow) -> Result<Arc<Member>, DeviceError> {
        let id = row.id.clone();
        let read = {
            let id = id.clone();
            move |db: &mut Reader| db.list_series_of(&id)
        };
        let series = self.ctx.store.read(read).await?;
        let member = self.fleet.put(&self.ctx.packs.current(), row, series).ok_or(DeviceError::Unknown(id))?;
        self.tell(Told::Changed(Arc::clone(&member))).await;
        Ok(member)
    }

    /// Registers a device, and lets everybody know.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn register(
        &self,
        by: Option<PartyId>,
        new: devices::NewDevice,
    ) -> Result<devices::Registered, DeviceError> {
        let registered = devices::register(&self.ctx, by, new).await?;
        let of = |(property, series): &(PropertyId, SeriesNo)| SeriesRow {
            series: *series,
            device: registered.device.id.clone(),
            property: property.clone(),
        };
        let series = registered.series.iter().map(of).collect();
        if let Some(member) = self.fleet.put(&self.ctx.packs.current(), registered.device.clone(), series) {
            self.tell(Told::Changed(member)).await;
        }
        Ok(registered)
    }

    /// Gives a device a new secret beside the one it has.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn change_secret(&self, by: Option<PartyId>, id: DeviceId) -> Result<identity::Secret, DeviceError> {
        let (row, secret) = devices::change_secret(&self.ctx, by, id).await?;
        self.put(row).await?;
        Ok(secret)
    }

    /// A device came with its new secret: the old one ends.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn take_over_secret(&self, id: DeviceId) -> Result<(), DeviceError> {
        if let Some(row) = devices::take_over_secret(&self.ctx, id).await? {
            self.put(row).await?;
        }
        Ok(())
    }
}
