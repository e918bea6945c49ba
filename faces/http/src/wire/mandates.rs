//! Acting for others: mandates, organisations, and what was done under them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Level, Named, SourceFacts, Text, Time};

/// How far a mandate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// Its code can be taken.
    Offered,
    /// Nobody took it in time.
    Lapsed,
    /// Taken, and to be confirmed by who offered it.
    Taken,
    /// In force.
    Active,
    /// Ended before its time.
    Ended,
    /// Its time is over.
    Expired,
}

/// What a mandate rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateBasis {
    /// One side offered it, the other took it, the first confirmed it.
    Appointed,
    /// A register names the agent as the legal representative.
    Representative,
    /// The person stood at a window, and the official there filed for them.
    Counter,
    /// A register names the agent as a guardian of the child.
    Guardian,
    /// The agent is the represented, who was a child when guardians acted for them.
    Oneself,
}

/// One side of a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MandateParty {
    /// The name they are addressed by.
    pub name: String,
    /// The name on the identity card with all but its last character hidden, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub real_name: Option<String>,
    /// The number of an organisation; absent for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organisation: Option<String>,
}

/// Who may act for whom, in what, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MandateView {
    /// Its id; sent as `x-acting-for` with what is done under it.
    pub id: String,
    /// How far it is.
    pub state: MandateState,
    /// What it rests on.
    pub basis: MandateBasis,
    /// For whom.
    pub represented: MandateParty,
    /// Who acts; absent until somebody took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent: Option<MandateParty>,
    /// Whether it is for every service.
    pub all_services: bool,
    /// For which services, where it is not for all.
    pub services: Vec<Named>,
    /// Whether departments may be asked about the represented.
    pub departments: bool,
    /// The office of the official, for what was filed at a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office: Option<Text>,
    /// When it was offered.
    pub created_at: Time,
    /// Until when its code may be taken, while it is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code_until: Option<Time>,
    /// Until when it is in force.
    pub until: Time,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Time>,
}

/// The caller's mandates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MandateList {
    /// How sure the city is of who the caller is; acting for others needs L2.
    pub level: Level,
    /// Whether identities can be proved here at all.
    pub connected: bool,
    /// Mandates to act for the caller, the latest first.
    pub given: Vec<MandateView>,
    /// Mandates of the caller to act for others, the latest first.
    pub held: Vec<MandateView>,
    /// What others did for the caller, the latest first, at most 100.
    pub acts: Vec<MandateActEntry>,
}

/// A mandate to offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MandateInput {
    /// The number of the organisation it is for; absent to be acted for oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub organisation: Option<String>,
    /// For which services; absent for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// Whether departments may be asked.
    pub departments: bool,
    /// How many days it is in force, 1 to 1098.
    pub days: u32,
}

/// A mandate offered, with the code to show; the code is answered this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MandateOffered {
    /// The mandate.
    pub mandate: MandateView,
    /// The code that takes it, ten letters and digits.
    pub code: String,
}

/// A code that somebody was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MandateCode {
    /// The code.
    #[schema(max_length = 40)]
    pub code: String,
}

/// What was done or read under a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateActKind {
    /// A form was opened, or a draft of it saved.
    Drafted,
    /// Departments were asked.
    Asked,
    /// An application was handed in.
    Applied,
    /// An application was read.
    Read,
    /// What was answered was corrected.
    Corrected,
    /// An action was taken on it.
    Moved,
    /// A time at a window was booked or given back.
    Booked,
    /// A payment was begun.
    Paid,
    /// A licence was opened.
    Licence,
    /// Signed in to another program for the organisation.
    SignedIn,
    /// Read who looked at the data of the represented.
    Trail,
}

/// Who did what for the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MandateActEntry {
    /// When.
    pub at: Time,
    /// Who.
    pub agent: String,
    /// What.
    pub act: MandateActKind,
    /// The name of the action of the process, where one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub action: Option<Text>,
    /// About which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub service: Option<Named>,
    /// About which application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_no: Option<String>,
    /// Under which mandate.
    pub mandate: String,
}

/// An organisation that the caller is the legal representative of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrganisationView {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// When the register named the caller.
    pub verified_at: Time,
    /// Mandates to act for it, the caller's own among them, the latest first.
    pub mandates: Vec<MandateView>,
    /// What was done for it, the latest first, at most 100.
    pub acts: Vec<MandateActEntry>,
}

/// The caller's organisations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrganisationList {
    /// How sure the city is of who the caller is; the register is asked from L2 on.
    pub level: Level,
    /// The register that is asked; absent where none is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<SourceFacts>,
    /// Organisations.
    pub items: Vec<OrganisationView>,
    /// Fictional organisations of a demonstration whose representative the caller has proved to be.
    pub examples: Vec<String>,
}

/// A child that the caller is a guardian of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChildView {
    /// The mandate to act for it.
    pub mandate: MandateView,
    /// Its name.
    pub name: String,
    /// Its identity number, the day of birth hidden.
    pub id_number: String,
    /// Its day of birth.
    #[schema(format = Date)]
    pub born_on: String,
}

/// The caller's children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChildList {
    /// How sure the city is of who the caller is; the register is asked from L2 on.
    pub level: Level,
    /// The register that is asked; absent where none is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<SourceFacts>,
    /// Children the caller acts for now.
    pub items: Vec<ChildView>,
    /// What guardians did for the caller as a child: the mandates to go on with it.
    pub childhoods: Vec<MandateView>,
}

/// Consent to ask the register of guardians.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildrenInput {
    /// That the register is asked by the caller's name and number, for the purpose it states.
    pub agreed: bool,
}

/// An organisation to enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationInput {
    /// Its unified social credit code.
    #[schema(max_length = 40)]
    pub number: String,
}

macro_rules! hidden_from_debug {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden_from_debug!(MandateOffered, MandateCode, ChildView);
