//! Services: what offices do for people, with the fields of the national catalogue.
//!
//! Fields and their Chinese names follow the exchange tables of GB/T 39554.1-2020 (基本目录, 实施清单).

use std::collections::BTreeMap;

use model::{CalendarId, FormId, Limit, OfficeId, ProcessId, Text};
use serde::{Deserialize, Serialize};

use super::{Fee, RegionLevel};

/// How the services of a city are told apart and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Forms of item codes, with who issues them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_forms: Vec<CodeForm>,
    /// Kinds of city service, in the order shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Heading>,
    /// Life events, in the order shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub life_events: Vec<Heading>,
    /// Words that mean the same to people who search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<Vec<String>>,
}

impl Catalogue {
    /// True when the city declares nothing of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A form of item codes: a code is opaque, but it has the shape its issuer gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeForm {
    /// Its id.
    pub id: FormId,
    /// Its name.
    pub title: Text,
    /// Regular expression that a whole code matches.
    pub pattern: String,
}

/// A form of codes, ready to be compared with.
#[derive(Debug, Clone)]
pub struct CodeShape(regex::Regex);

impl CodeShape {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the regular expression.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        regex::Regex::new(&format!("^(?:{pattern})$")).map(Self)
    }

    /// Whether a whole code has this form.
    pub fn fits(&self, code: &str) -> bool {
        self.0.is_match(code)
    }
}

/// A heading that services stand under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// Its id.
    pub id: FormId,
    /// Its name.
    pub title: Text,
    /// Icon name of the web faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

/// A service item (政务服务事项). Its texts are there in the city's first language at least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Name.
    pub title: Text,
    /// Official code: opaque, in the form its issuer gives it.
    pub code: String,
    /// The form of its code, of the catalogue.
    pub code_form: FormId,
    /// Type of task (事项类型).
    pub task_type: TaskType,
    /// The office that decides (实施主体).
    pub office: OfficeId,
    /// Level of government that decides (行使层级).
    pub level: RegionLevel,
    /// The main item it belongs to (主项).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_item: Option<Text>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
    /// Whom it serves (服务对象).
    pub audience: Vec<Audience>,
    /// Decided at once, or within the promised limit (办件类型).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// Who may apply, and when (受理条件).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Text>,
    /// What an applicant brings (申请材料), in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
    /// What happens, in order (办理流程).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<ServiceStep>,
    /// The longest the law allows (法定办结时限).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_limit: Option<Limit>,
    /// The longest the office promises (承诺办结时限).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_limit: Option<Limit>,
    /// Procedures whose time does not count (特别程序).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special_procedures: Vec<SpecialProcedure>,
    /// How often an applicant must come (到办事现场次数).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<u8>,
    /// What it costs; none means free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Fee>,
    /// Where it is done (办理渠道).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// What the applicant receives (办理结果).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ServiceResult>,
    /// The laws it rests on (设定依据).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<LegalBasis>,
    /// Questions people ask (常见问题).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// How it is applied for here; absent where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<Apply>,
    /// Headings it stands under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<FormId>,
    /// Life events it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub life_events: Vec<FormId>,
    /// Further words people search with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
}

/// How a service is applied for. An application is a case of the category that has the service's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apply {
    /// The process it follows.
    pub process: ProcessId,
    /// What is asked of the applicant.
    pub form: FormId,
    /// Whether its fixed fees are paid online before it can be granted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pay: bool,
    /// The electronic licence that is issued when it is granted; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceRules>,
}

/// An electronic licence (电子证照). Its name is that of the service's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceRules {
    /// How many days it is valid; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
    /// Answers that stand on it, fields of the form; its holder chooses which to show.
    pub shows: Vec<FormId>,
}

/// Whether a promise keeps within the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// It does.
    Kept,
    /// It is longer than the law allows.
    Broken,
    /// The two are told in kinds of time that do not compare without a calendar, or one is not told.
    Unknown,
}

impl Service {
    /// A window where times are booked.
    pub fn booking_at(&self, place: &FormId) -> Option<(&Channel, &BookingRules)> {
        let channel = self.channels.iter().find(|channel| channel.id.as_ref() == Some(place))?;
        Some((channel, channel.booking.as_ref()?))
    }

    /// Whether the promised limit keeps within the legal one: compared when both count the same kind of time, and
    /// when the promise in calendar days is no longer than the same number of working days.
    pub fn promise(&self) -> Promise {
        use model::LimitUnit::{CalendarDay, WorkingDay};
        let (Some(promised), Some(legal)) = (self.promised_limit, self.legal_limit) else { return Promise::Unknown };
        let is_same = promised.unit() == legal.unit();
        match (promised.amount() <= legal.amount(), is_same, promised.unit(), legal.unit()) {
            (true, true, ..) | (true, _, CalendarDay, WorkingDay) => Promise::Kept,
            (false, true, ..) | (false, _, WorkingDay, CalendarDay) => Promise::Broken,
            _ => Promise::Unknown,
        }
    }
}

/// Services by id.
pub type Services = BTreeMap<model::ServiceId, Service>;

