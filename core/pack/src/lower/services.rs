//! The catalogue of services, from the files as written.

use model::{ConditionId, FormId, Text};

use crate::city::{
    Apply, BookingRules, Catalogue, Category, CategoryKind, Channel, CodeForm, Condition, Fee, Heading, Intake,
    LegalBasis, LicenceRules, Material, MaterialForm, Necessity, Question, Reduction, Service, ServiceResult,
    ServiceStep, ShowIf, SpecialProcedure,
};
use crate::faults::At;
use crate::geometry::round_deg;
use crate::source::files::Folder;
use crate::source::read::Table;
use crate::source::services::{
    ApplySource, BookingSource, ChannelSource, CodeFormSource, GuideText, HeadingSource, MaterialEntry,
    ReductionSource, ServiceSource,
};
use crate::source::types::ShowIfSource;

pub(super) fn lower_catalogue(folder: &Folder) -> Catalogue {
    let Some(file) = &folder.catalogue else { return Catalogue::default() };
    let form = |(id, form): &(At<FormId>, Option<CodeFormSource>)| {
        let form = form.as_ref()?;
        Some(CodeForm { id: id.value.clone(), title: form.title.clone(), pattern: form.pattern.value.clone() })
    };
    Catalogue {
        code_forms: file.code_forms.items.iter().filter_map(form).collect(),
        groups: lower_headings(&file.groups),
        life_events: lower_headings(&file.life_events),
        synonyms: file.synonyms.iter().map(|words| words.value.clone()).collect(),
    }
}

fn lower_headings(table: &Table<FormId, HeadingSource>) -> Vec<Heading> {
    let heading = |(id, source): &(At<FormId>, Option<HeadingSource>)| {
        let source = source.as_ref()?;
        Some(Heading { id: id.value.clone(), title: source.title.clone(), icon: source.icon.clone() })
    };
    table.items.iter().filter_map(heading).collect()
}

/// The service; absent when something that it cannot be without had a fault.
pub(super) fn lower_service(source: &ServiceSource) -> Option<Service> {
    Some(Service {
        title: source.title.0.clone(),
        code: source.code.0.as_ref()?.value.clone(),
        code_form: source.code_form.0.as_ref()?.value.clone(),
        task_type: source.task_type,
        office: source.office.0.as_ref()?.value.clone(),
        level: source.level,
        main_item: text(source.main_item.as_ref()),
        description: text(source.description.as_ref()),
        audience: source.audience.0.as_ref().map(|many| many.0.clone()).unwrap_or_default(),
        handling: source.handling,
        conditions: source.conditions.iter().map(|condition| condition.0.clone()).collect(),
        materials: source
            .materials
            .items
            .iter()
            .filter_map(|(id, entry)| lower_material(id, entry.as_ref()?))
            .collect(),
        steps: lower_steps(source),
        legal_limit: source.legal_limit.as_ref().map(|limit| limit.value),
        promised_limit: source.promised_limit.as_ref().map(|limit| limit.value),
        special_procedures: lower_special(source),
        visits: source.visits,
        fees: lower_fees(source),
        channels: source.channels.iter().map(lower_channel).collect(),
        result: source.result.as_ref().map(|result| ServiceResult { kind: result.kind, title: result.title.0.clone() }),
        basis: lower_basis(source),
        questions: lower_questions(source),
        apply: source.apply.as_ref().map(|apply| lower_apply(&apply.value)),
        groups: source.groups.iter().map(|group| group.value.clone()).collect(),
        life_events: source.life_events.iter().map(|event| event.value.clone()).collect(),
        keywords: source.keywords.clone(),
    })
}

/// The category of applications for a service: it has the service's id, and the promised limit is its limit.
///
/// Absent where it cannot be applied for.
pub(super) fn category_of(service: &Service, catalogue: &Catalogue) -> Option<Category> {
    let apply = service.apply.as_ref()?;
    let group = service.groups.first().and_then(|group| catalogue.groups.iter().find(|heading| heading.id == *group));
    let condition = Condition {
        id: ConditionId::new("promised").expect("a word"),
        title: service.title.clone(),
        limit: service.promised_limit,
        legal_limit: service.legal_limit,
        closing: service.result.as_ref().map(|result| result.title.clone()).unwrap_or_default(),
    };
    Some(Category {
        title: service.title.clone(),
        kind: CategoryKind::Service,
        code: service.code.clone(),
        group: group.map_or_else(|| service.title.clone(), |heading| heading.title.clone()),
        description: service.description.clone().unwrap_or_default(),
        keywords: Vec::new(),
        icon: group.and_then(|heading| heading.icon.clone()),
        process: apply.process.clone(),
        public: false,
        intake: Intake::default(),
        raised_by: None,
        extract_in: None,
        conditions: vec![condition],
        form: Some(apply.form.clone()),
    })
}

