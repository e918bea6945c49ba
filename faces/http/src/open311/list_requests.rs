//! `GET requests`: the requests of a period, at most 90 days and 1 000 requests; pages by extension.

use std::sync::Arc;

use axum::http::HeaderMap;
use model::{CaseNo, CategoryId, Instant};
use serde::Deserialize;
use store::{CaseFilter, CaseRow, CaseSort, Reader, StoreError};

use super::record::Document;
use super::request::Words;
use super::{Errors, check_jurisdiction, locale, service};
use crate::app::App;

/// Longest period, 90 days (GeoReport v2, GET requests).
const SPAN_US: i64 = 90 * 86_400_000_000;

/// Most requests of an answer (GeoReport v2, GET requests).
const REQUESTS_MAX: usize = 1_000;

/// Most requests passed over by `page`: what is farther is found by dates.
const PASSED_MAX: usize = 20_000;

/// Rows read at once.
const CHUNK: u32 = 200;

/// What requests are asked with.
#[derive(Debug, Default, Deserialize)]
pub struct RequestsQuery {
    jurisdiction_id: Option<String>,
    service_request_id: Option<String>,
    service_code: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    status: Option<String>,
    page: Option<String>,
    page_size: Option<String>,
    extensions: Option<String>,
}

/// Lists requests, the latest first.
pub async fn list_requests(app: &Arc<App>, query: &RequestsQuery, headers: &HeaderMap) -> Result<Document, Errors> {
    let compiled = app.current();
    check_jurisdiction(&compiled, query.jurisdiction_id.as_deref())?;
    let public: Vec<CategoryId> =
        compiled.city.categories.iter().filter(|(_, category)| category.public).map(|(id, _)| id.clone()).collect();
    let is_extended = given(&query.extensions) == Some("true");
    let words = Words { app: Arc::clone(app), locale: locale(&compiled.city, headers).to_owned(), is_extended };
    if let Some(ids) = given(&query.service_request_id) {
        return by_id(app, ids, public, words).await;
    }
    let (skipped, wanted) = window(query)?;
    let codes: Vec<&str> = list(&query.service_code).collect();
    let asked: Vec<CategoryId> =
        codes.iter().filter_map(|code| service(&compiled.city, code)).map(|(id, _)| id.clone()).collect();
    let categories = if codes.is_empty() { public } else { asked };
    let filter = CaseFilter { categories, open: status(query)?, ..period(query, app.now())? };
    let read = app.store.read(move |reader| {
        // A filter without categories would mean all of them.
        let rows = if filter.categories.is_empty() { Vec::new() } else { page(reader, &filter, skipped, wanted)? };
        rows.iter().map(|row| words.record(reader, row)).collect::<Result<Vec<_>, StoreError>>()
    });
    Ok(Document::List("service_requests", "request", read.await?))
}

/// A parameter that has a value; an empty one counts as absent.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty() && *text != "null")
}

fn list(text: &Option<String>) -> impl Iterator<Item = &str> {
    given(text).into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|item| !item.is_empty())
}

/// The requests of a comma list; overrides every other parameter.
async fn by_id(app: &Arc<App>, ids: &str, public: Vec<CategoryId>, words: Words) -> Result<Document, Errors> {
    let numbers: Vec<CaseNo> = ids.split(',').filter_map(|id| id.trim().parse().ok()).take(REQUESTS_MAX).collect();
    let read = app.store.read(move |reader| {
        let mut records = Vec::new();
        for numbers in numbers.chunks(CHUNK as usize) {
            let filter = CaseFilter { numbers: numbers.to_vec(), ..CaseFilter::default() };
            let rows = reader.list_cases(&filter, CaseSort::Opened, None, CHUNK)?.items;
            for row in rows.iter().filter(|row| public.contains(&row.category)) {
                records.push(words.record(reader, row)?);
            }
        }
        Ok::<_, StoreError>(records)
    });
    Ok(Document::List("service_requests", "request", read.await?))
}

/// How many requests to pass over and to give.
fn window(query: &RequestsQuery) -> Result<(usize, usize), Errors> {
    let number = |name: &str, text: &Option<String>, max: usize| match given(text) {
        None => Ok(None),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if (1..=max).contains(&number) => Ok(Some(number)),
            _ => Err(Errors::bad(format!("{name} must be 1 to {max}, got {text:?}"))),
        },
    };
    let page = number("page", &query.page, PASSED_MAX)?.unwrap_or(1);
    let size = number("page_size", &query.page_size, REQUESTS_MAX)?.unwrap_or(REQUESTS_MAX);
    let skipped = (page - 1) * size;
    if skipped > PASSED_MAX {
        return Err(Errors::bad(format!(
            "page {page} lies beyond the first {PASSED_MAX} requests; narrow start_date and end_date"
        )));
    }
    Ok((skipped, size))
}

