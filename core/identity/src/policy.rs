//! Authorisation: one policy set (Cedar), deny by default, with jurisdiction in every decision about a place.
//!
//! The engine is asked once per post, so that a role held for one office never lends its powers to another.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision as CedarDecision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use model::{ClientId, Grant, OfficeId, PartyId, RegionId, ServiceId};
use pack::City;
use store::Basis;

use crate::mandates::{Agent, MandateScope};
use crate::principal::Principal;

/// The policies.
const POLICIES: &str = include_str!("../policies/dipper.cedar");

/// What they speak of.
const SCHEMA: &str = include_str!("../policies/dipper.cedarschema");

/// Something that may be asked for. The words are those of the packs' roles and of the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See a case as staff.
    CaseRead,
    /// Try an action on a case; the process says which.
    CaseAct,
    /// Open the sealed contact of a reporter.
    ContactRead,
    /// Open the sealed answers of an application.
    AnswersRead,
    /// Take answers of many applications at once.
    AnswersExtract,
    /// Look without the person knowing of it before a day.
    LookSeal,
    /// Apply for a service, and see who looked at one's data.
    ServiceApply,
    /// Have departments asked for what a form needs.
    DepartmentsAsk,
    /// File applications at a window for who stands there.
    CounterFile,
    /// See who looked at somebody's data and what was done for them.
    TrailRead,
    /// Sign in to another program as somebody who acts for an organisation.
    OrganisationTell,
    /// File a report.
    ReportFile,
    /// See a report as its reporter.
    ReportRead,
    /// Act on a report as its reporter.
    ReportAct,
    /// See what everybody may see of a case, and join it.
    CaseFollow,
    /// See indicators.
    IndicatorRead,
    /// See devices and what they measure.
    DeviceRead,
    /// Register devices, shut them out, give them passwords.
    DeviceManage,
    /// Put devices up in the field: say where they stand, and see them speak for the first time.
    DeviceInstall,
    /// Take note of alarms, put them aside, close them.
    AlarmHandle,
    /// Tell devices what to do, confirm what others ask for, run scenes.
    DeviceControl,
    /// Watch what cameras show, and what was recorded of it.
    CameraView,
    /// See inspections, what was found and the baselines.
    InspectionRead,
    /// Do inspections.
    InspectionRun,
    /// Set the baselines that photographs are compared with.
    InspectionManage,
    /// See flights: what aircraft have seen, and what has changed between two of them.
    FlightRead,
    /// Bring in what aircraft have seen: send its files, seal them as a flight.
    FlightImport,
    /// See the whole pack.
    PackRead,
    /// See the whole ledger's state.
    LedgerRead,
    /// Manage accounts.
    UserManage,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 30] = [
        Self::CaseRead,
        Self::CaseAct,
        Self::ContactRead,
        Self::AnswersRead,
        Self::AnswersExtract,
        Self::LookSeal,
        Self::ServiceApply,
        Self::DepartmentsAsk,
        Self::CounterFile,
        Self::TrailRead,
        Self::OrganisationTell,
        Self::ReportFile,
        Self::ReportRead,
        Self::ReportAct,
        Self::CaseFollow,
        Self::IndicatorRead,
        Self::DeviceRead,
        Self::DeviceManage,
        Self::DeviceInstall,
        Self::AlarmHandle,
        Self::DeviceControl,
        Self::CameraView,
        Self::InspectionRead,
        Self::InspectionRun,
        Self::InspectionManage,
        Self::FlightRead,
        Self::FlightImport,
        Self::PackRead,
        Self::LedgerRead,
        Self::UserManage,
    ];

    /// The word of the policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaseRead => "case.read",
            Self::CaseAct => "case.act",
            Self::ContactRead => "contact.read",
            Self::AnswersRead => "answers.read",
            Self::AnswersExtract => "answers.extract",
            Self::LookSeal => "look.seal",
            Self::ServiceApply => "service.apply",
            Self::DepartmentsAsk => "departments.ask",
            Self::CounterFile => "counter.file",
            Self::TrailRead => "trail.read",
            Self::OrganisationTell => "organisation.tell",
            Self::ReportFile => "report.file",
            Self::ReportRead => "report.read",
            Self::ReportAct => "report.act",
            Self::CaseFollow => "case.follow",
            Self::IndicatorRead => "indicator.read",
            Self::DeviceRead => "device.read",
            Self::DeviceManage => "device.manage",
            Self::DeviceInstall => "device.install",
            Self::AlarmHandle => "alarm.handle",
            Self::DeviceControl => "device.control",
            Self::CameraView => "camera.view",
            Self::InspectionRead => "inspection.read",
            Self::InspectionRun => "inspection.run",
            Self::InspectionManage => "inspection.manage",
            Self::FlightRead => "flight.read",
            Self::FlightImport => "flight.import",
            Self::PackRead => "pack.read",
            Self::LedgerRead => "ledger.read",
            Self::UserManage => "user.manage",
        }
    }
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A case.
    Case {
        /// The region of its place.
        region: RegionId,
        /// Every office that has or had it in hand.
        offices: Vec<OfficeId>,
        /// Everybody who reported or joined it with an account.
        reporters: Vec<PartyId>,
        /// Whether its category is open to the public.
        is_public: bool,
        /// The service it applies for; absent for a report.
        service: Option<ServiceId>,
    },
    /// A service that is applied for.
    Service {
        /// Which.
        id: ServiceId,
        /// Whether people apply for it.
        persons: bool,
        /// Whether organisations do.
        organisations: bool,
    },
    /// A region with everything below it.
    Region(RegionId),
    /// The city itself.
    City,
}

