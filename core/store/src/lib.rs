//! The store: the only crate that names a database. SQLite in a file, or PostgreSQL.
//!
//! Everything changes by [`Store::write`]: commands queue for one writing thread, which commits many at once and
//! answers after the commit is durable. Everything is looked at by [`Store::read`] over one state of the database.
//! Events and records are only ever added; what is folded from them (the projections) can be rebuilt.
//!
//! Must never: show SQL or values in an error, read a clock or randomness by itself, or hold contact data unsealed.

mod alarm_notices;
mod alarm_silences;
mod backup;
mod cameras;
mod canonical;
mod cases;
mod command;
mod connect;
mod db;
mod device_alarms;
mod device_commands;
mod device_installations;
mod devices;
mod entropy;
mod error;
mod events;
mod flights;
mod indicators;
mod inspections;
mod keeper;
mod migrate;
mod people;
mod processes;
mod readers;
mod records;
mod scenes;
mod store;
mod tx;
mod uploads;
mod url;
mod work;
mod writer;

pub use alarm_notices::{AlarmGroupCounts, AlarmGroupFilter, AlarmGroupRow, AlarmNoticeRow, GroupLabels};
pub use alarm_silences::SilenceRow;
pub use backup::{BackupError, Durability};
pub use cameras::{RecordingFilter, RecordingRow, StreamRow};
pub use canonical::{canonical_event, canonical_record};
pub use cases::{
    Area, AreaError, Arrived, BoundedCount, CaseFilter, CaseRow, CaseScope, CaseSort, Cluster, Clusters, Cursor,
    CursorError, Page, RADIUS_MAX_M, SEARCH_WINDOW, Seat, StepRow, Within,
};
pub use device_alarms::{DeviceAlarmFilter, DeviceAlarmRow, OpenAlarms};
pub use device_commands::{CommandState, DeviceCommandFilter, DeviceCommandRow};
pub use device_installations::DeviceInstallationRow;
pub use devices::{DeviceChangeRow, DeviceFilter, DeviceRow, DeviceState, SeriesRow};
pub use entropy::Entropy;
pub use error::{Cause, OpenError, StoreError};
pub use events::Append;
pub use flights::{FlightFileRow, FlightPair, FlightRow, canonical_flight};
pub use indicators::{Behind, DayCounts, GroupBy, GroupCounts, IndicatorScope, Measure, Part};
pub use inspections::{AnswerFilter, BaselineRow, InspectionAnswerRow, InspectionRunRow, canonical_answers};
pub use people::{
    AccessRow, AddressRow, AlarmRow, ApiKeyRow, AuthenticatorRow, Basis, ChildRow, CodeRow, ConsentRow, ContactRow,
    DisclosureRow, DraftRow, ExtractMemberRow, ExtractRow, FetchOutcome, FetchRow, Holder, HospitalPatientRow,
    HospitalPaymentRow, HospitalVisitRow, IdentityRow, KioskRow, KioskSignInRow, LicenceRow, LicenceText, Looked,
    MANDATE_NOTICE, MandateAct, MandateActRow, MandateNews, MandateNotice, MandateRow, OpenIdClientRow, OpenIdKeyRow,
    OrganisationRow, PartyKind, PartyRow, PasskeyRow, PreferencesRow, PrefillRow, QuietRow, ReconciliationRow,
    SealedLooks, SealedRow, SessionRow, SignInMethod, TokenRow, UpstreamLinkRow, UsageRow, UseCount, erased_login,
    fold_login,
};
pub use processes::Errand;
pub use scenes::{SceneCounterRow, SceneHoldRow, SceneRunRow, SceneTurn};
pub use store::{Migrated, Store};
pub use tx::{Reader, Tx};
pub use uploads::{UploadRow, UploadSum};
pub use url::DatabaseUrl;
pub use work::{
    ALARM_KIND, AlarmNoticeFacts, DIGEST_KIND, Digest, DigestItem, EvidenceRow, Facts, Job, JobId, LedgerHead,
    MandateFacts, MessageFacts, NewOutboxRow, OutboxId, OutboxRow, SealRow, WebhookId, WebhookOwner, WebhookRow,
};
