//! What the endpoints of applications share.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::{Agent, Basis, Given, Permission, Principal, Subject, VaultError};
use model::{Actor, Instant, PartyId, ServiceId};
use sense::apply::{ApplyError, HandedInBy, draft_kept_until};
use sense::correct::is_correctable;
use sense::material::list_materials;
use serde::Serialize;
use store::MandateAct;

use crate::access::{Loaded, authorise, case_subject, load_for_reporter, record_act, service_subject};
use crate::api::cases::parts::field_problems;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::corrections::corrections;
use crate::convert::fields::field;
use crate::convert::materials::material_view;
use crate::convert::prefill::provenances;
use crate::convert::{text, time};
use crate::error::{Refused, failed};
use crate::wire;

/// The service of a path.
///
/// # Errors
/// 404 when the word is none.
pub fn service_id(id: &str) -> Result<ServiceId, Refused> {
    id.parse().map_err(|_| Refused::not_found("service"))
}

/// The resident who applies.
///
/// # Errors
/// 401 for a visitor, 403 for anybody but a resident.
pub fn applicant(app: &App, caller: &Caller) -> Result<PartyId, Refused> {
    authorise(app, &caller.principal, Permission::ServiceApply, &Subject::City.into())?;
    match caller.principal {
        Principal::Resident { party } => Ok(party),
        _ => Err(Refused::forbidden()),
    }
}

/// Whose data somebody sees the trail of: their own, or that of the child they act for; the latter is written down first.
///
/// # Errors
/// 401 for a visitor, 403 for anybody else.
pub async fn trail_of(app: &App, caller: &Caller) -> Result<PartyId, Refused> {
    authorise(app, &caller.principal, Permission::TrailRead, &Subject::City.into())?;
    if let Principal::Agent(agent) = &caller.principal {
        record_act(app, agent, MandateAct::Trail, (None, None)).await?;
    }
    caller.principal.subject().ok_or_else(Refused::forbidden)
}

/// Whose application it is, and who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Whose it is.
    pub party: PartyId,
    /// Who acts for them, when they do not act themselves.
    pub agent: Option<Agent>,
}

impl Applicant {
    /// Who is written into events.
    pub fn actor(&self) -> Actor {
        match &self.agent {
            None => Actor::Resident { party: self.party },
            Some(agent) => Actor::Agent { party: agent.party, on_behalf_of: self.party, mandate: agent.mandate },
        }
    }

    /// Who hands an application in.
    pub fn handed_in_by(&self) -> HandedInBy {
        match &self.agent {
            None => HandedInBy::Applicant,
            Some(Agent { party, mandate, post: Some((office, role)), .. }) => {
                HandedInBy::Official { party: *party, role: role.clone(), office: office.clone(), mandate: *mandate }
            }
            Some(agent) => HandedInBy::Agent { party: agent.party, mandate: agent.mandate },
        }
    }

    /// Whether something about a service is within what they may see.
    pub fn covers(&self, service: &ServiceId) -> bool {
        self.agent.as_ref().is_none_or(|agent| agent.covers(service))
    }
}

/// Who applies for a service, for themselves or for another; what is done for another is written down first.
///
/// # Errors
/// 401 for a visitor, 403 for who may not, 409 where it is not for such an applicant.
pub async fn applying(
    app: &App,
    caller: &Caller,
    service: &ServiceId,
    permission: Permission,
    act: MandateAct,
) -> Result<Applicant, Refused> {
    let subject = service_subject(&app.current().city, service);
    let subject = subject.ok_or_else(|| apply_refused(ApplyError::NotHere(service.clone())))?;
    let is_right_audience = match (&caller.principal, &subject) {
        (Principal::Agent(agent), Subject::Service { persons, organisations, .. }) => {
            if agent.is_organisation {
                *organisations
            } else {
                *persons
            }
        }
        (Principal::Resident { .. }, Subject::Service { persons, .. }) => *persons,
        _ => true,
    };
    if !is_right_audience {
        let words = "this service is for the other kind of applicant: people, or organisations that people act for";
        return Err(Refused::new(StatusCode::CONFLICT, "other_audience", words));
    }
    authorise(app, &caller.principal, permission, &subject.into())?;
    match &caller.principal {
        Principal::Resident { party } => Ok(Applicant { party: *party, agent: None }),
        Principal::Agent(agent) => {
            record_act(app, agent, act, (Some(service.clone()), None)).await?;
            Ok(Applicant { party: agent.on_behalf_of, agent: Some(agent.clone()) })
        }
        _ => Err(Refused::forbidden()),
    }
}