/// A subject, with what the request says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What is asked about.
    pub subject: Subject,
    /// Why, for personal data.
    pub purpose: String,
    /// By which way a report comes in.
    pub channel: String,
    /// True when the request carries the secret of this very case.
    pub holds_secret: bool,
}

impl From<Subject> for Resource {
    fn from(subject: Subject) -> Self {
        Self { subject, purpose: String::new(), channel: String::new(), holds_secret: false }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes, in this post when the principal is staff.
    Allowed(Option<Grant>),
    /// No.
    Denied,
}

impl Decision {
    /// True when allowed.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Why the policies cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// They do not parse.
    #[error("the policies do not parse: {0}")]
    Parse(String),
    /// They do not fit their schema.
    #[error("the policies do not fit their schema: {0}")]
    Invalid(String),
}

/// The policy set, ready to be asked.
pub struct Policy {
    policies: PolicySet,
    authorizer: Authorizer,
    types: Types,
}

struct Types {
    action: EntityTypeName,
    region: EntityTypeName,
    office: EntityTypeName,
    post: EntityTypeName,
    resident: EntityTypeName,
    visitor: EntityTypeName,
    client: EntityTypeName,
    case: EntityTypeName,
    city: EntityTypeName,
    agent: EntityTypeName,
    service: EntityTypeName,
}

impl Policy {
    /// Parses the platform's policies and checks them against their schema.
    ///
    /// # Errors
    /// [`PolicyError`] when they do not parse or do not fit.
    pub fn load() -> Result<Self, PolicyError> {
        let parse = |error: &dyn std::fmt::Display| PolicyError::Parse(error.to_string());
        let policies: PolicySet = POLICIES.parse().map_err(|error| parse(&error))?;
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| parse(&error))?;
        let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        if !result.validation_passed() {
            let faults: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError::Invalid(faults.join("; ")));
        }
        Ok(Self { policies, authorizer: Authorizer::new(), types: Types::parse()? })
    }

    /// Decides whether this principal may have this permission here.
    pub fn decide(&self, city: &City, principal: &Principal, permission: Permission, resource: &Resource) -> Decision {
        let Some(context) = context(permission, resource) else { return Decision::Denied };
        let Some(subject) = self.subject(city, &resource.subject) else { return Decision::Denied };
        let ask = |asking: Entity| self.ask(asking, permission, &subject, context.clone());
        match principal {
            Principal::Staff { grants, .. } => {
                let allowed = grants.iter().find(|grant| self.post(city, grant).is_some_and(&ask));
                allowed.map_or(Decision::Denied, |grant| Decision::Allowed(Some(grant.clone())))
            }
            Principal::Resident { party } => allowed(ask(Entity::with_uid(self.types.resident(party)))),
            Principal::Agent(agent) => allowed(self.agent(agent).is_some_and(ask)),
            Principal::Client { client, regions, controls } => {
                allowed(self.client(client, regions, *controls).is_some_and(ask))
            }
            Principal::Visitor => allowed(ask(Entity::with_uid(uid(&self.types.visitor, "visitor")))),
        }
    }

    /// The posts in which a member of staff has a permission over the post's own region.
    pub fn posts_with<'a>(&self, city: &City, principal: &'a Principal, permission: Permission) -> Vec<&'a Grant> {
        let has = |grant: &&Grant| {
            let alone = Principal::Staff {
                party: principal.party().expect("only staff hold posts"),
                grants: vec![(*grant).clone()],
            };
            self.decide(city, &alone, permission, &Subject::Region(grant.region.clone()).into()).is_allowed()
        };
        principal.grants().iter().filter(has).collect()
    }

    fn ask(&self, asking: Entity, permission: Permission, subject: &Entity, context: Context) -> bool {
        let action = uid(&self.types.action, permission.as_str());
        let Ok(request) = Request::new(asking.uid(), action, subject.uid(), context, None) else { return false };
        let Ok(entities) = Entities::from_entities([asking, subject.clone()], None) else { return false };
        self.authorizer.is_authorized(&request, &self.policies, &entities).decision() == CedarDecision::Allow
    }

    /// A post as the policies see it; `None` when the pack no longer has its role.
    fn post(&self, city: &City, grant: &Grant) -> Option<Entity> {
        let role = city.roles.get(&grant.role)?;
        let permissions = role.permissions.iter().map(|word| RestrictedExpression::new_string(word.clone()));
        let attributes = HashMap::from([
            ("permissions".to_owned(), RestrictedExpression::new_set(permissions)),
            ("office".to_owned(), RestrictedExpression::new_entity_uid(uid(&self.types.office, grant.office.as_str()))),
            ("region".to_owned(), RestrictedExpression::new_entity_uid(uid(&self.types.region, grant.region.as_str()))),
        ]);
        Entity::new(uid(&self.types.post, "post"), attributes, HashSet::new()).ok()
    }

    /// A client program as the policies see it.
    fn client(&self, client: &ClientId, regions: &[RegionId], controls: bool) -> Option<Entity> {
        let regions = regions.iter().map(|region| uid(&self.types.region, region.as_str()));
        let regions = RestrictedExpression::new_set(regions.map(RestrictedExpression::new_entity_uid));
        let controls = RestrictedExpression::new_bool(controls);
        let attributes = HashMap::from([("regions".to_owned(), regions), ("controls".to_owned(), controls)]);
        Entity::new(uid(&self.types.client, client.as_str()), attributes, HashSet::new()).ok()
    }

    /// Somebody who acts for another, as the policies see them.
    fn agent(&self, agent: &Agent) -> Option<Entity> {
        let (covers_all, services) = match &agent.scope {
            MandateScope::All => (true, &[][..]),
            MandateScope::Services(services) => (false, services.as_slice()),
        };
        let services = services.iter().map(|service| RestrictedExpression::new_string(service.to_string()));
        let attributes = HashMap::from([
            ("represented".to_owned(), RestrictedExpression::new_entity_uid(self.types.resident(&agent.on_behalf_of))),
            ("is_organisation".to_owned(), RestrictedExpression::new_bool(agent.is_organisation)),
            ("covers_all".to_owned(), RestrictedExpression::new_bool(covers_all)),
            ("services".to_owned(), RestrictedExpression::new_set(services)),
            ("departments".to_owned(), RestrictedExpression::new_bool(agent.departments)),
            ("at_window".to_owned(), RestrictedExpression::new_bool(agent.basis == Basis::Counter)),
            (
                "of_child".to_owned(),
                RestrictedExpression::new_bool(matches!(agent.basis, Basis::Guardian | Basis::Oneself)),
            ),
        ]);
        Entity::new(uid(&self.types.agent, &agent.party.to_string()), attributes, HashSet::new()).ok()
    }

    /// A subject as the policies see it; `None` for a region the city does not have.
    fn subject(&self, city: &City, subject: &Subject) -> Option<Entity> {
        match subject {
            Subject::City => Some(Entity::with_uid(uid(&self.types.city, "city"))),
            Subject::Region(region) => {
                let mut chain = self.regions(city, region)?;
                let itself = uid(&self.types.region, region.as_str());
                chain.remove(&itself);
                Some(Entity::new_no_attrs(itself, chain))
            }
            Subject::Service { id, persons, organisations } => {
                let attributes = HashMap::from([
                    ("id".to_owned(), RestrictedExpression::new_string(id.to_string())),
                    ("persons".to_owned(), RestrictedExpression::new_bool(*persons)),
                    ("organisations".to_owned(), RestrictedExpression::new_bool(*organisations)),
                ]);
                Entity::new(uid(&self.types.service, id.as_str()), attributes, HashSet::new()).ok()
            }
            Subject::Case { region, offices, reporters, is_public, service } => {
                let service = service.as_ref().map(ToString::to_string).unwrap_or_default();
                let offices = offices
                    .iter()
                    .map(|office| RestrictedExpression::new_entity_uid(uid(&self.types.office, office.as_str())));
                let reporters =
                    reporters.iter().map(|party| RestrictedExpression::new_entity_uid(self.types.resident(party)));
                let attributes = HashMap::from([
                    ("offices".to_owned(), RestrictedExpression::new_set(offices)),
                    ("reporters".to_owned(), RestrictedExpression::new_set(reporters)),
                    ("public".to_owned(), RestrictedExpression::new_bool(*is_public)),
                    ("service".to_owned(), RestrictedExpression::new_string(service)),
                ]);
                Entity::new(uid(&self.types.case, "case"), attributes, self.regions(city, region)?).ok()
            }
        }
    }

    fn regions(&self, city: &City, region: &RegionId) -> Option<HashSet<EntityUid>> {
        let chain = city.region_chain(region);
        (!chain.is_empty()).then(|| chain.into_iter().map(|region| uid(&self.types.region, region.as_str())).collect())
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policy({} policies)", self.policies.policies().count())
    }
}

