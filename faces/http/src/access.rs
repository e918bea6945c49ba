//! Asking the policies: what is asked about, in the words of the policies, and the refusal when the answer is no.

use std::sync::Arc;

use identity::{Agent, Decision, Grant, Permission, Principal, Resource, Subject};
use model::{Case, CaseId, CaseNo, Event, PartyId, ServiceId};
use pack::{Audience, City, Compiled};
use store::{CaseScope, MandateAct, MandateActRow, Reader, StoreError, Tx};

use crate::app::App;
use crate::convert::cases::offices_of;
use crate::error::{Refused, failed};

/// The cases that somebody may see in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    Everywhere,
    /// Those in any of these parts; at least one.
    Parts(Vec<CaseScope>),
    /// None.
    Nowhere,
}

impl Reach {
    /// The parts for a filter, where none means everywhere; `None` for nowhere.
    pub fn within(self) -> Option<Vec<CaseScope>> {
        match self {
            Self::Everywhere => Some(Vec::new()),
            Self::Parts(parts) => Some(parts),
            Self::Nowhere => None,
        }
    }
}

/// What a member of staff may see in lists: the regions of posts that carry the permission, and from any other post
/// what its office has in hand within its region.
pub fn reach(app: &App, principal: &Principal, permission: Permission) -> Reach {
    let compiled = app.current();
    let city = &*compiled.city;
    let whole = app.policy.posts_with(city, principal, permission);
    if whole.iter().any(|grant| grant.region == city.root) {
        return Reach::Everywhere;
    }
    let part = |grant: &Grant, is_whole: bool| {
        let path = city.region_path(&grant.region);
        let office = (!is_whole).then(|| grant.office.clone());
        (!path.is_empty()).then_some(CaseScope { region_path: Some(path), office })
    };
    let in_hand = permission == Permission::CaseRead;
    let grants = principal.grants().iter();
    let parts: Vec<CaseScope> = grants
        .map(|grant| (grant, whole.contains(&grant)))
        .filter(|(_, is_whole)| *is_whole || in_hand)
        .filter_map(|(grant, is_whole)| part(grant, is_whole))
        .collect();
    if parts.is_empty() { Reach::Nowhere } else { Reach::Parts(parts) }
}

/// Asks the policies.
///
/// # Errors
/// 401 for a visitor, 403 for anybody else, when the answer is no.
pub fn authorise(
    app: &App,
    principal: &Principal,
    permission: Permission,
    resource: &Resource,
) -> Result<Option<Grant>, Refused> {
    match app.policy.decide(&app.current().city, principal, permission, resource) {
        Decision::Allowed(grant) => Ok(grant),
        Decision::Denied if *principal == Principal::Visitor => Err(Refused::not_signed_in()),
        Decision::Denied if matches!(principal, Principal::Agent(_)) => Err(Refused::not_for_others()),
        Decision::Denied => Err(Refused::forbidden()),
    }
}

/// Writes down what somebody does for another before it is done, once an hour for the same; what events of a case tell of
/// is written with them.
///
/// # Errors
/// [`Refused`] when it cannot be written: then it is not done either.
pub async fn record_act(
    app: &App,
    agent: &Agent,
    act: MandateAct,
    (service, case_no): (Option<ServiceId>, Option<CaseNo>),
) -> Result<(), Refused> {
    let (at, agent) = (app.now(), agent.clone());
    let written = app.store.write(move |tx: &mut Tx| {
        let row = MandateActRow {
            id: tx.new_event_id(at),
            at,
            mandate: agent.mandate,
            agent: agent.party,
            represented: agent.on_behalf_of,
            act,
            service,
            case_no,
            action: None,
        };
        tx.record_mandate_act(&row, true)
    });
    Ok(written.await?)
}

/// A service as the policies see it; `None` when the city has none of that id.
pub fn service_subject(city: &City, id: &ServiceId) -> Option<Subject> {
    let audience = &city.services.get(id)?.audience;
    Some(Subject::Service {
        id: id.clone(),
        persons: audience.is_empty() || audience.contains(&Audience::Person),
        organisations: audience.contains(&Audience::Enterprise),
    })
}

