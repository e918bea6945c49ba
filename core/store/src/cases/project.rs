//! Writes the projections of one case, as few statements and as few columns as changed.

use std::fmt::Write;

use model::{Case, EvidenceId, PartyId, Step};

use super::row::Projection;
use crate::db::{ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::Tx;

/// Rows of steps, members or evidence per statement. A step binds 15 values, SQLite takes 32 766
/// (sqlite.org/limits.html §9); a smaller number keeps the number of different texts small.
const ROWS_PER_INSERT: usize = 40;

const STEP_COLUMNS: usize = 15;
const INSERT_STEPS: &str = "INSERT INTO case_steps (case_key, seq, state, stage, role, office, clock, assignee, done_by, entered_at_us, \
     left_at_us, left_by, due_at_us, exempt, settles_at_us) VALUES ";
const ON_STEP_KNOWN: &str = " ON CONFLICT (case_key, seq) DO UPDATE SET role = excluded.role, office = excluded.office, clock = excluded.clock, \
     assignee = excluded.assignee, done_by = excluded.done_by, left_at_us = excluded.left_at_us, left_by = excluded.left_by, \
     due_at_us = excluded.due_at_us, exempt = excluded.exempt, settles_at_us = excluded.settles_at_us";

/// Writes every projection of a case that begins; `key` is the position of its first event.
pub(crate) fn create(tx: &mut Tx, case: &Case, key: i64, region_path: &str) -> Result<(), StoreError> {
    let mut sql = String::from("INSERT INTO cases (key");
    Projection::columns().for_each(|column| sql.extend([", ", column]));
    sql.push_str(") VALUES ");
    let mut values = vec![Value::Int(key)];
    values.extend(Projection::of(case, region_path).values);
    push_tuples(&mut sql, 1, values.len());
    sql.push_str(" ON CONFLICT DO NOTHING");
    if tx.execute(&sql, &values)? == 0 {
        let version = tx.query_opt("SELECT version FROM cases WHERE id = $1", params![case.id])?;
        return Err(match version {
            Some(mut row) => StoreError::Conflict { case: case.id, expected: 0, found: row.next("cases.version")? },
            None => StoreError::Exists { what: "the case number or the id in the source system".to_owned() },
        });
    }
    write_steps(tx, key, &case.steps.iter().collect::<Vec<_>>())?;
    write_visits(tx, key, case, 0)?;
    write_licences(tx, key, case, None)?;
    write_payments(tx, key, case, None)?;
    write_members(tx, key, "reporter", case.reporter.party.into_iter().collect())?;
    write_members(tx, key, "joined", case.joined.iter().filter_map(|reporter| reporter.party).collect())?;
    write_evidence(tx, key, &evidence_of(case))
}

/// Writes what changed; `before` is the case as its row was written.
pub(crate) fn update(tx: &mut Tx, before: &Case, case: &Case, region_path: &str) -> Result<(), StoreError> {
    let key = update_row(tx, before, case, region_path)?;
    let changed: Vec<&Step> = case
        .steps
        .iter()
        .enumerate()
        .filter(|(index, step)| before.steps.get(*index) != Some(step))
        .map(|(_, step)| step)
        .collect();
    write_steps(tx, key, &changed)?;
    let same = before.bookings.iter().zip(&case.bookings).take_while(|(old, new)| old == new).count();
    write_visits(tx, key, case, same)?;
    write_licences(tx, key, case, Some(before))?;
    write_payments(tx, key, case, Some(before))?;
    let joined = case.joined.iter().skip(before.joined.len()).filter_map(|reporter| reporter.party).collect();
    write_members(tx, key, "joined", joined)?;
    let known = evidence_of(before);
    let new: Vec<_> = evidence_of(case).into_iter().filter(|pair| !known.contains(pair)).collect();
    write_evidence(tx, key, &new)
}

/// Updates only the columns that changed: an index whose columns are not named is not touched.
fn update_row(tx: &mut Tx, before: &Case, case: &Case, region_path: &str) -> Result<i64, StoreError> {
    let old = Projection::of(before, region_path).values;
    let new = Projection::of(case, region_path).values;
    let mut sql = String::from("UPDATE cases SET ");
    let mut values = vec![case.id.to_value(), before.version.to_value()];
    for ((column, new), old) in Projection::columns().zip(new).zip(old) {
        if new != old {
            let comma = if values.len() > 2 { ", " } else { "" };
            values.push(new);
            write!(sql, "{comma}{column} = ${}", values.len()).expect("a string takes every byte");
        }
    }
    sql.push_str(" WHERE id = $1 AND version = $2 RETURNING key");
    if let Some(mut row) = tx.query_opt(&sql, &values)? {
        return row.next("cases.key");
    }
    let row = tx.query_opt("SELECT version FROM cases WHERE id = $1", params![case.id])?;
    let found = row.map_or(Ok(0), |mut row| row.next("cases.version"))?;
    Err(StoreError::Conflict { case: case.id, expected: before.version, found })
}

fn write_steps(tx: &mut Tx, key: i64, steps: &[&Step]) -> Result<(), StoreError> {
    for steps in steps.chunks(ROWS_PER_INSERT) {
        let mut sql = String::from(INSERT_STEPS);
        push_tuples(&mut sql, steps.len(), STEP_COLUMNS);
        sql.push_str(ON_STEP_KNOWN);
        let values: Vec<Value> = steps.iter().flat_map(|step| step_values(key, step)).collect();
        tx.execute(&sql, &values)?;
    }
    Ok(())
}

fn step_values(key: i64, step: &Step) -> [Value; STEP_COLUMNS] {
    let task = step.task.as_ref();
    // Nobody owes a final state: such a step never settles.
    let settles_at = if task.is_some() { step.left_at.or(step.due_at) } else { None };
    [
        key.to_value(),
        step.seq.to_value(),
        step.state.to_value(),
        step.stage.to_value(),
        task.map(|task| &task.role).to_value(),
        task.map(|task| &task.office).to_value(),
        task.map(|task| task.clock).to_value(),
        task.and_then(|task| task.assignee).to_value(),
        step.done_by.to_value(),
        step.entered_at.to_value(),
        step.left_at.to_value(),
        step.left_by.to_value(),
        step.due_at.to_value(),
        step.exempt.to_value(),
        settles_at.to_value(),
    ]
}

/// Writes payments that changed since `before`.
fn write_payments(tx: &mut Tx, key: i64, case: &Case, before: Option<&Case>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO payments (id, case_key, case_id, state, amount, reference, created_at_us, changed_at_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, reference = excluded.reference, changed_at_us = excluded.changed_at_us";
    for (id, payment) in &case.payments {
        if before.is_some_and(|before| before.payments.get(id) == Some(payment)) {
            continue;
        }
        let (state, times) = (payment.settling().as_str(), (payment.created_at, payment.changed_at));
        tx.execute(SQL, params![*id, key, case.id, state, payment.amount, payment.reference, times.0, times.1])?;
    }
    Ok(())
}

/// Writes licences that were issued or revoked since `before`.
fn write_licences(tx: &mut Tx, key: i64, case: &Case, before: Option<&Case>) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO licences (id, case_key, service, party, list_index, issued_at_us, expires_at_us, revoked_at_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET revoked_at_us = excluded.revoked_at_us";
    let Some(application) = &case.application else { return Ok(()) };
    for (licence, issue) in &case.licences {
        if before.is_some_and(|before| before.licences.get(licence) == Some(issue)) {
            continue;
        }
        let (service, party) = (&application.service, case.reporter.party);
        let values =
            params![*licence, key, service, party, issue.index, issue.issued_at, issue.expires_at, issue.revoked_at];
        tx.execute(SQL, values)?;
    }
    Ok(())
}

/// Writes the bookings after the first `same` ones. What was given back is written before what is taken.
fn write_visits(tx: &mut Tx, key: i64, case: &Case, same: usize) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO visits (case_key, seq, service, place, starts_at_us, ends_at_us, seat, party, state, ticket)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (case_key, seq) DO UPDATE SET state = excluded.state, ticket = excluded.ticket";
    let Some(application) = &case.application else { return Ok(()) };
    for (seq, booking) in (1_u32..).zip(&case.bookings).skip(same) {
        let visit = &booking.visit;
        let (service, party, state) = (&application.service, case.reporter.party, booking.state.as_str());
        let times = (visit.starts_at, visit.ends_at);
        tx.execute(
            SQL,
            params![
                key,
                seq,
                service,
                visit.place,
                times.0,
                times.1,
                u32::from(visit.seat),
                party,
                state,
                booking.ticket
            ],
        )?;
    }
    Ok(())
}

fn write_members(tx: &mut Tx, key: i64, kind: &str, parties: Vec<PartyId>) -> Result<(), StoreError> {
    for party in parties {
        tx.execute(
            "INSERT INTO case_members (party, case_key, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![party, key, kind],
        )?;
    }
    Ok(())
}

/// Every file of a case. What a correction took out of an application stays with it, and is erased with it.
fn evidence_of(case: &Case) -> Vec<(&str, EvidenceId)> {
    let attached = case.evidence.iter().flat_map(|(purpose, files)| files.iter().map(|file| (purpose.as_str(), *file)));
    let dropped = case.corrections.iter().flat_map(|correction| &correction.dropped);
    attached.chain(dropped.map(|file| ("report", *file))).collect()
}

fn write_evidence(tx: &mut Tx, key: i64, evidence: &[(&str, EvidenceId)]) -> Result<(), StoreError> {
    for (purpose, file) in evidence {
        tx.execute(
            "INSERT INTO case_evidence (evidence, case_key, purpose) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![file, key, *purpose],
        )?;
    }
    Ok(())
}

/// Appends `($1, $2), ($3, $4) …`.
pub(crate) fn push_tuples(sql: &mut String, rows: usize, columns: usize) {
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { ", " };
            write!(sql, "{comma}${}", row * columns + column).expect("a string takes every byte");
        }
        sql.push(')');
    }
}