/// Who acts on an application that was handed in: the applicant, or who acts for them within their mandate.
///
/// # Errors
/// 401 for a visitor, 404 for an application of others.
pub async fn acting_on(app: &App, caller: &Caller, case_no: &str) -> Result<Applicant, Refused> {
    let Principal::Agent(agent) = &caller.principal else {
        return Ok(Applicant { party: applicant(app, caller)?, agent: None });
    };
    let (loaded, _) = load_for_reporter(app, &caller.principal, case_no, None).await?;
    let resource = case_subject(&loaded.case, &loaded.compiled.city).into();
    authorise(app, &caller.principal, Permission::ReportAct, &resource)?;
    Ok(Applicant { party: agent.on_behalf_of, agent: Some(agent.clone()) })
}

/// Whose applications are asked for: the caller's, or those of whom they act for.
///
/// # Errors
/// 401 for a visitor, 403 for anybody but a resident; officials at a window see no lists.
pub fn represented(app: &App, caller: &Caller) -> Result<Applicant, Refused> {
    match &caller.principal {
        Principal::Agent(agent) if agent.basis != Basis::Counter => {
            Ok(Applicant { party: agent.on_behalf_of, agent: Some(agent.clone()) })
        }
        Principal::Agent(_) => Err(Refused::not_for_others()),
        _ => Ok(Applicant { party: applicant(app, caller)?, agent: None }),
    }
}

/// When a draft will be forgotten.
pub fn kept_until(updated_at: Instant) -> wire::Time {
    time(draft_kept_until(updated_at))
}

/// Personal data: never kept by anything on the way.
pub fn private(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answers of an application with the questions as they were asked.
///
/// # Errors
/// 404 when the case is none or its pack has lost the service.
pub async fn answers_view(
    app: &App,
    loaded: &Loaded,
    given: Given,
    reader: Option<PartyId>,
) -> Result<wire::ApplicationAnswers, Refused> {
    let application = loaded.case.application.as_ref().ok_or_else(|| Refused::not_found("application"))?;
    let city = &loaded.compiled.city;
    let (service, form) = sense::apply::find_form(city, &application.service).map_err(apply_refused)?;
    let materials = list_materials(&app.sense(), form, &given.answers, loaded.case.opened_at).await?;
    let now = app.now();
    Ok(wire::ApplicationAnswers {
        materials: materials.iter().map(|material| material_view(city, material, now)).collect(),
        service: application.service.to_string(),
        title: text(&service.title),
        fields: form.iter().map(|asked| field(city, asked, None)).collect(),
        provenance: provenances(city, &given.provenance),
        answers: given.answers,
        commitment: application.commitment.to_string(),
        version: loaded.case.version,
        correctable: is_correctable(&loaded.case, city),
        corrections: corrections(&loaded.case, &loaded.events, city, reader),
    })
}

/// Why an application or its draft was not taken.
pub fn apply_refused(error: ApplyError) -> Refused {
    match error {
        ApplyError::NotHere(_) => Refused::new(StatusCode::NOT_FOUND, "not_here", error.to_string()),
        ApplyError::Answers(faults) => Refused::fields(field_problems(faults)),
        ApplyError::Licence { field, fault } => Refused::field(&field, fault.to_string()).with_code(fault.as_str()),
        ApplyError::KeyUsed => Refused::parameter("idempotency-key", error.to_string()),
        ApplyError::DraftMoved { .. } => Refused::new(StatusCode::CONFLICT, "draft_moved", error.to_string()),
        ApplyError::Pack(error) => {
            tracing::error!(%error, "the pack cannot open a case for an application");
            Refused::new(
                StatusCode::CONFLICT,
                "pack_fault",
                "the city's rules cannot take this application; the operator has been told",
            )
        }
        ApplyError::Vault(error) => vault_refused(error),
        ApplyError::Store(error) => error.into(),
    }
}

/// Why sealed data was not opened.
pub fn vault_refused(error: VaultError) -> Refused {
    match error {
        VaultError::NotFound | VaultError::Erased => Refused::not_found("record"),
        VaultError::Purpose => Refused::parameter("purpose", error.to_string()),
        VaultError::Store(error) => error.into(),
        VaultError::Damaged | VaultError::File { .. } | VaultError::Shape { .. } | VaultError::Open { .. } => {
            tracing::error!(%error, "a sealed record could not be opened");
            failed()
        }
    }
}
