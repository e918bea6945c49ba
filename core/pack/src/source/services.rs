//! The catalogue of services as its files spell it: `catalogue.yaml` and `services/*.yaml`.

use model::{CalendarId, FormId, Limit, OfficeId, ProcessId, ServiceId, Text};
use serde_json::Value as Json;

use super::read::{Many, Needed, Reader, Source, Table, source};
use super::types::ShowIfSource;
use super::yaml::Node;
use crate::city::{
    Audience, ChannelKind, Handling, MaterialForm, MaterialSource, Necessity, RegionLevel, ResultKind, StepStage,
    TaskType,
};
use crate::faults::At;

/// A text of an office: in the city's first language at least, since a guide is law in that language alone.
#[derive(Debug, Clone)]
pub(crate) struct GuideText(pub Text);

impl Source for GuideText {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let first = reader.locales.first().map_or("", String::as_str);
        if let Some(text) = node.text() {
            if text.trim().is_empty() {
                reader.fault(node, "the text is empty");
            }
            return Some(Self(Text::from([(first, text)])));
        }
        let (locales, given) = (reader.locales, reader.entries(node)?);
        let first_alone = [first.to_owned()];
        let needed = if given.iter().any(|(locale, ..)| *locale != first) { locales } else { &first_alone };
        Text::read(node, &mut Reader { report: reader.report, file: reader.file, locales: needed }).map(Self)
    }

    fn schema() -> Json {
        Text::schema()
    }
}

