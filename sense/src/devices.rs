//! Devices: registering them, their secrets, and shutting out those that misbehave.

use std::collections::BTreeSet;

use grid::{Cell, Level, LonLat};
use identity::{Secret, sha256};
use model::{
    DeviceClassId, DeviceId, DeviceLabel, EvidenceId, Instant, OfficeId, PartyId, PropertyId, RegionId, SeriesNo,
};
use pack::Compiled;
use store::{DeviceChangeRow, DeviceInstallationRow, DeviceRow, DeviceState, StoreError, Tx};

use crate::Context;
use crate::report::region_of;

/// Longest title of a device, and longest reason, in characters.
const WORDS_MAX: usize = 200;

/// Highest and lowest a device may stand, metres from the ground: masts, towers and mines.
const HEIGHT_M: std::ops::RangeInclusive<f64> = -2_000.0..=1_000.0;

/// A device to be registered.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDevice {
    /// Its name in the field.
    pub id: DeviceId,
    /// Its class.
    pub class: DeviceClassId,
    /// Its name for people; the class's where it is empty.
    pub title: String,
    /// The gateway it speaks through.
    pub parent: Option<DeviceId>,
    /// Where it stands.
    pub point: LonLat,
    /// Height above the ground, metres.
    pub height_m: Option<f64>,
    /// The office that answers for it; the class's where absent.
    pub office: Option<OfficeId>,
    /// The program that registers it, in words; absent where a person does.
    pub through: Option<String>,
}

/// Most labels of a device.
pub const LABELS_MAX: usize = 8;

/// Poorest accuracy that still says where a device stands, metres.
const ACCURACY_MAX_M: f64 = 10_000.0;

/// A device that somebody put up.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// The device.
    pub device: DeviceId,
    /// The class on its label or housing, as whoever put it up confirmed it.
    pub class: DeviceClassId,
    /// Where it stands.
    pub point: LonLat,
    /// How well the phone knew its place, metres; absent where the place was not the phone's.
    pub accuracy_m: Option<f64>,
    /// Whether the place was moved by hand.
    pub is_adjusted: bool,
    /// A picture of it that the same account has uploaded.
    pub picture: Option<EvidenceId>,
}

/// A registered device with what it needs to speak. The secret is shown now and never again.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The device.
    pub device: DeviceRow,
    /// Its password.
    pub secret: Secret,
    /// The numbers of its series, in the order of its class's properties.
    pub series: Vec<(PropertyId, SeriesNo)>,
}

/// Why a device was not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// One of its parts does not fit.
    #[error("{field}: {message}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why, and what would be right.
        message: String,
    },
    /// The name is taken.
    #[error("a device {0} is registered already")]
    Exists(DeviceId),
    /// There is no such device.
    #[error("there is no device {0}")]
    Unknown(DeviceId),
    /// What is asked for does not follow from where it is.
    #[error("device {device} is {}; {wanted}", state.as_str())]
    State {
        /// Which.
        device: DeviceId,
        /// Its state.
        state: DeviceState,
        /// What would be needed.
        wanted: &'static str,
    },
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What may be done to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceChange {
    /// Shut it out, with the reason.
    Quarantine(String),
    /// Let it speak again.
    Release,
    /// It is gone for good.
    Retire,
}

fn field(field: &'static str, message: impl Into<String>) -> DeviceError {
    DeviceError::Field { field, message: message.into() }
}

/// Registers a device in the place it stands.
///
/// # Errors
/// [`DeviceError`].
pub async fn register(ctx: &Context, by: Option<PartyId>, new: NewDevice) -> Result<Registered, DeviceError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    let through = new.through.clone();
    let (device, properties) = place(&compiled, new, now)?;
    ctx.store
        .write(move |tx: &mut Tx| {
            if let Some(parent) = &device.parent
                && tx.find_device(parent)?.is_none()
            {
                return Err(field("parent", format!("there is no device {parent}")));
            }
            let secret = Secret::from_random(tx.random_bytes());
            let device = DeviceRow { secret: sha256(secret.reveal()), ..device };
            let numbers = tx.record_device(&device, &properties).map_err(|error| match error {
                StoreError::Exists { .. } => DeviceError::Exists(device.id.clone()),
                error => DeviceError::Store(error),
            })?;
            note(tx, &device.id, by, "registered", through, now)?;
            Ok(Registered { device, secret, series: properties.into_iter().zip(numbers).collect() })
        })
        .await
}

