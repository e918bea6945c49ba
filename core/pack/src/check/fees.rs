//! Checks of fees that are paid online: each can be named, and what it depends on is asked.

use std::collections::BTreeSet;

use model::{FormId, ServiceId};

use crate::faults::{At, Report};
use crate::source::files::Folder;
use crate::source::services::ServiceSource;
use crate::source::types::ShowIfSource;
use crate::source::words::FieldType;

pub(super) fn check_fees(id: &At<ServiceId>, service: &ServiceSource, folder: &Folder, report: &mut Report) {
    let apply = service.apply.as_ref().map(|apply| &apply.value);
    let is_paid_online = apply.is_some_and(|apply| apply.pay);
    let mut seen = BTreeSet::new();
    for fee in &service.fees {
        match &fee.id {
            Some(fee) if !seen.insert(&fee.value) => {
                report.fault(fee.at, format!("service {}: fee {} stands twice", id.value, fee.value));
            }
            None if is_paid_online && fee.amount.is_some() => {
                report.fault(id.at, format!("service {}: a fee that is paid online needs an id", id.value));
            }
            _ => {}
        }
        let reductions = fee.reductions.items.iter().filter_map(|(_, reduction)| reduction.as_ref());
        for reduction in reductions.clone() {
            if reduction.pays_percent.value >= 100 {
                report.fault(reduction.pays_percent.at, "a reduction leaves 0 to 99 per cent to be paid");
            }
        }
        for answer in fee.show_if.iter().chain(reductions.map(|reduction| &reduction.show_if)) {
            check_answer(id, answer, apply.map(|apply| &apply.form.value), folder, report);
        }
    }
}

/// What a fee depends on is a choice of the service's form.
fn check_answer(
    id: &At<ServiceId>,
    answer: &At<ShowIfSource>,
    form: Option<&FormId>,
    folder: &Folder,
    report: &mut Report,
) {
    let Some(form) = form else {
        report.fault(answer.at, format!("service {}: a fee depends on answers, so it needs \"apply\"", id.value));
        return;
    };
    let Some((_, fields)) = folder.forms.iter().find(|(known, _)| known.value == *form) else { return };
    let ShowIfSource { field, is } = &answer.value;
    let asked = fields.iter().find(|known| known.id.value == field.value);
    let Some(asked) = asked.filter(|asked| matches!(asked.kind.value, FieldType::Choice | FieldType::Choices)) else {
        report.fault(field.at, format!("service {}: form {form} has no choice {}", id.value, field.value));
        return;
    };
    for one in &is.0 {
        let options = asked.options.iter().flat_map(|options| options.iter());
        if !options.into_iter().any(|option| option.id.value == one.value) {
            report.fault(one.at, format!("service {}: {} has no choice {:?}", id.value, field.value, one.value));
        }
    }
}
