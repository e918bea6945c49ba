//! Services as everybody may read them: the catalogue, its headings and a guide.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{RegionLevel, Text, VisitPlace};

/// Declares an enumeration of the wire with the pack's value for each of its words.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident of $theirs:ty { $($(#[doc = $variant_doc:literal])* $variant:ident,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
            #[serde(rename_all = "snake_case")]
            pub enum $name { $($(#[doc = $variant_doc])* $variant,)* }

            impl From<$theirs> for $name {
                fn from(value: $theirs) -> Self {
                    match value { $(<$theirs>::$variant => Self::$variant,)* }
                }
            }

            impl From<$name> for $theirs {
                fn from(value: $name) -> Self {
                    match value { $($name::$variant => Self::$variant,)* }
                }
            }
        )*
    };
}

words! {
    /// Type of task (事项类型).
    TaskType of ::pack::TaskType {
        /// 行政许可.
        Licence,
        /// 行政处罚.
        Penalty,
        /// 行政强制.
        Coercion,
        /// 行政征收.
        Levy,
        /// 行政给付.
        Payment,
        /// 行政检查.
        Inspection,
        /// 行政确认.
        Confirmation,
        /// 行政奖励.
        Reward,
        /// 行政裁决.
        Ruling,
        /// 其他行政权力.
        OtherPower,
        /// 公共服务.
        PublicService,
    }
    /// Whom a service serves (服务对象).
    Audience of ::pack::Audience {
        /// 自然人.
        Person,
        /// 法人.
        Enterprise,
    }
    /// Decided at once or not (办件类型).
    Handling of ::pack::Handling {
        /// 即办件.
        Immediate,
        /// 承诺件.
        Promised,
    }
    /// Whether a material is needed (必要性).
    Necessity of ::pack::Necessity {
        /// 必要.
        Required,
        /// 非必要.
        Optional,
        /// 容缺后补.
        Deferrable,
    }
    /// Where a material comes from (来源渠道).
    MaterialSource of ::pack::MaterialSource {
        /// 自备.
        Applicant,
        /// 政府部门核发: an office has it already.
        Government,
        /// 其他.
        Other,
    }
    /// On paper or not (提交形式).
    MaterialForm of ::pack::MaterialForm {
        /// 纸质.
        Paper,
        /// 电子化.
        Electronic,
        /// 两者.
        Either,
    }
    /// Stage of a step of the handling.
    StepStage of ::pack::StepStage {
        /// 收件.
        Receive,
        /// 受理.
        Accept,
        /// 审查.
        Review,
        /// 决定.
        Decide,
        /// 制证.
        Certify,
        /// 送达.
        Deliver,
    }
    /// What the applicant receives (结果类型).
    ResultKind of ::pack::ResultKind {
        /// 证照.
        Licence,
        /// 批文.
        Approval,
        /// 其他.
        Other,
    }
    /// Where a service is done.
    ChannelKind of ::pack::ChannelKind {
        /// 网上办理.
        Online,
        /// 窗口办理.
        Window,
        /// 自助终端.
        Kiosk,
        /// 电话.
        Phone,
        /// 邮寄.
        Post,
        /// 上门.
        Home,
    }
}

/// What services are looked for.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    /// Words, pinyin or its first letters, at most 100 characters; everything when absent.
    pub q: Option<String>,
    /// Under this group.
    pub group: Option<String>,
    /// For this life event.
    pub life_event: Option<String>,
    /// Decided by this office.
    pub office: Option<String>,
    /// For these people.
    #[param(inline)]
    pub audience: Option<Audience>,
    /// Longitude, degrees CGCS2000; with `lat`: nearest window first, services without one are left out.
    #[param(minimum = -180, maximum = 180)]
    pub lon: Option<f64>,
    /// Latitude, degrees CGCS2000.
    #[param(minimum = -90, maximum = 90)]
    pub lat: Option<f64>,
    /// How many are passed over; 0 when absent.
    pub offset: Option<u32>,
    /// How many at most, 1 to 100; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u8>,
}

/// Services found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceList {
    /// The best first.
    pub items: Vec<ServiceItem>,
    /// How many there are in all.
    pub total: u32,
}

/// A service in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceItem {
    /// Its id.
    pub id: String,
    /// Its name, in the city's first language at least.
    pub title: Text,
    /// The office that decides.
    pub office: super::Named,
    /// Type of task.
    pub task_type: TaskType,
    /// Whom it serves.
    pub audience: Vec<Audience>,
    /// Decided at once or within the promised limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handling: Option<Handling>,
    /// The longest the office promises, such as `5 working_day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub promised_limit: Option<String>,
    /// How often an applicant must come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visits: Option<u8>,
    /// Whether the guide names a fee that is not always nothing.
    pub has_fee: bool,
    /// Whether it can be done online.
    pub online: bool,
    /// Whether it can be applied for here, with its form.
    pub apply: bool,
    /// How far its nearest window is, metres; only when a place was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub distance_m: Option<f64>,
}