source! {
    /// How the services of the city are told apart and found: `catalogue.yaml`.
    struct CatalogueFile {
        /// Forms of item codes in use, by a short word.
        code_forms: Table<FormId, CodeFormSource>,
        /// The kinds of city service a phone shows, in the order written.
        groups: Table<FormId, HeadingSource>,
        /// Events of a life that bring people here, in the order written.
        life_events: Table<FormId, HeadingSource>,
        /// Words that mean the same to people who search; each a list.
        synonyms: Vec<At<Vec<String>>>,
    }

    /// A form of item codes: a code is opaque, but it has the shape its issuer gives it.
    struct CodeFormSource {
        /// Its name, and who issues such codes.
        title: Text,
        /// Regular expression that a whole code matches.
        pattern: At<String>,
    }

    /// A heading of the catalogue.
    struct HeadingSource {
        /// Name.
        title: Text,
        /// Icon name of the web faces.
        icon: Option<String>,
    }

    /// A service item (政务服务事项): what an office does for people, and what they need to know.
    struct ServiceSource {
        /// Name.
        title: GuideText,
        /// Official code, once in the city.
        code: Needed<At<String>>,
        /// The form its code has, of catalogue.yaml.
        code_form: Needed<At<FormId>>,
        /// Type of task (事项类型).
        task_type: TaskType,
        /// The office that decides (实施主体).
        office: Needed<At<OfficeId>>,
        /// Level of government that decides (行使层级).
        level: RegionLevel,
        /// The main item it belongs to (主项).
        main_item: Option<GuideText>,
        /// What it is, one to three sentences.
        description: Option<GuideText>,
        /// Whom it serves (服务对象).
        audience: Needed<Many<Audience>>,
        /// Decided at once, or within the promised limit (办件类型).
        handling: Option<Handling>,
        /// Who may apply, and when (受理条件).
        conditions: Vec<GuideText>,
        /// What an applicant brings (申请材料), by a short word.
        materials: Table<FormId, MaterialEntry>,
        /// What happens, in order (办理流程).
        steps: Vec<StepSource>,
        /// The longest the law allows (法定办结时限).
        legal_limit: Option<At<Limit>>,
        /// The longest the office promises (承诺办结时限); never longer than the law allows.
        promised_limit: Option<At<Limit>>,
        /// Procedures whose time does not count (特别程序), such as a public notice.
        special_procedures: Vec<SpecialSource>,
        /// How often an applicant must come (到办事现场次数).
        visits: Option<u8>,
        /// What it costs; none means free.
        fees: Vec<FeeSource>,
        /// Where it is done (办理渠道).
        channels: Vec<ChannelSource>,
        /// What the applicant receives (办理结果).
        result: Option<ResultSource>,
        /// The laws it rests on (设定依据).
        basis: Vec<BasisSource>,
        /// Questions people ask (常见问题).
        questions: Vec<QuestionSource>,
        /// How it is applied for here: by which process, with which form; it cannot be when absent.
        apply: Option<At<ApplySource>>,
        /// Headings of catalogue.yaml it stands under.
        groups: Vec<At<FormId>>,
        /// Life events of catalogue.yaml it belongs to.
        life_events: Vec<At<FormId>>,
        /// Further words people search with.
        keywords: Vec<String>,
    }

    /// How a service is applied for.
    struct ApplySource {
        /// The process an application follows; no other kind of case may follow it.
        process: At<ProcessId>,
        /// What is asked of the applicant.
        form: At<FormId>,
        /// Whether its fixed fees are paid online before it can be granted; no when absent.
        pay: bool,
        /// The electronic licence that is issued when it is granted; none is when absent.
        licence: Option<At<LicenceSource>>,
    }

    /// An electronic licence.
    struct LicenceSource {
        /// How many days it is valid; without end when absent.
        valid_days: Option<At<u16>>,
        /// Answers that stand on it, fields of the form.
        shows: Vec<At<FormId>>,
    }

    /// Something an applicant brings.
    struct MaterialEntry {
        /// Name.
        title: GuideText,
        /// Whether it is needed (必要性).
        necessity: Option<Necessity>,
        /// Where it comes from (来源渠道).
        source: MaterialSource,
        /// On paper or not (提交形式).
        form: Option<MaterialForm>,
        /// How many copies on paper.
        copies: Option<u8>,
        /// How to fill it in, and when it is accepted.
        note: Option<GuideText>,
    }

    /// A step of the handling.
    struct StepSource {
        /// Which stage it is.
        stage: StepStage,
        /// What is done.
        title: GuideText,
        /// How long it takes at most.
        limit: Option<Limit>,
    }

    /// A procedure whose time does not count.
    struct SpecialSource {
        /// What it is.
        title: GuideText,
        /// How long it takes at most.
        limit: Option<Limit>,
    }

    /// A fee.
    struct FeeSource {
        /// Its id within the service; needed where it is paid online.
        id: Option<At<FormId>>,
        /// What is paid for.
        title: GuideText,
        /// How much, in fen (1/100 yuan) or the smallest unit of the city's money; absent when it depends.
        amount: Option<i64>,
        /// The rate where it depends, and who pays less.
        rate: Option<GuideText>,
        /// The law or the standard it rests on (收费依据).
        basis: Option<GuideText>,
        /// After which answer to a choice of the form it is owed at all; always when absent.
        show_if: Option<At<ShowIfSource>>,
        /// Who pays less (减免), by a short word.
        reductions: Table<FormId, ReductionSource>,
    }

    /// A reduction of a fee.
    struct ReductionSource {
        /// For whom, and by what right.
        title: GuideText,
        /// The answer to a choice of the form that claims it.
        show_if: At<ShowIfSource>,
        /// How much of the fee is still paid, per cent, 0 to 99; 0 is free.
        pays_percent: At<u8>,
    }

    /// Where a service is done.
    struct ChannelSource {
        /// Its id within the service; needed where times are booked.
        id: Option<At<FormId>>,
        /// Online, at a window, by phone …
        kind: ChannelKind,
        /// Name of the place or the page.
        title: Option<GuideText>,
        /// Street and number.
        address: Option<GuideText>,
        /// Longitude and latitude, degrees.
        point: Option<At<Vec<f64>>>,
        /// When it is open.
        hours: Option<GuideText>,
        /// Telephone.
        phone: Option<String>,
        /// How times at this window are booked; they are not when absent.
        booking: Option<At<BookingSource>>,
    }

    /// How times at a window are booked.
    struct BookingSource {
        /// Whose opening hours are divided.
        calendar: At<CalendarId>,
        /// How long one time is, minutes: 5 to 240.
        minutes: At<u16>,
        /// Windows open at the same time, 1 to 500.
        seats: At<u16>,
        /// How many days ahead, today included: 1 to 90; 14 when absent.
        days: Option<At<u16>>,
        /// How long before it begins a time can still be taken or given back, minutes; 60 when absent.
        notice_minutes: Option<At<u16>>,
        /// How often somebody may miss a booked time within 90 days; 3 when absent.
        misses: Option<At<u8>>,
    }

    /// What the applicant receives.
    struct ResultSource {
        /// Licence, approval or something else (10 证照, 20 批文, 30 其他).
        kind: ResultKind,
        /// Its name.
        title: GuideText,
    }

    /// A law a service rests on.
    struct BasisSource {
        /// Its name.
        title: GuideText,
        /// Its number (文号).
        number: Option<String>,
        /// The article (条款).
        article: Option<GuideText>,
    }

    /// A question and its answer.
    struct QuestionSource {
        /// The question.
        question: GuideText,
        /// The answer.
        answer: GuideText,
    }
}

/// `services/*.yaml`: services by id.
pub(crate) type ServicesFile = Table<ServiceId, ServiceSource>;
