//! Uploads in the store.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{EventId, Instant, PartyId};
use store::{Reader, StoreError, Tx, UploadRow, UploadSum};
use testkit::on_both_databases;

fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn upload(n: u128, party: u128, bytes: u64) -> UploadRow {
    UploadRow {
        id: EventId::new(noon(), n),
        party: PartyId::new(noon(), party),
        bytes,
        metadata: "filename YQ==".to_owned(),
        created_at: noon(),
        expires_at: noon().plus_micros(i64::try_from(n).unwrap()),
        sha256: None,
    }
}

on_both_databases!(an_upload_is_kept_summed_and_forgotten, |database| {
    let [first, second, other] = [upload(1, 7, 5_000_000_000), upload(2, 7, 10), upload(3, 8, 1)];
    let rows = [first.clone(), second.clone(), other.clone()];
    database.write_blocking(move |tx: &mut Tx| rows.iter().try_for_each(|row| tx.record_upload(row))).unwrap();
    let find = |id| database.read_blocking(move |db: &mut Reader| db.find_upload(id)).unwrap();
    assert_eq!(find(first.id), Some(first.clone()));
    let sum =
        |party| database.read_blocking(move |db: &mut Reader| db.sum_uploads(PartyId::new(noon(), party))).unwrap();
    assert_eq!(sum(7), UploadSum { uploads: 2, bytes: 5_000_000_010 });
    assert_eq!(sum(9), UploadSum::default());
    let whole = UploadRow { sha256: Some("ab".repeat(32)), expires_at: noon().plus_micros(9), ..second.clone() };
    let kept = whole.clone();
    database.write_blocking(move |tx: &mut Tx| tx.record_upload(&kept)).unwrap();
    assert_eq!(find(second.id), Some(whole));
    let late = |us, limit| {
        let before = noon().plus_micros(us);
        let rows = database.read_blocking(move |db: &mut Reader| db.list_expired_uploads(before, limit)).unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(late(1, 9), []);
    assert_eq!(late(4, 9), [first.id, other.id]);
    assert_eq!(late(99, 2), [first.id, other.id]);
    let removed = database.write_blocking(move |tx: &mut Tx| {
        Ok::<_, StoreError>([tx.remove_upload(first.id)?, tx.remove_upload(first.id)?])
    });
    assert_eq!((removed.unwrap(), find(first.id)), ([true, false], None));
});
