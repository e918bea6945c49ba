//! The fleet: every device with its series, in memory, so that a message is judged without asking the database.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use grid::Cell;
use identity::{sha256, token};
use model::{DeviceId, Instant, Reading, SeriesNo};
use pack::{Compiled, DeviceClass};
use store::{DeviceFilter, DeviceRow, DeviceState, SeriesRow, Store, StoreError, Tx};

use super::payload::{FaultKind, Format, PayloadError, parse};

/// Devices read at a time.
const PAGE: u32 = 1_000;

/// Refused messages within [`FAULTS_WITHIN_US`] after which a device is shut out.
const FAULTS_MAX: u32 = 20;

/// Ten minutes.
const FAULTS_WITHIN_US: i64 = 600 * 1_000_000;

/// Over the messages that its class may send in so many minutes running, a device is shut out.
const FLOOD_MINUTES: u32 = 3;
const MINUTE_US: i64 = 60 * 1_000_000;

/// A device as the gateways know it.
#[derive(Debug, Clone)]
pub struct Member {
    /// The device.
    pub row: DeviceRow,
    /// Its class, of the pack in force.
    pub class: Arc<DeviceClass>,
    /// Its series, by the place of the property in the class.
    pub series: Vec<SeriesNo>,
}

/// Whose a series is.
#[derive(Debug, Clone)]
pub struct SeriesOf {
    /// The device.
    pub member: Arc<Member>,
    /// The place of the property in its class.
    pub property: usize,
}

/// Why a device may not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The name or the secret is wrong; which of them is not told.
    #[error("the device's name or password is wrong")]
    Credentials,
    /// It is shut out.
    #[error("the device is quarantined: ask whoever runs it")]
    Quarantined,
    /// It is gone for good.
    #[error("the device is retired")]
    Retired,
}

/// The last message of a device that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// When it came.
    pub at: Instant,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What was wrong with it.
    pub words: String,
}

/// What is known of a device beside the register: gone with the program.
#[derive(Debug, Default)]
struct Health {
    fault: Option<Fault>,
    /// Refused messages since then.
    faults: Option<(Instant, u32)>,
    rate: Rate,
}

/// How much a device sends.
#[derive(Debug, Default)]
struct Rate {
    /// The minute since 1970, and the messages in it.
    minute: (i64, u32),
    /// Minutes before it, running, that had too many.
    over: u32,
}

impl Rate {
    /// Takes a message in; how many the minute has.
    fn count(&mut self, now: Instant, most: u32) -> u32 {
        let minute = now.as_micros().div_euclid(MINUTE_US);
        let (last, count) = self.minute;
        if minute != last {
            let is_running = minute == last + 1 && most < count;
            self.over = if is_running { self.over + 1 } else { 0 };
            self.minute = (minute, 0);
        }
        self.minute.1 = self.minute.1.saturating_add(1);
        self.minute.1
    }
}

#[derive(Default)]
struct Members {
    by_id: HashMap<DeviceId, Arc<Member>>,
    by_series: BTreeMap<SeriesNo, (DeviceId, usize)>,
}

/// Every device.
pub struct Fleet {
    members: RwLock<Members>,
    health: Mutex<HashMap<DeviceId, Health>>,
}