/// How the services of the city are told apart and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Catalogue {
    /// How many services there are.
    pub services: u32,
    /// Kinds of city service, in the order shown; those without a service are left out.
    pub groups: Vec<CatalogueHeading>,
    /// Life events, in the order shown; those without a service are left out.
    pub life_events: Vec<CatalogueHeading>,
    /// The offices that decide, the one with most services first.
    pub offices: Vec<CatalogueHeading>,
    /// How the promises of the city stand to the law.
    pub promise: PromiseSummary,
}

/// A heading with how many services stand under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueHeading {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Icon name of the web faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub icon: Option<String>,
    /// How many services.
    pub services: u32,
}

/// The invariant shown in public: no promise is longer than the law allows (承诺时限 ≤ 法定时限).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PromiseSummary {
    /// Services whose two limits can be compared.
    pub compared: u32,
    /// Those whose promise keeps within the law.
    pub kept: u32,
    /// Services decided at once.
    pub immediate: u32,
    /// Mean of the legal limits of those compared in days, days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub legal_days: Option<f64>,
    /// Mean of their promised limits, days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub promised_days: Option<f64>,
    /// Services for which nobody must come.
    pub no_visit: u32,
}

/// The guide of a service (办事指南).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceGuide {
    /// What lists show of it.
    #[serde(flatten)]
    pub item: ServiceItem,
    /// Windows where a time can be booked for an application.
    pub booking_places: Vec<VisitPlace>,
    /// Official code.
    pub code: String,
    /// The form of its code, with its issuer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code_form: Option<Text>,
    /// Level of government that decides.
    pub level: RegionLevel,
    /// The main item it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub main_item: Option<Text>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<Text>,
    /// Who may apply, and when.
    pub conditions: Vec<Text>,
    /// What an applicant brings.
    pub materials: Vec<ServiceMaterial>,
    /// What happens, in order.
    pub steps: Vec<ServiceStep>,
    /// The longest the law allows, such as `20 working_day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub legal_limit: Option<String>,
    /// Procedures whose time does not count.
    pub special_procedures: Vec<SpecialProcedure>,
    /// What it costs; none means free.
    pub fees: Vec<ServiceFee>,
    /// Where it is done.
    pub channels: Vec<ServiceChannel>,
    /// What the applicant receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub result: Option<ServiceOutcome>,
    /// The laws it rests on.
    pub basis: Vec<LegalBasis>,
    /// Questions people ask.
    pub questions: Vec<ServiceQuestion>,
    /// Headings it stands under.
    pub groups: Vec<CatalogueLink>,
    /// Life events it belongs to.
    pub life_events: Vec<CatalogueLink>,
}

/// A heading by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueLink {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
}

/// Something an applicant brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceMaterial {
    /// Its id within the service.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Whether it is needed.
    pub necessity: Necessity,
    /// Where it comes from.
    pub source: MaterialSource,
    /// On paper or not.
    pub form: MaterialForm,
    /// How many copies on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub copies: Option<u8>,
    /// How to fill it in, and when it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<Text>,
}

/// A step of the handling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStep {
    /// Which stage it is.
    pub stage: StepStage,
    /// What is done.
    pub title: Text,
    /// How long it takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<String>,
}

/// A procedure whose time does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpecialProcedure {
    /// What it is.
    pub title: Text,
    /// How long it takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<String>,
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceFee {
    /// What is paid for.
    pub title: Text,
    /// How much, in the smallest unit of the city's money (fen); absent when it depends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<i64>,
    /// The rate where it depends, and who pays less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rate: Option<Text>,
}

/// Where a service is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceChannel {
    /// Online, at a window, by phone …
    pub kind: ChannelKind,
    /// Name of the place or the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<Text>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<Text>,
    /// Longitude, degrees CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// When it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hours: Option<Text>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
}

/// What the applicant receives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceOutcome {
    /// Licence, approval or something else.
    pub kind: ResultKind,
    /// Its name.
    pub title: Text,
}

/// A law a service rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegalBasis {
    /// Its name.
    pub title: Text,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub number: Option<String>,
    /// The article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<Text>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceQuestion {
    /// The question.
    pub question: Text,
    /// The answer.
    pub answer: Text,
}