/// Something an applicant brings (申请材料).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// Its id within the service.
    pub id: FormId,
    /// Name.
    pub title: Text,
    /// Whether it is needed (必要性).
    pub necessity: Necessity,
    /// Where it comes from (来源渠道).
    pub source: MaterialSource,
    /// On paper or not (提交形式).
    pub form: MaterialForm,
    /// How many copies on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u8>,
    /// How to fill it in, and when it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// A step of the handling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStep {
    /// Which stage it is.
    pub stage: StepStage,
    /// What is done.
    pub title: Text,
    /// How long it takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// A procedure whose time does not count (特别程序).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialProcedure {
    /// What it is.
    pub title: Text,
    /// How long it takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// Where a service is done (办理渠道).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id within the service, where bookings name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FormId>,
    /// Online, at a window, by phone …
    pub kind: ChannelKind,
    /// Name of the place or the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text>,
    /// Longitude and latitude, degrees, CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<[f64; 2]>,
    /// When it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Text>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How times at it are booked; absent where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingRules>,
}

/// How times at a window are booked (预约).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingRules {
    /// Whose opening hours are divided.
    pub calendar: CalendarId,
    /// How long one time is, minutes.
    pub minutes: u16,
    /// Windows open at the same time.
    pub seats: u16,
    /// How many days ahead, today included.
    pub days: u16,
    /// How long before it begins a time can still be taken or given back, minutes.
    pub notice_minutes: u16,
    /// How often somebody may miss a booked time within 90 days; who does it once more waits.
    pub misses: u8,
}

/// What the applicant receives (办理结果).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceResult {
    /// Licence, approval or something else.
    pub kind: ResultKind,
    /// Its name.
    pub title: Text,
}

/// A law a service rests on (设定依据).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalBasis {
    /// Its name.
    pub title: Text,
    /// Its number (文号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The article (条款).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<Text>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub question: Text,
    /// The answer.
    pub answer: Text,
}

/// Declares an enumeration with its words: the same in packs, JSON and TypeScript.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub enum $name {
                $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
            }

            impl $name {
                /// Every word with its value.
                pub const WORDS: &[(&str, Self)] = &[$(($word, Self::$variant)),*];

                /// The word used in packs and JSON.
                pub const fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $word,)* }
                }
            }
        )*
    };
}

words! {
    /// Type of task (事项类型); the number is the national one.
    TaskType {
        /// 01 行政许可.
        Licence = "licence",
        /// 02 行政处罚.
        Penalty = "penalty",
        /// 03 行政强制.
        Coercion = "coercion",
        /// 04 行政征收.
        Levy = "levy",
        /// 05 行政给付.
        Payment = "payment",
        /// 06 行政检查.
        Inspection = "inspection",
        /// 07 行政确认.
        Confirmation = "confirmation",
        /// 08 行政奖励.
        Reward = "reward",
        /// 09 行政裁决.
        Ruling = "ruling",
        /// 20 (in some provinces 10) 其他行政权力.
        OtherPower = "other_power",
        /// 21 (in some provinces 20) 公共服务.
        PublicService = "public_service",
    }
    /// Whom a service serves (服务对象).
    Audience {
        /// 自然人.
        Person = "person",
        /// 法人.
        Enterprise = "enterprise",
    }
    /// Decided at once or not (办件类型).
    Handling {
        /// 即办件.
        Immediate = "immediate",
        /// 承诺件.
        Promised = "promised",
    }
    /// Whether a material is needed (必要性).
    Necessity {
        /// 1 必要.
        Required = "required",
        /// 2 非必要.
        Optional = "optional",
        /// 3 容缺后补: it may follow.
        Deferrable = "deferrable",
    }
    /// Where a material comes from (来源渠道).
    MaterialSource {
        /// 10 自备.
        Applicant = "applicant",
        /// 20 政府部门核发: an office has it already.
        Government = "government",
        /// 99 其他.
        Other = "other",
    }
    /// On paper or not (提交形式).
    MaterialForm {
        /// 1 纸质.
        Paper = "paper",
        /// 2 电子化.
        Electronic = "electronic",
        /// 3 两者.
        Either = "either",
    }
    /// Stage of a step of the handling.
    StepStage {
        /// 收件.
        Receive = "receive",
        /// 受理.
        Accept = "accept",
        /// 审查.
        Review = "review",
        /// 决定.
        Decide = "decide",
        /// 制证.
        Certify = "certify",
        /// 送达.
        Deliver = "deliver",
    }
    /// What the applicant receives (结果类型).
    ResultKind {
        /// 10 证照.
        Licence = "licence",
        /// 20 批文.
        Approval = "approval",
        /// 30 其他.
        Other = "other",
    }
    /// Where a service is done.
    ChannelKind {
        /// 网上办理.
        Online = "online",
        /// 窗口办理.
        Window = "window",
        /// 自助终端.
        Kiosk = "kiosk",
        /// 电话.
        Phone = "phone",
        /// 邮寄.
        Post = "post",
        /// 上门.
        Home = "home",
    }
}
