//! What is kept of hospital journeys, on both databases.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{HospitalVisitId, Instant, PartyId, PaymentId, RequestId, SourceId};
use store::{HospitalPatientRow, HospitalPaymentRow, HospitalVisitRow, PartyRow, StoreError, Tx};
use testkit::{Database, on_both_databases};

fn at(minutes: i64) -> Instant {
    Instant::from_micros(minutes * 60_000_000)
}

fn party(number: u128) -> PartyId {
    PartyId::new(at(0), number)
}

fn hospital(word: &str) -> SourceId {
    word.parse().unwrap()
}

fn begin(database: &Database) {
    database
        .write_blocking(|tx: &mut Tx| {
            for number in [1, 2] {
                tx.record_party(&PartyRow::resident(party(number), &format!("p{number}"), "P", at(0)))?;
                tx.record_person_key(&format!("k{number}"), &[1, 2])?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn payment(number: u128, state: &str, told: bool) -> HospitalPaymentRow {
    HospitalPaymentRow {
        id: PaymentId::new(at(0), number),
        party: party(1),
        key_id: "k1".to_owned(),
        sealed: vec![7],
        state: state.to_owned(),
        amount: 950,
        reference: None,
        told,
        created_at: at(1),
        changed_at: at(1),
    }
}

on_both_databases!(consents_and_visits_are_kept_replaced_and_forgotten_by_person, |database| {
    begin(database);
    let patient = |number: u128, word: &str, sealed: u8| HospitalPatientRow {
        party: party(number),
        hospital: hospital(word),
        key_id: format!("k{number}"),
        sealed: vec![sealed],
        updated_at: at(i64::from(sealed)),
    };
    let visit = |number: u128, id: u128, sealed: u8| HospitalVisitRow {
        id: HospitalVisitId::new(at(0), id),
        party: party(number),
        key_id: format!("k{number}"),
        sealed: vec![sealed],
        updated_at: at(i64::from(sealed)),
    };
    let (patients, visits) = (
        [patient(1, "b", 1), patient(1, "a", 2), patient(2, "a", 3), patient(1, "b", 4)],
        [visit(1, 1, 1), visit(1, 2, 2), visit(2, 3, 3), visit(1, 1, 4)],
    );
    database
        .write_blocking(move |tx: &mut Tx| {
            patients.iter().try_for_each(|row| tx.save_hospital_patient(row))?;
            visits.iter().try_for_each(|row| tx.save_hospital_visit(row))
        })
        .unwrap();
    let (found, listed, limited) = database
        .read_blocking(|reader| {
            let one = party(1);
            Ok::<_, StoreError>((
                reader.list_hospital_patients(one)?,
                reader.list_hospital_visits(one, 9)?,
                reader.list_hospital_visits(one, 1)?,
            ))
        })
        .unwrap();
    assert_eq!(found, [patient(1, "a", 2), patient(1, "b", 4)]);
    assert_eq!((listed.clone(), limited), (vec![visit(1, 2, 2), visit(1, 1, 4)], vec![visit(1, 2, 2)]));
    let deleted = database
        .write_blocking(|tx: &mut Tx| {
            tx.delete_hospital_visit(HospitalVisitId::new(at(0), 2))?;
            Ok::<_, StoreError>([
                tx.delete_hospital_patient(party(1), &hospital("a"))?,
                tx.delete_hospital_patient(party(1), &hospital("a"))?,
            ])
        })
        .unwrap();
    assert_eq!(deleted, [true, false]);
    database.write_blocking(|tx: &mut Tx| tx.remove_hospitals_of(party(1))).unwrap();
    let left = database
        .read_blocking(|reader| {
            Ok::<_, StoreError>((
                reader.find_hospital_patient(party(1), &hospital("b"))?,
                reader.find_hospital_visit(HospitalVisitId::new(at(0), 1))?,
                reader.list_hospital_visits(party(2), 9)?.len(),
            ))
        })
        .unwrap();
    assert_eq!(left, (None, None, 1));
});

on_both_databases!(payments_are_unsettled_until_the_money_is_here_and_told_or_back, |database| {
    begin(database);
    let rows = [
        payment(1, "created", false),
        payment(2, "captured", false),
        payment(3, "captured", true),
        payment(4, "refunding", false),
        payment(5, "failed", false),
        payment(6, "refunded", false),
    ];
    database
        .write_blocking(move |tx: &mut Tx| rows.iter().try_for_each(|row| tx.record_hospital_payment(row)))
        .unwrap();
    let unsettled = |after: Option<u128>, limit| {
        let after = after.map(|number| PaymentId::new(at(0), number));
        database.read_blocking(move |reader| reader.list_unsettled_hospital_payments(after, limit)).unwrap()
    };
    assert_eq!(
        unsettled(None, 9),
        [payment(1, "created", false), payment(2, "captured", false), payment(4, "refunding", false)]
    );
    assert_eq!((unsettled(None, 1).len(), unsettled(Some(2), 9)), (1, vec![payment(4, "refunding", false)]));
    let changed =
        HospitalPaymentRow { reference: Some("G-1".to_owned()), changed_at: at(9), ..payment(2, "captured", true) };
    let written = changed.clone();
    database.write_blocking(move |tx: &mut Tx| tx.update_hospital_payment(&written)).unwrap();
    let id = changed.id;
    assert_eq!(database.read_blocking(move |reader| reader.find_hospital_payment(id)).unwrap(), Some(changed));
    assert_eq!(unsettled(None, 9).len(), 2);
    let paying = |number| database.read_blocking(move |reader| reader.is_paying_hospital(party(number))).unwrap();
    assert_eq!((paying(1), paying(2)), (true, false));
    let known = |number| database.read_blocking(move |reader| reader.has_fetch(RequestId::new(at(0), number))).unwrap();
    assert!(!known(1));
});
