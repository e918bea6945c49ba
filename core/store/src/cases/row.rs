//! The read model of a case: one flat row, a pure function of the case and the path of its region.

use grid::Cell;
use model::{
    Case, CaseId, CaseNo, CategoryId, ClientId, ClockName, ConditionId, ContactId, EvidenceId, Instant, OfficeId,
    Outcome, PackHash, PartyId, ProcessId, RegionId, RoleId, StageId, StateId, Tally,
};

use crate::db::{FromValue, Row, ToValue, Value};
use crate::error::StoreError;

/// Characters of the description kept in the row; lists show no more.
const EXCERPT_CHARS: usize = 120;
/// Characters of the description that a text search sees.
const SEARCH_CHARS: usize = 400;

/// Keeps the fields, their columns and their order in one place.
macro_rules! case_row {
    ($( $(#[$doc:meta])* $field:ident: $ty:ty = $column:literal $(via $codec:ident)?; )*) => {
        /// A case as lists, maps and queues show it. Texts of the pack are looked up by the caller.
        #[derive(Debug, Clone, PartialEq)]
        pub struct CaseRow { $( $(#[$doc])* pub $field: $ty, )* }

        /// Columns of the fields, in order.
        pub(crate) const COLUMNS: &[&str] = &[$($column),*];

        impl CaseRow {
            fn values(&self) -> Vec<Value> {
                vec![$( case_row!(@put self.$field $(, $codec)?) ),*]
            }

            /// Reads the columns of [`COLUMNS`].
            pub(crate) fn read(row: &mut Row) -> Result<Self, StoreError> {
                Ok(Self { $( $field: case_row!(@get row, $column $(, $codec)?), )* })
            }
        }
    };
    (@put $value:expr) => { $value.to_value() };
    (@put $value:expr, $codec:ident) => { $codec($value).to_value() };
    (@get $row:expr, $column:literal) => { $row.next(concat!("cases.", $column))? };
    (@get $row:expr, $column:literal, $codec:ident) => { $row.next::<$codec>(concat!("cases.", $column))?.0 };
}

case_row! {
    /// The id.
    id: CaseId = "id";
    /// The number people see.
    no: CaseNo = "no";
    /// How many events it has.
    version: u32 = "version";
    /// The pack it began under.
    pack: PackHash = "pack";
    /// The process it follows.
    process: ProcessId = "process";
    /// What kind of thing.
    category: CategoryId = "category";
    /// Which filing condition.
    condition: Option<ConditionId> = "condition";
    /// The smallest region that holds it.
    region: RegionId = "region";
    /// The regions that hold it, root first, each followed by `/`.
    region_path: String = "region_path";
    /// Longitude in degrees, CGCS2000.
    lon: Option<f64> = "lon";
    /// Latitude in degrees, CGCS2000.
    lat: Option<f64> = "lat";
    /// The level-10 BeiDou cell.
    cell: Option<Cell> = "cell";
    /// The address in words.
    address: Option<String> = "address";
    /// The first 120 characters of the description.
    excerpt: String = "excerpt";
    /// By which way in.
    channel: String = "channel";
    /// The system it came from: the client program, else the channel.
    source: String = "source";
    /// Its id there.
    source_id: Option<String> = "source_id";
    /// The reporter's account.
    reporter_party: Option<PartyId> = "reporter_party";
    /// The client program that sent it.
    reporter_client: Option<ClientId> = "reporter_client";
    /// The reporter's sealed contact.
    contact: Option<ContactId> = "contact";
    /// How many joined it.
    joined_count: u32 = "joined_count";
    /// The picture for lists: the reporter's first, else the first of any purpose.
    picture: Option<EvidenceId> = "picture";
    /// When it was reported.
    opened_at: Instant = "opened_at_us";
    /// When its last event happened.
    updated_at: Instant = "updated_at_us";
    /// When it ended.
    closed_at: Option<Instant> = "closed_at_us";
    /// The present state.
    state: StateId = "state";
    /// The stage of that state.
    stage: StageId = "stage";
    /// How it ended; absent while it is open.
    outcome: Option<Outcome> = "outcome";
    /// The department that handles it.
    handler: Option<OfficeId> = "handler";
    /// The role that owes the present task.
    task_role: Option<RoleId> = "task_role";
    /// The office that owes the present task.
    task_office: Option<OfficeId> = "task_office";
    /// The clock that limits the present task.
    task_clock: Option<ClockName> = "task_clock";
    /// The person who has the present task.
    task_assignee: Option<PartyId> = "task_assignee";
    /// When the present task is due; absent without a limit and while its clock is paused.
    due_at: Option<Instant> = "due_at_us" via OrNever;
    /// When a timer must look at it next.
    next_due_at: Option<Instant> = "next_due_at_us";
    /// True while the clock of the present task is paused.
    paused: bool = "paused";
    /// True when the clock of the present task counts for nobody.
    exempt: bool = "exempt";
    /// Escalation level.
    level: u8 = "level";
    /// The office that watches it since the last escalation.
    watcher: Option<OfficeId> = "watcher";
    /// When it was first owed on the disposal clock: filed and given to a department.
    filed_at: Option<Instant> = "filed_at_us";
    /// When handling is due by the disposal clock; absent while that is paused.
    promised_at: Option<Instant> = "promised_at_us";
    /// When handling was done: the disposal clock stopped.
    handled_at: Option<Instant> = "handled_at_us";
    /// The instant that decides to which period it belongs: closed (resolved), else promised.
    settles_at: Option<Instant> = "settles_at_us";
    /// Whether handling was done in time; absent while it is not done, or without a limit.
    on_time: Option<bool> = "on_time";
    /// True when the disposal clock counts for nobody (挂账, upheld 申诉).
    excused: bool = "excused";
    /// The reporter's rating, 1 to 5.
    rating: Option<u8> = "rating";
    /// 返工.
    rework: u32 = "rework";
    /// 回退.
    returned: u32 = "returned";
    /// 挂账.
    suspended: u32 = "suspended";
    /// 延期 asked for.
    extension_asked: u32 = "extension_asked";
    /// 延期 approved.
    extended: u32 = "extended";
    /// 申诉 made.
    appealed: u32 = "appealed";
    /// 申诉 upheld.
    appeal_upheld: u32 = "appeal_upheld";
    /// 督办.
    supervised: u32 = "supervised";
    /// 催办.
    urged: u32 = "urged";
    /// Opened again.
    reopened: u32 = "reopened";
}

/// An instant that sorts last when it is absent, on both databases.
struct OrNever(Option<Instant>);

impl ToValue for OrNever {
    fn to_value(&self) -> Value {
        Value::Int(self.0.map_or(i64::MAX, Instant::as_micros))
    }
}

impl FromValue for OrNever {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(|due| Self((due != i64::MAX).then_some(Instant::from_micros(due))))
    }
}

/// What the disposal clock says about the handling of a case.
struct Handling {
    promised_at: Option<Instant>,
    handled_at: Option<Instant>,
    settles_at: Option<Instant>,
    on_time: Option<bool>,
    excused: bool,
}

impl Handling {
    fn of(case: &Case) -> Self {
        let disposal = case.clocks.get(&ClockName::Disposal);
        let counted = disposal.filter(|clock| clock.paused_with_us.is_none() || clock.stopped_at.is_some());
        let promised_at = counted.map(|clock| clock.due_at);
        Self {
            promised_at,
            handled_at: disposal.and_then(|clock| clock.stopped_at),
            settles_at: match case.outcome {
                Some(Outcome::Resolved) => case.closed_at,
                Some(_) => None,
                None => promised_at,
            },
            on_time: counted.and_then(|clock| match clock.stopped_at {
                Some(stopped_at) => clock.is_on_time(stopped_at),
                None => case.closed_at.map(|closed_at| closed_at <= clock.due_at),
            }),
            excused: disposal.is_some_and(|clock| clock.exempt),
        }
    }
}

impl CaseRow {
    /// The row of a case; `region_path` is the path of its region in the present pack.
    pub fn from_case(case: &Case, region_path: &str) -> Self {
        let handling = Handling::of(case);
        let (task, tally) = (case.task.as_ref(), |tally| case.tally(tally));
        Self {
            id: case.id,
            no: case.no.clone(),
            version: case.version,
            pack: case.pack,
            process: case.process.clone(),
            category: case.category.clone(),
            condition: case.condition.clone(),
            region: case.place.region.clone(),
            region_path: region_path.to_owned(),
            lon: case.place.point.map(grid::LonLat::lon_deg),
            lat: case.place.point.map(grid::LonLat::lat_deg),
            cell: case.place.cell,
            address: case.place.address.clone(),
            excerpt: case.description.chars().take(EXCERPT_CHARS).collect(),
            channel: case.channel.clone(),
            source: source(case),
            source_id: case.source_id.clone(),
            reporter_party: case.reporter.party,
            reporter_client: case.reporter.client.clone(),
            contact: case.reporter.contact,
            joined_count: u32::try_from(case.joined.len()).unwrap_or(u32::MAX),
            picture: picture(case),
            opened_at: case.opened_at,
            updated_at: case.updated_at,
            closed_at: case.closed_at,
            state: case.state.clone(),
            stage: case.stage.clone(),
            outcome: case.outcome,
            handler: case.handler.clone(),
            task_role: task.map(|task| task.role.clone()),
            task_office: task.map(|task| task.office.clone()),
            task_clock: task.map(|task| task.clock),
            task_assignee: task.and_then(|task| task.assignee),
            due_at: case.due_at(),
            next_due_at: case.next_due_at(),
            paused: case.task_clock().is_some_and(|clock| clock.paused_with_us.is_some()),
            exempt: case.task_clock().is_some_and(|clock| clock.exempt),
            level: case.level,
            watcher: case.watcher.clone(),
            filed_at: filed_at(case),
            promised_at: handling.promised_at,
            handled_at: handling.handled_at,
            settles_at: handling.settles_at,
            on_time: handling.on_time,
            excused: handling.excused,
            rating: case.rating,
            rework: tally(Tally::Rework),
            returned: tally(Tally::Returned),
            suspended: tally(Tally::Suspended),
            extension_asked: tally(Tally::ExtensionAsked),
            extended: tally(Tally::Extended),
            appealed: tally(Tally::Appealed),
            appeal_upheld: tally(Tally::AppealUpheld),
            supervised: tally(Tally::Supervised),
            urged: tally(Tally::Urged),
            reopened: tally(Tally::Reopened),
        }
    }

    /// True while the case has not ended.
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// True when the present task is overdue at `now` and its clock counts.
    pub fn is_late(&self, now: Instant) -> bool {
        self.is_open() && !self.exempt && self.due_at.is_some_and(|due_at| due_at < now)
    }

    /// How often a counted thing happened.
    pub const fn tally(&self, tally: Tally) -> u32 {
        match tally {
            Tally::Rework => self.rework,
            Tally::Returned => self.returned,
            Tally::Suspended => self.suspended,
            Tally::ExtensionAsked => self.extension_asked,
            Tally::Extended => self.extended,
            Tally::Appealed => self.appealed,
            Tally::AppealUpheld => self.appeal_upheld,
            Tally::Supervised => self.supervised,
            Tally::Urged => self.urged,
            Tally::Reopened => self.reopened,
        }
    }
}

/// The row with what is stored beside it: the cell of an open case, and the folded text that a search looks through.
pub(crate) struct Projection {
    pub(crate) values: Vec<Value>,
}

impl Projection {
    /// Columns of the values, in order.
    pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().copied().chain(["open_cell", "search"])
    }

    pub(crate) fn of(case: &Case, region_path: &str) -> Self {
        let mut values = CaseRow::from_case(case, region_path).values();
        let mut search: String = case.description.chars().take(SEARCH_CHARS).collect();
        if let Some(address) = &case.place.address {
            search.push('\n');
            search.push_str(address);
        }
        values.push(case.place.cell.filter(|_| case.is_open()).to_value());
        values.push(Value::Text(search.to_lowercase()));
        Self { values }
    }
}

/// The system a case came from.
fn source(case: &Case) -> String {
    case.reporter.client.as_ref().map_or_else(|| case.channel.clone(), ToString::to_string)
}

fn picture(case: &Case) -> Option<EvidenceId> {
    let reported = case.evidence.get("report").and_then(|files| files.first());
    reported.or_else(|| case.evidence.values().find_map(|files| files.first())).copied()
}

/// When the case was first owed on the disposal clock.
fn filed_at(case: &Case) -> Option<Instant> {
    let is_disposal = |step: &&model::Step| step.task.as_ref().is_some_and(|task| task.clock == ClockName::Disposal);
    case.steps.iter().find(is_disposal).map(|step| step.entered_at)
}
