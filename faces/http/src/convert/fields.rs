//! Questions and actions.

use act::Assignable;
use model::{CategoryId, OfficeId, RegionId};
use pack::{City, FieldKind, TextFormat};

use super::materials::licence_wanted;
use super::{plain, text};
use crate::wire;

/// What fields may propose: the case they are about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its category.
    pub category: &'a CategoryId,
    /// Its region.
    pub region: &'a RegionId,
    /// Who handles it now.
    pub handler: Option<&'a OfficeId>,
    /// Who may be given its present task.
    pub assignable: &'a [Assignable],
}

/// A field as the pack declares it, or with the offices to choose from when it is about a case.
pub fn field(city: &City, field: &pack::Field, about: Option<About<'_>>) -> wire::Field {
    wire::Field {
        id: field.id.to_string(),
        title: text(&field.title),
        required: field.required,
        help: field.help.as_ref().map(text),
        show_if: field.show_if.as_ref().map(|rule| wire::ShowIf { field: rule.field.to_string(), is: rule.is.clone() }),
        kind: kind(city, field, about),
    }
}

fn kind(city: &City, field: &pack::Field, about: Option<About<'_>>) -> wire::FieldKind {
    let options = |options: &[pack::Choice]| {
        options.iter().map(|choice| wire::Named { id: choice.id.clone(), title: text(&choice.title) }).collect()
    };
    match &field.kind {
        FieldKind::Text { max, format } => wire::FieldKind::Text { max: *max, format: (*format).map(text_format) },
        FieldKind::Number { min, max } => wire::FieldKind::Number { min: *min, max: *max },
        FieldKind::Choice { options: list } => wire::FieldKind::Choice { options: options(list) },
        FieldKind::Choices { options: list } => wire::FieldKind::Choices { options: options(list) },
        FieldKind::Date => wire::FieldKind::Date,
        FieldKind::Datetime => wire::FieldKind::Datetime,
        FieldKind::Office { kinds } => office_field(city, kinds, about),
        FieldKind::Evidence { min, max } => wire::FieldKind::Evidence {
            min: *min,
            max: *max,
            licence: field.licence.as_ref().map(|wanted| licence_wanted(city, wanted)),
        },
        FieldKind::Limit { max } => wire::FieldKind::Limit { max: max.to_string() },
        FieldKind::Condition => wire::FieldKind::Condition,
        FieldKind::Stars => wire::FieldKind::Stars,
        FieldKind::Person => wire::FieldKind::Person { people: about.map_or_else(Vec::new, |about| people(&about)) },
    }
}

const fn text_format(format: TextFormat) -> wire::TextFormat {
    match format {
        TextFormat::Phone => wire::TextFormat::Phone,
        TextFormat::Email => wire::TextFormat::Email,
        TextFormat::IdCard => wire::TextFormat::IdCard,
        TextFormat::CreditCode => wire::TextFormat::CreditCode,
        TextFormat::Postcode => wire::TextFormat::Postcode,
        TextFormat::Money => wire::TextFormat::Money,
    }
}

fn people(about: &About<'_>) -> Vec<wire::Named> {
    let named = |person: &Assignable| wire::Named { id: person.party.to_string(), title: plain(&person.display_name) };
    about.assignable.iter().map(named).collect()
}

/// Offices of the field's kinds, those nearest to the case first: the chain of its regions, then the rest.
fn office_field(city: &City, kinds: &[String], about: Option<About<'_>>) -> wire::FieldKind {
    let kinds_of = kinds.to_vec();
    let Some(about) = about else {
        return wire::FieldKind::Office { kinds: kinds_of, offices: Vec::new(), suggested: None };
    };
    let suggested = about.handler.cloned().or_else(|| city.route(about.category, about.region));
    let mut offices: Vec<(bool, &OfficeId, &pack::Office)> = city
        .offices
        .iter()
        .filter(|(_, office)| kinds.is_empty() || kinds.contains(&office.kind))
        .map(|(id, office)| (!city.is_within(about.region, &office.region), id, office))
        .collect();
    offices.sort_by_key(|(is_elsewhere, id, _)| (suggested.as_ref() != Some(*id), *is_elsewhere));
    let suggested = suggested.filter(|id| offices.iter().any(|(_, found, _)| *found == id));
    wire::FieldKind::Office {
        kinds: kinds_of,
        offices: offices
            .into_iter()
            .map(|(_, id, office)| wire::Named { id: id.to_string(), title: text(&office.title) })
            .collect(),
        suggested: suggested.map(|id| id.to_string()),
    }
}

/// An action that somebody may take on a case.
pub fn action_view(city: &City, action: &pack::Action, about: About<'_>) -> wire::ActionView {
    wire::ActionView {
        id: action.id.to_string(),
        title: text(&action.title),
        tone: action.tone.clone(),
        fields: action.fields.iter().map(|asked| field(city, asked, Some(about))).collect(),
    }
}