fn text(text: Option<&GuideText>) -> Option<Text> {
    text.map(|text| text.0.clone())
}

fn lower_material(id: &At<FormId>, source: &MaterialEntry) -> Option<Material> {
    Some(Material {
        id: id.value.clone(),
        title: source.title.0.clone(),
        necessity: source.necessity.unwrap_or(Necessity::Required),
        source: source.source,
        form: source.form.unwrap_or(MaterialForm::Either),
        copies: source.copies,
        note: text(source.note.as_ref()),
    })
}

fn lower_steps(source: &ServiceSource) -> Vec<ServiceStep> {
    let step = |step: &crate::source::services::StepSource| ServiceStep {
        stage: step.stage,
        title: step.title.0.clone(),
        limit: step.limit,
    };
    source.steps.iter().map(step).collect()
}

fn lower_special(source: &ServiceSource) -> Vec<SpecialProcedure> {
    let special = source.special_procedures.iter();
    special.map(|special| SpecialProcedure { title: special.title.0.clone(), limit: special.limit }).collect()
}

fn lower_fees(source: &ServiceSource) -> Vec<Fee> {
    let fees = source.fees.iter();
    fees.map(|fee| Fee {
        id: fee.id.as_ref().map(|id| id.value.clone()),
        title: fee.title.0.clone(),
        amount: fee.amount,
        rate: text(fee.rate.as_ref()),
        basis: text(fee.basis.as_ref()),
        show_if: fee.show_if.as_ref().map(|show_if| lower_answer(&show_if.value)),
        reductions: fee
            .reductions
            .items
            .iter()
            .filter_map(|(id, entry)| lower_reduction(id, entry.as_ref()?))
            .collect(),
    })
    .collect()
}

fn lower_reduction(id: &At<FormId>, source: &ReductionSource) -> Option<Reduction> {
    Some(Reduction {
        id: id.value.clone(),
        title: source.title.0.clone(),
        show_if: lower_answer(&source.show_if.value),
        pays_percent: source.pays_percent.value,
    })
}

/// Which answer something depends on; that the form has it is checked.
fn lower_answer(source: &ShowIfSource) -> ShowIf {
    ShowIf { field: source.field.value.clone(), is: source.is.0.iter().map(|answer| answer.value.clone()).collect() }
}

fn lower_basis(source: &ServiceSource) -> Vec<LegalBasis> {
    let basis = |basis: &crate::source::services::BasisSource| LegalBasis {
        title: basis.title.0.clone(),
        number: basis.number.clone(),
        article: text(basis.article.as_ref()),
    };
    source.basis.iter().map(basis).collect()
}

fn lower_questions(source: &ServiceSource) -> Vec<Question> {
    let questions = source.questions.iter();
    questions.map(|asked| Question { question: asked.question.0.clone(), answer: asked.answer.0.clone() }).collect()
}

fn lower_channel(source: &ChannelSource) -> Channel {
    let point = source.point.as_ref().and_then(|point| match point.value[..] {
        [lon, lat] => Some([round_deg(lon), round_deg(lat)]),
        _ => None,
    });
    Channel {
        id: source.id.as_ref().map(|id| id.value.clone()),
        kind: source.kind,
        title: text(source.title.as_ref()),
        address: text(source.address.as_ref()),
        point,
        hours: text(source.hours.as_ref()),
        phone: source.phone.clone(),
        booking: source.booking.as_ref().map(|booking| lower_booking(&booking.value)),
    }
}

fn lower_booking(source: &BookingSource) -> BookingRules {
    BookingRules {
        calendar: source.calendar.value.clone(),
        minutes: source.minutes.value,
        seats: source.seats.value,
        days: source.days.as_ref().map_or(14, |days| days.value),
        notice_minutes: source.notice_minutes.as_ref().map_or(60, |minutes| minutes.value),
        misses: source.misses.as_ref().map_or(3, |misses| misses.value),
    }
}

fn lower_apply(source: &ApplySource) -> Apply {
    let licence = source.licence.as_ref().map(|licence| LicenceRules {
        valid_days: licence.value.valid_days.as_ref().map(|days| days.value.into()),
        shows: licence.value.shows.iter().map(|field| field.value.clone()).collect(),
    });
    Apply { process: source.process.value.clone(), form: source.form.value.clone(), pay: source.pay, licence }
}