/// Checks a new device against the pack and puts it on the grid. Its secret is made when it is kept.
fn place(compiled: &Compiled, new: NewDevice, now: Instant) -> Result<(DeviceRow, Vec<PropertyId>), DeviceError> {
    let city = &compiled.city;
    let class = city.devices.get(&new.class).ok_or_else(|| {
        let known: Vec<_> = city.devices.keys().map(DeviceClassId::as_str).collect();
        field("class", format!("the city has no class {}; known are {}", new.class, known.join(", ")))
    })?;
    let title = new.title.trim();
    let title = if title.is_empty() { class.title.in_locale(&city.locales[0]).to_owned() } else { title.to_owned() };
    check_words("title", &title)?;
    if let Some(height) = new.height_m.filter(|height| !HEIGHT_M.contains(height)) {
        return Err(field("height_m", format!("{height} is not within {} to {} m", HEIGHT_M.start(), HEIGHT_M.end())));
    }
    if let Some(office) = new.office.as_ref().filter(|office| !city.offices.contains_key(*office)) {
        return Err(field("office", format!("the city has no office {office}")));
    }
    let (region, cell) = stand(compiled, new.point)?;
    let device = DeviceRow {
        id: new.id,
        class: new.class,
        title,
        parent: new.parent,
        office: new.office.unwrap_or_else(|| class.office.clone()),
        region_path: city.region_path(&region),
        region,
        point: (new.point.lon_deg(), new.point.lat_deg()),
        height_m: new.height_m,
        cell,
        labels: Vec::new(),
        state: DeviceState::Active,
        reason: None,
        secret: [0; 32],
        next_secret: None,
        registered_at: now,
        changed_at: now,
    };
    Ok((device, class.properties.iter().map(|property| property.id.clone()).collect()))
}

fn check_words(name: &'static str, text: &str) -> Result<(), DeviceError> {
    let count = text.chars().count();
    if count == 0 || count > WORDS_MAX || text.chars().any(char::is_control) {
        return Err(field(name, format!("1 to {WORDS_MAX} characters without control characters, got {count}")));
    }
    Ok(())
}

/// Gives a device a new secret beside the one it has, which ends when the new one is used first.
///
/// # Errors
/// [`DeviceError`].
pub async fn change_secret(
    ctx: &Context,
    by: Option<PartyId>,
    id: DeviceId,
) -> Result<(DeviceRow, Secret), DeviceError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let device = find(tx, &id)?;
            let secret = Secret::from_random(tx.random_bytes());
            let next_secret = Some(sha256(secret.reveal()));
            let device = DeviceRow { next_secret, changed_at: now, ..device };
            tx.update_device(&device)?;
            note(tx, &id, by, "secret_changed", None, now)?;
            Ok((device, secret))
        })
        .await
}

/// The new secret of a device was used: the old one ends. The device as it is now; `None` where it has no new secret.
///
/// # Errors
/// [`DeviceError`].
pub async fn take_over_secret(ctx: &Context, id: DeviceId) -> Result<Option<DeviceRow>, DeviceError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let device = find(tx, &id)?;
            let Some(secret) = device.next_secret else { return Ok(None) };
            let device = DeviceRow { secret, next_secret: None, changed_at: now, ..device };
            tx.update_device(&device)?;
            Ok(Some(device))
        })
        .await
}

/// Quarantines, releases or retires a device.
///
/// # Errors
/// [`DeviceError`].
pub async fn change(
    ctx: &Context,
    by: Option<PartyId>,
    id: DeviceId,
    change: DeviceChange,
) -> Result<DeviceRow, DeviceError> {
    let now = ctx.clock.now();
    if let DeviceChange::Quarantine(reason) = &change {
        check_words("reason", reason)?;
    }
    ctx.store
        .write(move |tx: &mut Tx| {
            let device = find(tx, &id)?;
            let refuse = |wanted| DeviceError::State { device: id.clone(), state: device.state, wanted };
            let (state, kind, reason) = match (change, device.state) {
                (_, DeviceState::Retired) => return Err(refuse("a retired device is registered anew")),
                (DeviceChange::Quarantine(reason), _) => (DeviceState::Quarantined, "quarantined", Some(reason)),
                (DeviceChange::Release, DeviceState::Quarantined) => (DeviceState::Active, "released", None),
                (DeviceChange::Release, DeviceState::Active) => return Err(refuse("it speaks already")),
                (DeviceChange::Retire, _) => (DeviceState::Retired, "retired", None),
            };
            let device = DeviceRow { state, reason: reason.clone(), changed_at: now, ..device };
            tx.update_device(&device)?;
            note(tx, &device.id, by, kind, reason, now)?;
            Ok(device)
        })
        .await
}

