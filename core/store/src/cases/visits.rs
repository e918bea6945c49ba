//! Times held at windows: which seats are taken, and who missed theirs.

use model::{CaseNo, FormId, Instant, PartyId, ServiceId};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A seat that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// When its time begins.
    pub starts_at: Instant,
    /// Which of the windows.
    pub seat: u16,
}

/// Somebody who came to a window and drew a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Their application.
    pub case_no: CaseNo,
    /// The number they drew.
    pub ticket: Option<String>,
    /// The window.
    pub place: FormId,
    /// When their time begins.
    pub starts_at: Instant,
}

impl Reader {
    /// Seats held at a window of a service, of times that begin from one instant to another, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_seats(
        &mut self,
        service: &ServiceId,
        place: &FormId,
        from: Instant,
        before: Instant,
    ) -> Result<Vec<Seat>, StoreError> {
        let sql = "SELECT starts_at_us, seat
             FROM visits
             WHERE service = $1 AND place = $2 AND starts_at_us >= $3 AND starts_at_us < $4 AND state IN ('booked', 'arrived')
             ORDER BY starts_at_us, seat";
        let rows = self.query(sql, params![service, place, from, before])?;
        let seat = |seat: u32| u16::try_from(seat).map_err(|_| StoreError::corrupt("visits.seat"));
        rows.into_iter()
            .map(|mut row| {
                Ok(Seat { starts_at: row.next("visits.starts_at_us")?, seat: seat(row.next("visits.seat")?)? })
            })
            .collect()
    }

    /// Who came to the windows of a service and drew a number, of times that begin from one instant to another, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_arrived(
        &mut self,
        service: &ServiceId,
        from: Instant,
        before: Instant,
    ) -> Result<Vec<Arrived>, StoreError> {
        let sql = "SELECT c.no, v.ticket, v.place, v.starts_at_us
             FROM visits v
             JOIN cases c ON c.key = v.case_key
             WHERE v.service = $1 AND v.starts_at_us >= $2 AND v.starts_at_us < $3 AND v.state = 'arrived'
             ORDER BY v.starts_at_us, v.ticket, c.no";
        let rows = self.query(sql, params![service, from, before])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Arrived {
                    case_no: row.next("cases.no")?,
                    ticket: row.next("visits.ticket")?,
                    place: row.next("visits.place")?,
                    starts_at: row.next("visits.starts_at_us")?,
                })
            })
            .collect()
    }

    /// How many booked times somebody missed that began from an instant on.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_missed(&mut self, party: PartyId, from: Instant) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM visits WHERE party = $1 AND starts_at_us >= $2 AND state = 'missed'";
        self.query_one(sql, params![party, from])?.next("count")
    }
}

impl Tx {
    /// The next number drawn at a window on a civil day (`yyyymmdd`): 1, 2, 3 …
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn next_ticket(&mut self, service: &ServiceId, place: &FormId, yyyymmdd: u32) -> Result<u32, StoreError> {
        self.next_serial(&format!("visit/{service}/{place}"), yyyymmdd)
    }
}