fn status(query: &RequestsQuery) -> Result<Option<bool>, Errors> {
    let (mut open, mut closed) = (false, false);
    for word in list(&query.status) {
        match word {
            "open" => open = true,
            "closed" => closed = true,
            _ => return Err(Errors::bad(format!("status must be open or closed, got {word:?}"))),
        }
    }
    Ok(if open == closed { None } else { Some(open) })
}

fn period(query: &RequestsQuery, now: Instant) -> Result<CaseFilter, Errors> {
    let date = |name: &str, text: &Option<String>| {
        let parsed = given(text).map(str::parse::<Instant>).transpose();
        parsed.map_err(|_| {
            Errors::bad(format!("{name} must be a date and time with a zone, such as 2026-11-23T08:00:00Z"))
        })
    };
    let (start, end) = (date("start_date", &query.start_date)?, date("end_date", &query.end_date)?);
    let (from, to) = match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, start.plus_micros(SPAN_US)),
        (None, Some(end)) => (end.plus_micros(-SPAN_US), end),
        (None, None) => (now.plus_micros(-SPAN_US), now),
    };
    if to < from {
        return Err(Errors::bad("end_date must not be before start_date"));
    }
    if to.micros_since(from) > SPAN_US {
        return Err(Errors::bad("start_date and end_date may not span more than 90 days"));
    }
    // Both ends are included.
    Ok(CaseFilter { opened_from: Some(from), opened_before: Some(to.plus_micros(1)), ..CaseFilter::default() })
}

fn page(reader: &mut Reader, filter: &CaseFilter, skipped: usize, wanted: usize) -> Result<Vec<CaseRow>, StoreError> {
    let (mut rows, mut cursor, mut passed) = (Vec::new(), None, 0);
    while rows.len() < wanted {
        let page = reader.list_cases(filter, CaseSort::Opened, cursor, CHUNK)?;
        for row in page.items {
            passed += 1;
            if passed > skipped && rows.len() < wanted {
                rows.push(row);
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> RequestsQuery {
        let get = |name: &str| pairs.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
        RequestsQuery {
            start_date: get("start_date"),
            end_date: get("end_date"),
            status: get("status"),
            page: get("page"),
            page_size: get("page_size"),
            ..RequestsQuery::default()
        }
    }

    #[test]
    fn periods_span_at_most_90_days() {
        let now: Instant = "2026-11-23T08:00:00Z".parse().unwrap();
        for (pairs, expect) in [
            (&[][..], Ok(("2026-08-25T08:00:00Z", "2026-11-23T08:00:00.000001Z"))),
            (&[("start_date", "2026-01-01T00:00:00Z")], Ok(("2026-01-01T00:00:00Z", "2026-04-01T00:00:00.000001Z"))),
            (&[("end_date", "2026-04-01T08:00:00+08:00")], Ok(("2026-01-01T00:00:00Z", "2026-04-01T00:00:00.000001Z"))),
            (&[("start_date", "null"), ("end_date", "")], Ok(("2026-08-25T08:00:00Z", "2026-11-23T08:00:00.000001Z"))),
            (
                &[("start_date", "2026-01-01")],
                Err("start_date must be a date and time with a zone, such as 2026-11-23T08:00:00Z"),
            ),
            (
                &[("start_date", "2026-01-01T00:00:00Z"), ("end_date", "2026-04-01T00:00:01Z")],
                Err("start_date and end_date may not span more than 90 days"),
            ),
            (
                &[("start_date", "2026-01-02T00:00:00Z"), ("end_date", "2026-01-01T00:00:00Z")],
                Err("end_date must not be before start_date"),
            ),
        ] {
            let found = period(&query(pairs), now);
            let shown = found
                .map(|filter| (filter.opened_from.unwrap().to_string(), filter.opened_before.unwrap().to_string()));
            let expect = expect.map(|(from, before)| (from.to_owned(), before.to_owned())).map_err(Errors::bad);
            assert_eq!(shown, expect, "{pairs:?}");
        }
    }

    #[test]
    fn pages_and_states_are_checked() {
        for (pairs, expect) in [
            (&[][..], Ok((0, 1_000))),
            (&[("page", "3"), ("page_size", "50")], Ok((100, 50))),
            (&[("page", "0")], Err("page must be 1 to 20000, got \"0\"")),
            (&[("page_size", "1001")], Err("page_size must be 1 to 1000, got \"1001\"")),
            (&[("page", "22")], Err("page 22 lies beyond the first 20000 requests; narrow start_date and end_date")),
        ] {
            assert_eq!(window(&query(pairs)), expect.map_err(Errors::bad), "{pairs:?}");
        }
        for (word, expect) in
            [("", Ok(None)), ("open", Ok(Some(true))), ("closed", Ok(Some(false))), ("open,closed", Ok(None))]
        {
            assert_eq!(status(&query(&[("status", word)])), expect, "{word}");
        }
        assert!(status(&query(&[("status", "pending")])).is_err());
    }
}
