//! Notices of alarms: groups that are told together, what was told, and of which alarms. Who was told is in the outbox.

use std::collections::BTreeMap;

use model::{AlarmRuleId, DeviceId, EventId, FormId, Instant, OfficeId, PartyId, RoleId};

use crate::cases::Where;
use crate::db::{Row, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};
use crate::work::{OutboxRow, read_messages};

/// Groups that are asked about at once.
const GROUPS_AT_ONCE: usize = 200;

/// Most notices of a group that are listed: a repeat an hour fills three weeks.
const NOTICES_LISTED: u32 = 500;

/// What alarms of a group have in common, as pairs of what and which: `("rule", "lamp_dark")`.
pub type GroupLabels = Vec<(String, String)>;

/// Alarms that are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmGroupRow {
    /// Its id; that of its first notice.
    pub id: EventId,
    /// The route of the pack.
    pub route: FormId,
    /// What its alarms have in common.
    pub labels: GroupLabels,
    /// The newest notice.
    pub last_notice: EventId,
    /// When that was.
    pub last_at: Instant,
}

/// What was told of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmNoticeRow {
    /// Its id.
    pub id: EventId,
    /// The group.
    pub group: EventId,
    /// Under which its messages stand in the outbox.
    pub position: i64,
    /// What it says: `first`, `update`, `repeat`, `escalation`, `resolved`.
    pub kind: String,
    /// The step of escalation, from 0.
    pub step: Option<u32>,
    /// The role that was told.
    pub role: RoleId,
    /// The office it is held for, where the route names one.
    pub office: Option<OfficeId>,
    /// How many alarms were open.
    pub open: u32,
    /// How many had closed since the notice before.
    pub closed: u32,
    /// The worst of them.
    pub severity: String,
    /// When.
    pub at: Instant,
}

/// How the alarms of a group stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmGroupCounts {
    /// All that it told of.
    pub alarms: u32,
    /// Open ones.
    pub open: u32,
    /// Open ones that nobody took note of.
    pub waiting: u32,
    /// When somebody last took note of an open one.
    pub acknowledged_at: Option<Instant>,
}

/// Which groups. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmGroupFilter {
    /// With an alarm in any of these regions (paths, root first, each followed by `/`); everywhere where none is given.
    pub within: Vec<String>,
    /// With an open alarm (true), or with none (false).
    pub open: Option<bool>,
    /// Of which this person was told.
    pub told: Option<PartyId>,
    /// Whose newest notice came before this one, newest first.
    pub before: Option<EventId>,
}

const GROUP_COLUMNS: &str = "id, route, labels, last_notice, last_at_us";
const NOTICE_COLUMNS: &str = "id, group_id, position, kind, step, role, office, open, closed, severity, at_us";

/// The alarms of a group `g`.
const ALARMS_OF: &str =
    "SELECT 1 FROM alarm_group_alarms AS m JOIN device_alarms AS a ON a.id = m.alarm_id WHERE m.group_id = g.id";

impl Tx {
    /// Writes a notice down, with its group: that is begun where there is none of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_alarm_notice(&mut self, group: &AlarmGroupRow, notice: &AlarmNoticeRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO alarm_groups ({GROUP_COLUMNS}) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET last_notice = excluded.last_notice, last_at_us = excluded.last_at_us"
        );
        let labels = labels_text(&group.labels);
        self.execute(&sql, params![group.id, group.route, labels, group.last_notice, group.last_at])?;
        let sql = format!(
            "INSERT INTO alarm_notices ({NOTICE_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        );
        let row = notice;
        self.execute(
            &sql,
            params![
                row.id,
                row.group,
                row.position,
                row.kind,
                row.step,
                row.role,
                row.office,
                row.open,
                row.closed,
                row.severity,
                row.at
            ],
        )?;
        Ok(())
    }

    /// Lets a group tell of an alarm; twice is once.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn join_alarm_group(&mut self, group: EventId, alarm: EventId) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO alarm_group_alarms (group_id, alarm_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            params![group, alarm],
        )?;
        Ok(())
    }

    /// Marks what somebody was told of a group as read; how many messages changed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn mark_group_read(&mut self, party: PartyId, group: EventId, now: Instant) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE outbox SET read_at_us = $3
             WHERE recipient = $1 AND channel = 'in_app' AND read_at_us IS NULL
             AND position IN (SELECT position FROM alarm_notices WHERE group_id = $2)",
            params![party, group, now],
        )
    }
}

