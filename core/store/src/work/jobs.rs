//! The job queue: work to be done once, later, by whoever is alive. At least once: a job must bear being done twice.
//!
//! A leased job is one whose run time was moved to the end of the lease: a worker that dies gives it back by doing
//! nothing. A job that failed for good stays, dead and visible, until somebody retries it.

use model::{EventId, Instant};

use crate::db::{Row, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// The id of a job: a ULID.
pub type JobId = EventId;

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// What kind of work.
    pub kind: String,
    /// What it needs to know.
    pub body: serde_json::Value,
    /// When it may run; for a leased job the end of the lease.
    pub run_at: Instant,
    /// How often it was leased, this time included. Names the lease.
    pub attempts: u32,
    /// Why it last failed.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: Instant,
}

const JOB_COLUMNS: &str = "id, kind, body, run_at_us, attempts, last_error, created_at_us";

impl Tx {
    /// Asks for work of a kind at `run_at`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn enqueue_job(
        &mut self,
        kind: &str,
        body: &serde_json::Value,
        run_at: Instant,
        now: Instant,
    ) -> Result<JobId, StoreError> {
        let id = self.new_event_id(now);
        self.execute(
            "INSERT INTO jobs (id, kind, body, run_at_us, attempts, dead, created_at_us) VALUES ($1, $2, $3, $4, 0, FALSE, $5)",
            params![id, kind, body.to_string(), run_at, now],
        )?;
        Ok(id)
    }

    /// Takes the job that has waited longest, of one of the kinds (of any when none is named), until `now + lease_us`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn lease_job(&mut self, kinds: &[&str], now: Instant, lease_us: i64) -> Result<Option<Job>, StoreError> {
        let mut values: Vec<Value> = params![now.plus_micros(lease_us), now].to_vec();
        let mut of_kind = String::new();
        if !kinds.is_empty() {
            values.extend(kinds.iter().map(|kind| Value::Text((*kind).to_owned())));
            let places: Vec<String> = (3..=values.len()).map(|place| format!("${place}")).collect();
            of_kind = format!("AND kind IN ({})", places.join(", "));
        }
        let sql = format!(
            "UPDATE jobs SET run_at_us = $1, attempts = attempts + 1
             WHERE id = (SELECT id FROM jobs WHERE NOT dead AND run_at_us <= $2 {of_kind} ORDER BY run_at_us, id LIMIT 1)
             RETURNING {JOB_COLUMNS}"
        );
        self.query_opt(&sql, &values)?.map(read_job).transpose()
    }

    /// Ends a job that was done; false when the lease was lost and somebody else has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn finish_job(&mut self, job: &Job) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM jobs WHERE id = $1 AND attempts = $2", params![job.id, job.attempts])? > 0)
    }

    /// Gives a failed job back to run at `retry_at`; without one it is dead. False when the lease was lost.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn fail_job(&mut self, job: &Job, error: &str, retry_at: Option<Instant>) -> Result<bool, StoreError> {
        let changed = self.execute(
            "UPDATE jobs SET run_at_us = $3, dead = $4, last_error = $5 WHERE id = $1 AND attempts = $2",
            params![job.id, job.attempts, retry_at.unwrap_or(job.run_at), retry_at.is_none(), error],
        )?;
        Ok(changed > 0)
    }

    /// Brings a dead job back to life, to run at `run_at`; false when it is not dead.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn retry_dead_job(&mut self, id: JobId, run_at: Instant) -> Result<bool, StoreError> {
        Ok(self.execute("UPDATE jobs SET dead = FALSE, run_at_us = $2 WHERE id = $1 AND dead", params![id, run_at])?
            > 0)
    }
}

impl Reader {
    /// Jobs that failed for good, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_dead_jobs(&mut self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM jobs WHERE dead ORDER BY id LIMIT $1");
        self.query(&sql, params![limit])?.into_iter().map(read_job).collect()
    }

    /// How many jobs wait or run, and how many are dead.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_jobs(&mut self) -> Result<(u64, u64), StoreError> {
        let mut row = self.query_one(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE NOT dead), (SELECT COUNT(*) FROM jobs WHERE dead)",
            &[],
        )?;
        Ok((row.next("count of jobs")?, row.next("count of dead jobs")?))
    }
}

fn read_job(mut row: Row) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.next("jobs.id")?,
        kind: row.next("jobs.kind")?,
        body: serde_json::from_str(&row.next::<String>("jobs.body")?).map_err(|_| StoreError::corrupt("jobs.body"))?,
        run_at: row.next("jobs.run_at_us")?,
        attempts: row.next("jobs.attempts")?,
        last_error: row.next("jobs.last_error")?,
        created_at: row.next("jobs.created_at_us")?,
    })
}
