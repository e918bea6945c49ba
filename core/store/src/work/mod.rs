//! What the platform works through and looks up: jobs, consumers, the ledger's rows, files, keys of retries, packs.

mod consumers;
mod evidence;
mod heads;
mod idempotency;
mod jobs;
mod messages;
mod outbox;
mod packs;
mod payments;
mod seal;
mod secrets;
mod webhooks;

pub use evidence::EvidenceRow;
pub use heads::LedgerHead;
pub use jobs::{Job, JobId};
pub use messages::{ALARM_KIND, AlarmNoticeFacts, DIGEST_KIND, Digest, DigestItem, Facts, MandateFacts, MessageFacts};
pub(crate) use outbox::read_messages;
pub use outbox::{NewOutboxRow, OutboxId, OutboxRow};
pub use seal::SealRow;
pub use webhooks::{WebhookId, WebhookOwner, WebhookRow};
