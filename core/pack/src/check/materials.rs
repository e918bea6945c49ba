//! Checks of licences that may be given instead of files: they are issued here, and the facts needed stand on them.

use crate::faults::Report;
use crate::source::files::Folder;
use crate::source::types::FieldSource;
use crate::source::words::FieldType;

pub(super) fn check_materials(folder: &Folder, report: &mut Report) {
    for (_, (process, _)) in folder.processes.iter() {
        for licence in
            process.actions.iter().flat_map(|action| &action.fields).filter_map(|field| field.licence.as_ref())
        {
            report.fault(licence.at, "only fields of forms take a licence instead of files");
        }
    }
    for (_, form) in folder.forms.iter() {
        for field in form {
            check_field(field, folder, report);
        }
    }
}

fn check_field(field: &FieldSource, folder: &Folder, report: &mut Report) {
    let (Some(licence), id) = (&field.licence, &field.id.value) else { return };
    if field.kind.value != FieldType::Evidence {
        report.fault(licence.at, format!("field {id}: only evidence takes a licence instead of files"));
    }
    let (of, facts) = (&licence.value.of, &licence.value.facts);
    let found = folder.services.iter().find(|(known, _)| known.value == of.value);
    let Some((_, service)) = found else {
        if !folder.services.may_have(&of.value) {
            report.fault(of.at, format!("field {id}: there is no service {}", of.value));
        }
        return;
    };
    let Some(rules) = service.apply.as_ref().and_then(|apply| apply.value.licence.as_ref()) else {
        report.fault(of.at, format!("field {id}: service {} issues no licence", of.value));
        return;
    };
    for (place, fact) in facts.iter().enumerate() {
        if !rules.value.shows.iter().any(|shown| shown.value == fact.value) {
            report.fault(fact.at, format!("field {id}: the licence of {} shows no {}", of.value, fact.value));
        }
        if facts[..place].iter().any(|before| before.value == fact.value) {
            report.fault(fact.at, format!("field {id}: {} stands twice", fact.value));
        }
    }
}