impl Fleet {
    /// Reads the register; properties that a class has come by since get their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn load(store: &Store, compiled: &Compiled) -> Result<Self, StoreError> {
        let fleet = Self { members: RwLock::default(), health: Mutex::default() };
        fleet.reload(store, compiled)?;
        Ok(fleet)
    }

    /// Reads the register anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reload(&self, store: &Store, compiled: &Compiled) -> Result<(), StoreError> {
        let (rows, series) = store.read_blocking(|db| {
            let mut rows: Vec<DeviceRow> = Vec::new();
            loop {
                let after = rows.last().map(|row| row.id.clone());
                let page = db.list_devices(&DeviceFilter { after, ..DeviceFilter::default() }, PAGE)?;
                let is_last = page.len() < PAGE as usize;
                rows.extend(page);
                if is_last {
                    break;
                }
            }
            let mut series: Vec<SeriesRow> = Vec::new();
            loop {
                let page = db.list_series(series.last().map_or(SeriesNo(0), |row| row.series), PAGE)?;
                let is_last = page.len() < PAGE as usize;
                series.extend(page);
                if is_last {
                    return Ok::<_, StoreError>((rows, series));
                }
            }
        })?;
        let mut numbers: HashMap<(DeviceId, String), SeriesNo> =
            series.into_iter().map(|row| ((row.device, row.property.to_string()), row.series)).collect();
        let classes: BTreeMap<_, _> =
            compiled.city.devices.iter().map(|(id, class)| (id.clone(), Arc::new(class.clone()))).collect();
        let mut members = Members::default();
        for row in rows {
            // A class that the pack no longer has: its devices stay in the register and may not speak.
            let Some(class) = classes.get(&row.class) else { continue };
            let series = number_all(store, &row.id, class, &mut numbers)?;
            insert(&mut members, Member { row, class: Arc::clone(class), series });
        }
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = members;
        Ok(())
    }

    /// Takes a device in as it is now; `None` where the pack no longer has its class, or a property of it has no number yet.
    pub fn put(&self, compiled: &Compiled, row: DeviceRow, series: Vec<SeriesRow>) -> Option<Arc<Member>> {
        let class = Arc::new(compiled.city.devices.get(&row.class)?.clone());
        let number =
            |property: &pack::Property| series.iter().find(|row| row.property == property.id).map(|row| row.series);
        let series = class.properties.iter().map(number).collect::<Option<Vec<_>>>()?;
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        Some(insert(&mut members, Member { row, class, series }))
    }

    /// Every device, in the order of their names.
    pub fn list(&self) -> Vec<Arc<Member>> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = members.by_id.values().cloned().collect();
        drop(members);
        all.sort_unstable_by(|one, other| one.row.id.cmp(&other.row.id));
        all
    }

    /// A device by its name.
    pub fn find(&self, id: &DeviceId) -> Option<Arc<Member>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id).cloned()
    }

    /// Whose a series is.
    pub fn of_series(&self, series: SeriesNo) -> Option<SeriesOf> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        let (id, property) = members.by_series.get(&series)?;
        Some(SeriesOf { member: Arc::clone(members.by_id.get(id)?), property: *property })
    }

    /// How many devices there are.
    pub fn len(&self) -> usize {
        self.members.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets a device in by its name and secret. True beside it when it came with its new secret, which then takes the old
    /// one's place.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit(&self, name: &str, secret: &str) -> Result<(Arc<Member>, bool), Refused> {
        self.admit_by_key(name, &hex(sha256(secret)))
    }

    /// The same by the key it has proved to have: see [`Fleet::shared_key`].
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit_by_key(&self, name: &str, given: &str) -> Result<(Arc<Member>, bool), Refused> {
        let member = DeviceId::new(name).ok().and_then(|id| self.find(&id));
        // Both are compared whatever the name: how long it takes says nothing about who is registered.
        let (kept, next) =
            member.as_ref().map_or(([0; 32], None), |member| (member.row.secret, member.row.next_secret));
        let is_kept = token::same(given, &hex(kept));
        let is_next = token::same(given, &hex(next.unwrap_or([0; 32]))) && next.is_some();
        let member = member.filter(|_| is_kept || is_next).ok_or(Refused::Credentials)?;
        match member.row.state {
            DeviceState::Active => Ok((member, is_next)),
            DeviceState::Quarantined => Err(Refused::Quarantined),
            DeviceState::Retired => Err(Refused::Retired),
        }
    }

    /// The key that is shared with a device, for DTLS: the SHA-256 of its secret in lower-case hexadecimal. The identity is
    /// the device's name; `name/next` is the secret that takes the old one's place when it is used first.
    pub fn shared_key(&self, identity: &str) -> Option<String> {
        let next_of = identity.strip_suffix("/next");
        let member = self.find(&DeviceId::new(next_of.unwrap_or(identity)).ok()?)?;
        let next = next_of.and(member.row.next_secret);
        Some(hex(next.unwrap_or(member.row.secret)))
    }

    /// The last message of a device that was refused, since the program began.
    pub fn fault(&self, device: &DeviceId) -> Option<Fault> {
        self.health().get(device)?.fault.clone()
    }

    /// Notes that a message of a device was refused. True when it was one too many: the device is to be shut out.
    pub fn blame(&self, device: &DeviceId, kind: FaultKind, words: String, now: Instant) -> bool {
        let mut health = self.health();
        let known = health.entry(device.clone()).or_default();
        known.fault = Some(Fault { at: now, kind, words });
        let (since, count) =
            known.faults.filter(|(since, _)| now.micros_since(*since) <= FAULTS_WITHIN_US).unwrap_or((now, 0));
        let is_too_many = count + 1 >= FAULTS_MAX;
        known.faults = (!is_too_many).then_some((since, count + 1));
        is_too_many
    }

    /// Counts a message of a device. One that sends more than its class may is named; the words for it where it has done so for
    /// three minutes running: the device is to be shut out.
    pub fn count(&self, member: &Member, now: Instant) -> Option<String> {
        let most = member.class.messages_per_minute?;
        let mut health = self.health();
        if !health.contains_key(&member.row.id) {
            health.insert(member.row.id.clone(), Health::default());
        }
        let known = health.get_mut(&member.row.id)?;
        let count = known.rate.count(now, most);
        if count <= most {
            return None;
        }
        let over = known.rate.over;
        let words =
            format!("it sends more than the {most} messages a minute of its class, in {} minutes running", over + 1);
        let is_too_many = FLOOD_MINUTES <= over + 1;
        // Named once a minute: the words stay the same.
        if count == most + 1 || is_too_many {
            known.fault = Some(Fault { at: now, kind: FaultKind::Flood, words: words.clone() });
        }
        if is_too_many {
            known.rate = Rate::default();
        }
        is_too_many.then_some(words)
    }

    /// Notes that somebody came under a device's name with a wrong password. It is told to who looks at the device and counts
    /// for nothing: anybody can do it.
    pub fn note_wrong_password(&self, name: &str, now: Instant) {
        let Some(member) = DeviceId::new(name).ok().and_then(|id| self.find(&id)) else { return };
        let words = "somebody tried to sign in as this device with a wrong password".to_owned();
        self.health().entry(member.row.id.clone()).or_default().fault =
            Some(Fault { at: now, kind: FaultKind::Credentials, words });
    }

    fn health(&self) -> std::sync::MutexGuard<'_, HashMap<DeviceId, Health>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// Whether its messages are taken.
    pub fn may_speak(&self) -> bool {
        self.row.state == DeviceState::Active
    }

    /// Reads a message of this device.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn read(&self, format: Format, bytes: &[u8], now: Instant) -> Result<Vec<Reading>, PayloadError> {
        let cell: Cell = self.row.cell;
        let reading = |measured: super::Measured| Reading {
            series: self.series[measured.property],
            cell,
            at: measured.at,
            received_at: now,
            value: measured.value,
        };
        Ok(parse(format, bytes, &self.class, now)?.into_iter().map(reading).collect())
    }
}

fn insert(members: &mut Members, member: Member) -> Arc<Member> {
    for (property, series) in member.series.iter().enumerate() {
        members.by_series.insert(*series, (member.row.id.clone(), property));
    }
    let member = Arc::new(member);
    members.by_id.insert(member.row.id.clone(), Arc::clone(&member));
    member
}

/// The numbers of a device's series, in the order of its class; those that are missing are given.
fn number_all(
    store: &Store,
    device: &DeviceId,
    class: &DeviceClass,
    numbers: &mut HashMap<(DeviceId, String), SeriesNo>,
) -> Result<Vec<SeriesNo>, StoreError> {
    let mut series = Vec::with_capacity(class.properties.len());
    for property in &class.properties {
        let number = match numbers.remove(&(device.clone(), property.id.to_string())) {
            Some(number) => number,
            None => {
                let (device, property) = (device.clone(), property.id.clone());
                store.write_blocking(move |tx: &mut Tx| tx.record_series(&device, &property))?
            }
        };
        series.push(number);
    }
    Ok(series)
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
