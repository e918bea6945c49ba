//! Live changes: one reader of the event log for the whole process, and a filtered stream for each screen.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use identity::{Permission, Principal};
use model::{CaseId, Event};
use store::{CaseFilter, CaseRow, CaseScope, CaseSort, Reader, Store, StoreError};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use crate::access::{Reach, reach};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::events::kind;
use crate::convert::time;
use crate::error::Refused;
use crate::wire;

/// Events read at once.
const BATCH: u32 = 500;

/// Changes a slow screen may be behind before it is told to load again.
const BEHIND_MAX: usize = 1_024;

/// Events looked at when a screen resumes; older ones are told as missed.
const RESUMED_MAX: u32 = 1_000;

/// A stream ends after this and the screen asks again, so that a sign-out or a lost post takes effect.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// A comment is sent this often, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A case that changed.
#[derive(Debug)]
pub struct Change {
    /// Position of its last event.
    position: i64,
    /// What that was.
    kind: wire::EventKind,
    /// The case now.
    row: CaseRow,
}

/// Reads the log once for all screens of this process.
pub struct Hub {
    store: Store,
    changes: OnceLock<broadcast::Sender<Arc<Change>>>,
    closing: watch::Sender<bool>,
}

impl Hub {
    /// Begins to read when the first screen asks.
    pub fn new(store: Store) -> Self {
        Self { store, changes: OnceLock::new(), closing: watch::channel(false).0 }
    }

    /// Ends every stream, so that the process can stop.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// True from the moment on at which the process is to stop: for whatever else would keep it from that.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        let sender = self.changes.get_or_init(|| {
            let sender = broadcast::Sender::new(BEHIND_MAX);
            tokio::spawn(follow(self.store.clone(), sender.clone(), self.closing.subscribe()));
            sender
        });
        sender.subscribe()
    }
}

