//! `POST requests`: a program files a report for somebody.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use grid::LonLat;
use identity::{Contact, Permission, Principal, Resource, Subject};
use model::ClientId;
use pack::{Category, City, FieldKind, Intake};
use sense::report::{Filer, ReportCommand, ReportError, report};
use serde_json::Value as Json;

use super::form::Form;
use super::record::{Document, Record, Value};
use super::{Errors, check_jurisdiction, service};
use crate::access::authorise;
use crate::app::App;

/// Longest address of a picture that is kept in words.
const URL_MAX: usize = 500;

/// Files the report of a form.
pub async fn post_request(app: &Arc<App>, headers: &HeaderMap, body: &[u8]) -> Result<Document, Errors> {
    check_content_type(headers)?;
    let form = Form::parse(body);
    let client = client(app, &form).await?;
    let compiled = app.current();
    check_jurisdiction(&compiled, form.get("jurisdiction_id"))?;
    let code = form.get("service_code").ok_or_else(|| Errors::bad("service_code was not provided"))?;
    let (category_id, category) = service(&compiled.city, code).ok_or_else(|| Errors::not_found("service_code"))?;
    let command = ReportCommand {
        category: category_id.clone(),
        condition: None,
        description: description(&form)?,
        point: point(&form)?,
        address: form.get("address_string").map(str::to_owned),
        evidence: Vec::new(),
        answers: answers(&compiled.city, category, &form)?,
        contact: contact(&form)?,
        channel: "open311".to_owned(),
        filer: Filer::Client(client.clone()),
        idempotency_key: crate::api::reports::parts::idempotency_key(headers)?,
    };
    check_place(&form, &command)?;
    let resource = Resource { channel: command.channel.clone(), ..Subject::Region(compiled.city.root.clone()).into() };
    authorise(
        app,
        &Principal::Client { client, regions: Vec::new(), controls: false, registers: false },
        Permission::ReportFile,
        &resource,
    )?;
    let filed = report(&app.sense(), command).await.map_err(refused)?;
    let answer = match category.intake {
        Intake::Realtime => Record::default().with("service_request_id", filed.no.as_str()),
        Intake::Batch => Record::default().with("token", filed.case_id.to_string()),
    };
    let answer =
        answer.with("service_notice", Value::Absent).with("account_id", form.get("account_id").map(str::to_owned));
    Ok(Document::List("service_requests", "request", vec![answer]))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Errors> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_form = kind.is_empty()
        || kind
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if is_form { Ok(()) } else { Err(Errors::bad("the body must be application/x-www-form-urlencoded; charset=utf-8")) }
}

/// The program whose key the form carries, within its rate.
async fn client(app: &App, form: &Form) -> Result<ClientId, Errors> {
    let key = form.get("api_key").ok_or_else(|| Errors::key("api_key was not provided"))?.to_owned();
    let found = app
        .store
        .read(move |reader| identity::find_client(reader, &key))
        .await
        .map_err(|error: store::StoreError| Errors::from(error))?;
    let client = found.ok_or_else(|| Errors::key("api_key is not valid"))?;
    app.limits.clients.take(client.to_string(), app.now()).map_err(crate::error::Refused::too_many)?;
    Ok(client)
}

/// What the reporter wrote, with the address of their picture: it is not fetched from here, staff may look.
fn description(form: &Form) -> Result<String, Errors> {
    let text = form.get("description").unwrap_or("");
    let Some(url) = form.get("media_url") else { return Ok(text.to_owned()) };
    let is_address = (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= URL_MAX
        && !url.chars().any(char::is_control);
    if !is_address {
        return Err(Errors::bad(format!("media_url must be an http or https address of at most {URL_MAX} characters")));
    }
    Ok(if text.is_empty() { url.to_owned() } else { format!("{text}\n{url}") })
}

fn point(form: &Form) -> Result<Option<LonLat>, Errors> {
    let degrees = |name: &str, text: &str| {
        text.parse::<f64>().map_err(|_| Errors::bad(format!("{name} must be a number of degrees, got {text:?}")))
    };
    match (form.get("lat"), form.get("long")) {
        (None, None) => Ok(None),
        (Some(lat), Some(long)) => {
            let point = LonLat::new(degrees("long", long)?, degrees("lat", lat)?);
            point.map(Some).map_err(|error| Errors::bad(format!("lat, long: {error}")))
        }
        _ => Err(Errors::bad("lat and long must be given together")),
    }
}

fn check_place(form: &Form, command: &ReportCommand) -> Result<(), Errors> {
    if command.point.is_some() || command.address.is_some() {
        return Ok(());
    }
    Err(match form.get("address_id") {
        Some(_) => Errors::bad("address_id is not known here; give lat and long, or address_string"),
        None => Errors::bad("a location is needed: lat and long, or address_string"),
    })
}

/// The answers in the types that the pack's form asks for.
fn answers(city: &City, category: &Category, form: &Form) -> Result<BTreeMap<String, Json>, Errors> {
    let fields = category.form.as_ref().and_then(|form| city.forms.get(form)).map_or(&[][..], Vec::as_slice);
    let mut answers = BTreeMap::new();
    let mut faults = Vec::new();
    for (code, values) in &form.attributes {
        let Some(field) = fields.iter().find(|field| field.id.as_str() == code) else {
            faults.push(format!("attribute[{code}] is not asked by this service"));
            continue;
        };
        match answer(&field.kind, values) {
            Some(answer) => drop(answers.insert(code.clone(), answer)),
            None => faults.push(format!(
                "attribute[{code}] must be one {}",
                super::services::datatype(&field.kind).unwrap_or("value")
            )),
        }
    }
    if faults.is_empty() { Ok(answers) } else { Err(Errors::many(faults)) }
}

fn answer(kind: &FieldKind, values: &[String]) -> Option<Json> {
    if matches!(kind, FieldKind::Choices { .. }) {
        return Some(Json::from(values.to_vec()));
    }
    let [value] = values else { return None };
    Some(match kind {
        FieldKind::Number { .. } | FieldKind::Stars => Json::from(value.trim().parse::<i64>().ok()?),
        _ => Json::from(value.as_str()),
    })
}

fn contact(form: &Form) -> Result<Option<Contact>, Errors> {
    let name = [form.get("first_name"), form.get("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Contact::parse(Some(&name), form.get("phone"), form.get("email")).map_err(|error| Errors::bad(error.to_string()))
}

fn refused(error: ReportError) -> Errors {
    match error {
        ReportError::Answers(faults) => Errors::many(
            faults.into_iter().map(|fault| format!("attribute[{}]: {}", fault.field, fault.message)).collect(),
        ),
        error => crate::api::reports::parts::report_refused(error).into(),
    }
}