impl Reader {
    /// The newest group of a route with these labels.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_newest_alarm_group(
        &mut self,
        route: &FormId,
        labels: &GroupLabels,
    ) -> Result<Option<AlarmGroupRow>, StoreError> {
        let sql = format!(
            "SELECT {GROUP_COLUMNS} FROM alarm_groups WHERE route = $1 AND labels = $2 ORDER BY id DESC LIMIT 1"
        );
        self.query_opt(&sql, params![route, labels_text(labels)])?.map(read_group).transpose()
    }

    /// A group by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_alarm_group(&mut self, id: EventId) -> Result<Option<AlarmGroupRow>, StoreError> {
        let sql = format!("SELECT {GROUP_COLUMNS} FROM alarm_groups WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_group).transpose()
    }

    /// The newest alarm of a rule, device and part, open or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_newest_alarm(
        &mut self,
        rule: &AlarmRuleId,
        device: &DeviceId,
        part: &str,
    ) -> Result<Option<EventId>, StoreError> {
        let sql = "SELECT id FROM device_alarms WHERE device = $1 AND rule = $2 AND part = $3 ORDER BY id DESC LIMIT 1";
        let found = self.query_opt(sql, params![device, rule, part])?;
        found.map(|mut row| row.next("device_alarms.id")).transpose()
    }

    /// Groups, those with the newest notices first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_alarm_groups(
        &mut self,
        filter: &AlarmGroupFilter,
        limit: u32,
    ) -> Result<Vec<AlarmGroupRow>, StoreError> {
        let mut clause = Where::new();
        if !filter.within.is_empty() {
            let part = |path: &String| {
                // '0' is the character after '/': the path with everything below it.
                let (begin, end) = (clause.bind(path), clause.bind(format!("{}0", path.trim_end_matches('/'))));
                format!("(a.region_path >= {begin} AND a.region_path < {end})")
            };
            let parts: Vec<String> = filter.within.iter().map(part).collect();
            clause.and(&format!("EXISTS ({ALARMS_OF} AND ({}))", parts.join(" OR ")));
        }
        match filter.open {
            Some(true) => clause.and(&format!("EXISTS ({ALARMS_OF} AND a.cleared_at_us IS NULL)")),
            Some(false) => clause.and(&format!("NOT EXISTS ({ALARMS_OF} AND a.cleared_at_us IS NULL)")),
            None => {}
        }
        if let Some(told) = filter.told {
            let told = clause.bind(told);
            clause.and(&format!(
                "EXISTS (SELECT 1 FROM alarm_notices AS n JOIN outbox AS o ON o.position = n.position
                         WHERE n.group_id = g.id AND o.recipient = {told} AND o.channel = 'in_app')"
            ));
        }
        if let Some(before) = filter.before {
            let before = clause.bind(before);
            clause.and(&format!("last_notice < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!(
            "SELECT {GROUP_COLUMNS} FROM alarm_groups AS g{} ORDER BY last_notice DESC LIMIT {limit}",
            clause.sql()
        );
        self.query(&sql, clause.values())?.into_iter().map(read_group).collect()
    }

    /// How the alarms of groups stand, of those in some regions; everywhere where none is given.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_group_alarms(
        &mut self,
        groups: &[EventId],
        regions: &[String],
    ) -> Result<BTreeMap<EventId, AlarmGroupCounts>, StoreError> {
        let mut found = BTreeMap::new();
        for groups in groups.chunks(GROUPS_AT_ONCE) {
            let mut clause = Where::new();
            clause.and_in("group_id", groups);
            within(&mut clause, regions);
            let sql = format!(
                "SELECT group_id, COUNT(*), COUNT(CASE WHEN cleared_at_us IS NULL THEN 1 END),
                        COUNT(CASE WHEN cleared_at_us IS NULL AND acknowledged_at_us IS NULL THEN 1 END),
                        MAX(CASE WHEN cleared_at_us IS NULL THEN acknowledged_at_us END)
                 FROM alarm_group_alarms JOIN device_alarms ON id = alarm_id{} GROUP BY group_id ORDER BY group_id",
                clause.sql()
            );
            for mut row in self.query(&sql, clause.values())? {
                let group = row.next("alarm_group_alarms.group_id")?;
                let counts = AlarmGroupCounts {
                    alarms: row.next("count of alarms")?,
                    open: row.next("count of open alarms")?,
                    waiting: row.next("count of waiting alarms")?,
                    acknowledged_at: row.next("device_alarms.acknowledged_at_us")?,
                };
                found.insert(group, counts);
            }
        }
        Ok(found)
    }

    /// Notices by their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_alarm_notices(&mut self, ids: &[EventId]) -> Result<Vec<AlarmNoticeRow>, StoreError> {
        let mut found = Vec::new();
        for ids in ids.chunks(GROUPS_AT_ONCE) {
            let mut clause = Where::new();
            clause.and_in("id", ids);
            let sql = format!("SELECT {NOTICE_COLUMNS} FROM alarm_notices{} ORDER BY id", clause.sql());
            for row in self.query(&sql, clause.values())? {
                found.push(read_notice(row)?);
            }
        }
        Ok(found)
    }

    /// What was told of a group, the newest first, at most 500.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_notices_of_group(&mut self, group: EventId) -> Result<Vec<AlarmNoticeRow>, StoreError> {
        let sql = format!(
            "SELECT {NOTICE_COLUMNS} FROM alarm_notices WHERE group_id = $1 ORDER BY id DESC LIMIT {NOTICES_LISTED}"
        );
        self.query(&sql, params![group])?.into_iter().map(read_notice).collect()
    }

    /// The messages of a notice: who was told by which channel, and how far each is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_messages_at(&mut self, position: i64) -> Result<Vec<OutboxRow>, StoreError> {
        read_messages(self, "position = $1 ORDER BY id LIMIT 1000", params![position])
    }

    /// How many messages of each of these groups somebody has not read.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_unread_of_groups(
        &mut self,
        party: PartyId,
        groups: &[EventId],
    ) -> Result<BTreeMap<EventId, u32>, StoreError> {
        let mut found = BTreeMap::new();
        for groups in groups.chunks(GROUPS_AT_ONCE) {
            let mut clause = Where::new();
            clause.and_in("n.group_id", groups);
            let party = clause.bind(party);
            clause.and(&format!("o.recipient = {party} AND o.channel = 'in_app' AND o.read_at_us IS NULL"));
            let sql = format!(
                "SELECT n.group_id, COUNT(*) FROM alarm_notices AS n JOIN outbox AS o ON o.position = n.position{}
                 GROUP BY n.group_id ORDER BY n.group_id",
                clause.sql()
            );
            for mut row in self.query(&sql, clause.values())? {
                found.insert(row.next("alarm_notices.group_id")?, row.next("count of unread")?);
            }
        }
        Ok(found)
    }

    /// Of how many groups somebody has not read what they were told.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_unread_groups(&mut self, party: PartyId) -> Result<u32, StoreError> {
        let sql =
            "SELECT COUNT(DISTINCT n.group_id) FROM outbox AS o JOIN alarm_notices AS n ON n.position = o.position
                   WHERE o.recipient = $1 AND o.channel = 'in_app' AND o.read_at_us IS NULL";
        self.query_one(sql, params![party])?.next("count of unread groups")
    }
}