impl Types {
    fn parse() -> Result<Self, PolicyError> {
        let name =
            |word: &str| word.parse().map_err(|error: cedar_policy::ParseErrors| PolicyError::Parse(error.to_string()));
        Ok(Self {
            action: name("Action")?,
            region: name("Region")?,
            office: name("Office")?,
            post: name("Post")?,
            resident: name("Resident")?,
            visitor: name("Visitor")?,
            client: name("Client")?,
            case: name("Case")?,
            city: name("City")?,
            agent: name("Agent")?,
            service: name("Service")?,
        })
    }

    fn resident(&self, party: &PartyId) -> EntityUid {
        uid(&self.resident, &party.to_string())
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

const fn allowed(is_allowed: bool) -> Decision {
    if is_allowed { Decision::Allowed(None) } else { Decision::Denied }
}

fn context(permission: Permission, resource: &Resource) -> Option<Context> {
    let text = |name: &str, text: &str| vec![(name.to_owned(), RestrictedExpression::new_string(text.to_owned()))];
    let pairs = match permission {
        Permission::ContactRead | Permission::AnswersRead | Permission::LookSeal | Permission::AnswersExtract => {
            text("purpose", resource.purpose.trim())
        }
        Permission::ReportFile => text("channel", &resource.channel),
        Permission::ReportRead | Permission::ReportAct => {
            vec![("holds_secret".to_owned(), RestrictedExpression::new_bool(resource.holds_secret))]
        }
        _ => Vec::new(),
    };
    Context::from_pairs(pairs).ok()
}