/// Writes down that a device was put up where it stands, and moves it there.
///
/// # Errors
/// [`DeviceError`].
pub async fn install(ctx: &Context, by: PartyId, new: Installation) -> Result<DeviceRow, DeviceError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    if let Some(accuracy) = new.accuracy_m.filter(|accuracy| !(0.0..=ACCURACY_MAX_M).contains(accuracy)) {
        return Err(field("accuracy_m", format!("{accuracy} is not within 0 to {ACCURACY_MAX_M} m")));
    }
    let (region, cell) = stand(&compiled, new.point)?;
    let region_path = compiled.city.region_path(&region);
    ctx.store
        .write(move |tx: &mut Tx| {
            let device = find(tx, &new.device)?;
            if device.state == DeviceState::Retired {
                let (device, state) = (device.id, device.state);
                return Err(DeviceError::State { device, state, wanted: "a retired device is registered anew" });
            }
            if device.class != new.class {
                let words = format!("the register has {} as a {}, not a {}", device.id, device.class, new.class);
                return Err(field("class", words));
            }
            if let Some(picture) = &new.picture
                && !tx.has_uploaded(picture, by)?
            {
                return Err(field("picture", "upload the picture first"));
            }
            let point = (new.point.lon_deg(), new.point.lat_deg());
            let device = DeviceRow { region, region_path, point, cell, changed_at: now, ..device };
            tx.update_device(&device)?;
            note(tx, &device.id, Some(by), "installed", None, now)?;
            let (accuracy_m, is_adjusted, picture) = (new.accuracy_m, new.is_adjusted, new.picture);
            let id = tx.new_event_id(now);
            tx.record_device_installation(&DeviceInstallationRow {
                id,
                device: device.id.clone(),
                at: now,
                party: by,
                point,
                accuracy_m,
                is_adjusted,
                picture,
            })?;
            Ok(device)
        })
        .await
}

/// Gives devices labels and takes others from them; all of them or none. Those that changed, as they are now.
///
/// # Errors
/// [`DeviceError`].
pub async fn label(
    ctx: &Context,
    by: PartyId,
    ids: Vec<DeviceId>,
    add: Vec<DeviceLabel>,
    remove: Vec<DeviceLabel>,
) -> Result<Vec<DeviceRow>, DeviceError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let mut changed = Vec::new();
            for id in &ids {
                let device = find(tx, id)?;
                let kept = device.labels.iter().filter(|label| !remove.contains(label)).chain(&add);
                let labels: Vec<DeviceLabel> = kept.cloned().collect::<BTreeSet<_>>().into_iter().collect();
                if labels.len() > LABELS_MAX {
                    let words = format!("{id} would have {} labels; {LABELS_MAX} are allowed", labels.len());
                    return Err(field("add", words));
                }
                if labels == device.labels {
                    continue;
                }
                let words: Vec<_> = labels.iter().map(DeviceLabel::as_str).collect();
                let reason = Some(words.join(", ")).filter(|words| !words.is_empty());
                let device = DeviceRow { labels, changed_at: now, ..device };
                tx.update_device(&device)?;
                note(tx, id, Some(by), "labelled", reason, now)?;
                changed.push(device);
            }
            Ok(changed)
        })
        .await
}

/// The region and the cell of a place within the city.
fn stand(compiled: &Compiled, point: LonLat) -> Result<(RegionId, Cell), DeviceError> {
    let region = region_of(compiled, point).ok_or_else(|| {
        let [west, south, east, north] = compiled.city.bounds;
        field("point", format!("it is outside the city ({west}..{east}, {south}..{north})"))
    })?;
    let cell = Cell::encode(point, Level::L10).map_err(|error| field("point", error.to_string()))?;
    Ok((region, cell))
}

fn find(tx: &mut Tx, id: &DeviceId) -> Result<DeviceRow, DeviceError> {
    tx.find_device(id)?.ok_or_else(|| DeviceError::Unknown(id.clone()))
}

fn note(
    tx: &mut Tx,
    device: &DeviceId,
    party: Option<PartyId>,
    kind: &str,
    reason: Option<String>,
    at: Instant,
) -> Result<(), StoreError> {
    let id = tx.new_event_id(at);
    tx.record_device_change(&DeviceChangeRow { id, device: device.clone(), at, party, kind: kind.to_owned(), reason })
}