/// Reads what is committed and tells it, until the process stops.
async fn follow(store: Store, changes: broadcast::Sender<Arc<Change>>, mut closing: watch::Receiver<bool>) {
    let mut committed = store.subscribe();
    let mut position = *committed.borrow_and_update();
    loop {
        tokio::select! {
            changed = committed.changed() => if changed.is_err() { return },
            _ = closing.changed() => return,
        }
        let target = *committed.borrow_and_update();
        if changes.receiver_count() == 0 {
            position = target;
            continue;
        }
        while position < target {
            match store.read(move |reader| read_changes(reader, position, target, BATCH)).await {
                Ok((reached, read)) => {
                    read.into_iter().for_each(|change| drop(changes.send(Arc::new(change))));
                    position = reached.max(position + 1);
                }
                Err(error) => {
                    tracing::warn!(%error, "live changes could not be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// The cases changed by at most `limit` events after a position, each once, in order; and the position reached: the target
/// where all were read, for what follows the last of them are records.
fn read_changes(reader: &mut Reader, position: i64, target: i64, limit: u32) -> Result<(i64, Vec<Change>), StoreError> {
    let events = reader.list_events_after(position, limit)?;
    let last = events.last().map_or(position, |event| event.position);
    let reached = if events.len() < limit as usize { last.max(target) } else { last };
    let mut latest: BTreeMap<CaseId, &Event> = BTreeMap::new();
    for event in &events {
        let is_word = !kind(&event.body).is_of_clock();
        latest
            .entry(event.case)
            .and_modify(|known| {
                if is_word || kind(&known.body).is_of_clock() {
                    *known = event
                }
            })
            .or_insert(event);
    }
    let mut changes = Vec::with_capacity(latest.len());
    let ids: Vec<CaseId> = latest.keys().copied().collect();
    for ids in ids.chunks(200) {
        let filter = CaseFilter { ids: ids.to_vec(), ..CaseFilter::default() };
        for row in reader.list_cases(&filter, CaseSort::Opened, None, 200)?.items {
            let Some(event) = latest.get(&row.id) else { continue };
            changes.push(Change { position: event.position, kind: kind(&event.body), row });
        }
    }
    changes.sort_by_key(|change| change.position);
    Ok((reached, changes))
}

/// Who looks: what of the changes they may see.
enum Viewer {
    Staff(Reach),
    Resident(model::PartyId),
}

impl Viewer {
    fn sees(&self, row: &CaseRow) -> bool {
        match self {
            Self::Resident(party) => row.reporter_party == Some(*party),
            Self::Staff(Reach::Everywhere) => true,
            Self::Staff(Reach::Nowhere) => false,
            Self::Staff(Reach::Parts(parts)) => parts.iter().any(|part| is_within(row, part)),
        }
    }
}

/// As the store's own filter: within the region, and in the office's hands when the part names one.
fn is_within(row: &CaseRow, part: &CaseScope) -> bool {
    let is_there = part.region_path.as_ref().is_none_or(|path| row.region_path.starts_with(path.as_str()));
    let hands = [&row.handler, &row.task_office, &row.watcher];
    is_there && part.office.as_ref().is_none_or(|office| hands.contains(&&Some(office.clone())))
}

/// Answers with the stream of what the caller may see, from now on or after `resume`.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn respond(app: &Arc<App>, caller: &Caller, resume: Option<i64>) -> Result<Response, Refused> {
    let viewer = match &caller.principal {
        Principal::Staff { .. } => Viewer::Staff(reach(app, &caller.principal, Permission::CaseRead)),
        Principal::Resident { party } => Viewer::Resident(*party),
        Principal::Agent(_) => return Err(Refused::not_for_others()),
        Principal::Visitor | Principal::Client { .. } => return Err(Refused::not_signed_in()),
    };
    let changes = app.hub.subscribe();
    let position = *app.store.subscribe().borrow();
    let missed = match resume.filter(|from| (0..position).contains(from)) {
        Some(from) => app.store.read(move |reader| read_changes(reader, from, from, RESUMED_MAX)).await?,
        None => (position, Vec::new()),
    };
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(feed(sender, changes, viewer, position, missed, app.hub.closing.subscribe()));
    let sse = Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    let mut response = sse.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

type Sender = mpsc::Sender<Result<Message, Infallible>>;

/// Sends to one screen until it leaves, the time is up, or the process stops.
async fn feed(
    sender: Sender,
    mut changes: broadcast::Receiver<Arc<Change>>,
    viewer: Viewer,
    position: i64,
    (reached, missed): (i64, Vec<Change>),
    mut closing: watch::Receiver<bool>,
) {
    let ends = tokio::time::sleep(LONGEST);
    tokio::pin!(ends);
    if send(&sender, hello(position, reached < position)).await.is_err() {
        return;
    }
    for change in missed.iter().filter(|change| viewer.sees(&change.row)) {
        if send(&sender, message(change)).await.is_err() {
            return;
        }
    }
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = &mut ends => return,
            _ = closing.changed() => return,
            () = sender.closed() => return,
        };
        let sent = match change {
            Ok(change) if change.position <= reached || !viewer.sees(&change.row) => continue,
            Ok(change) => send(&sender, message(&change)).await,
            Err(broadcast::error::RecvError::Lagged(_)) => send(&sender, hello(position, true)).await,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send(sender: &Sender, message: Option<Message>) -> Result<(), ()> {
    match message {
        Some(message) => sender.send(Ok(message)).await.map_err(drop),
        None => Ok(()),
    }
}

fn hello(position: i64, missed: bool) -> Option<Message> {
    Message::default().event("hello").json_data(wire::StreamHello { position, missed }).ok()
}

fn message(change: &Change) -> Option<Message> {
    let row = &change.row;
    let data = wire::StreamCase {
        case_id: row.id.to_string(),
        case_no: row.no.to_string(),
        version: row.version,
        kind: change.kind,
        state: row.state.to_string(),
        stage: row.stage.to_string(),
        category: row.category.to_string(),
        region: row.region.to_string(),
        region_path: row.region_path.clone(),
        lon: row.lon,
        lat: row.lat,
        due_at: row.due_at.map(time),
        open: row.outcome.is_none(),
    };
    Message::default().event("case").id(change.position.to_string()).json_data(data).ok()
}