/// A case as the policies see it.
pub fn case_subject(case: &Case, city: &City) -> Subject {
    let reporters = std::iter::once(&case.reporter).chain(&case.joined).filter_map(|reporter| reporter.party);
    Subject::Case {
        region: case.place.region.clone(),
        offices: offices_of(case),
        reporters: reporters.collect::<Vec<PartyId>>(),
        is_public: is_public(city, &case.category),
        service: case.application.as_ref().map(|application| application.service.clone()),
    }
}

/// Whether cases of a category may be seen by everybody.
pub fn is_public(city: &City, category: &model::CategoryId) -> bool {
    city.categories.get(category).is_some_and(|category| category.public)
}

/// A case with its history and the pack it began under.
pub struct Loaded {
    /// The case.
    pub case: Case,
    /// Its events.
    pub events: Vec<Event>,
    /// Its pack.
    pub compiled: Arc<Compiled>,
}

/// Finds a case by its id or number and folds it.
///
/// # Errors
/// 404 when there is none.
pub fn load(reader: &mut Reader, packs: &pack::Packs, name: &str) -> Result<Loaded, Refused> {
    let id = find_id(reader, name)?.ok_or_else(|| Refused::not_found("case"))?;
    let events = reader.load_events(id)?;
    if events.is_empty() {
        return Err(Refused::not_found("case"));
    }
    let case = Case::fold(&events).map_err(|error| Refused::from(StoreError::from(error)))?;
    let compiled = packs.get(&case.pack).ok_or_else(|| {
        tracing::error!(pack = %case.pack, "a case began under a pack that is not in the archive");
        failed()
    })?;
    Ok(Loaded { case, events, compiled })
}

fn find_id(reader: &mut Reader, name: &str) -> Result<Option<CaseId>, StoreError> {
    if let Ok(id) = name.parse::<CaseId>() {
        return Ok(Some(id));
    }
    match name.parse::<CaseNo>() {
        Ok(no) => reader.find_case_id(&no),
        Err(_) => Ok(None),
    }
}

/// A case that the caller may read as staff.
///
/// # Errors
/// 401, 403, or 404.
pub async fn load_for_staff(app: &App, principal: &Principal, name: &str) -> Result<Loaded, Refused> {
    if *principal == Principal::Visitor {
        return Err(Refused::not_signed_in());
    }
    let (packs, name) = (Arc::clone(&app.packs), name.to_owned());
    let loaded = app.store.read(move |reader| load(reader, &packs, &name)).await?;
    let resource = case_subject(&loaded.case, &loaded.compiled.city).into();
    authorise(app, principal, Permission::CaseRead, &resource)?;
    Ok(loaded)
}

/// A report that the caller may read as its reporter, with whether they proved it by the report's secret.
///
/// # Errors
/// 404 when there is none or it is somebody else's: the two must look the same.
pub async fn load_for_reporter(
    app: &App,
    principal: &Principal,
    name: &str,
    secret: Option<&str>,
) -> Result<(Loaded, bool), Refused> {
    let not_found = || Refused::not_found("report");
    let secret_hash = secret.map(sense::report::secret_hash);
    let (packs, name) = (Arc::clone(&app.packs), name.to_owned());
    let (loaded, holds_secret) = app
        .store
        .read(move |reader| {
            let loaded = load(reader, &packs, &name)?;
            let opened = secret_hash.map_or(Ok(None), |hash| reader.find_case_by_secret(&hash))?;
            let holds_secret = opened == Some(loaded.case.id);
            Ok::<_, Refused>((loaded, holds_secret))
        })
        .await
        .map_err(|refused| if refused.status() == axum::http::StatusCode::NOT_FOUND { not_found() } else { refused })?;
    let resource = Resource { holds_secret, ..case_subject(&loaded.case, &loaded.compiled.city).into() };
    match authorise(app, principal, Permission::ReportRead, &resource) {
        Ok(_) => {}
        Err(_) => return Err(not_found()),
    }
    if let Principal::Agent(agent) = principal {
        let application = loaded.case.application.as_ref();
        let about = (application.map(|application| application.service.clone()), Some(loaded.case.no.clone()));
        record_act(app, agent, MandateAct::Read, about).await?;
    }
    Ok((loaded, holds_secret))
}