fn labels_text(labels: &GroupLabels) -> String {
    let pairs = labels.iter().map(|(what, which)| serde_json::json!([what, which])).collect();
    serde_json::Value::Array(pairs).to_string()
}

fn read_group(mut row: Row) -> Result<AlarmGroupRow, StoreError> {
    Ok(AlarmGroupRow {
        id: row.next("alarm_groups.id")?,
        route: row.next("alarm_groups.route")?,
        labels: serde_json::from_str(&row.next::<String>("alarm_groups.labels")?)
            .map_err(|_| StoreError::corrupt("alarm_groups.labels"))?,
        last_notice: row.next("alarm_groups.last_notice")?,
        last_at: row.next("alarm_groups.last_at_us")?,
    })
}

fn read_notice(mut row: Row) -> Result<AlarmNoticeRow, StoreError> {
    Ok(AlarmNoticeRow {
        id: row.next("alarm_notices.id")?,
        group: row.next("alarm_notices.group_id")?,
        position: row.next("alarm_notices.position")?,
        kind: row.next("alarm_notices.kind")?,
        step: row.next("alarm_notices.step")?,
        role: row.next("alarm_notices.role")?,
        office: row.next("alarm_notices.office")?,
        open: row.next("alarm_notices.open")?,
        closed: row.next("alarm_notices.closed")?,
        severity: row.next("alarm_notices.severity")?,
        at: row.next("alarm_notices.at_us")?,
    })
}
