//! Inspections, their answers and comparisons on the wire.

use std::collections::BTreeMap;

use model::{
    CaseId, DialMark, EvidenceId, PanelComparison, PanelFinding, PanelMarks, PanelRegion, PartyId, PictureArea,
    PositionMark, SwitchMark, Text,
};
use pack::{Check, CheckKind, City};
use store::{BaselineRow, EvidenceRow, InspectionAnswerRow, InspectionRunRow, Reader, StoreError};

use super::{picture_url, plain, text, thumb_url, time, words};
use crate::error::Refused;
use crate::names::parse;
use crate::wire;

/// What views of inspections name: people, pictures and cases.
#[derive(Debug, Default)]
pub struct Named {
    people: BTreeMap<PartyId, String>,
    pictures: BTreeMap<EvidenceId, EvidenceRow>,
    cases: BTreeMap<CaseId, String>,
}

impl Named {
    /// Looks up what runs, answers, baselines and comparisons name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of(
        reader: &mut Reader,
        runs: &[InspectionRunRow],
        answers: &[InspectionAnswerRow],
        baselines: &[BaselineRow],
        comparisons: &[PanelComparison],
    ) -> Result<Self, StoreError> {
        let mut people: Vec<_> =
            runs.iter().map(|run| run.party).chain(baselines.iter().map(|one| one.party)).collect();
        people.sort_unstable();
        people.dedup();
        let compared = answers.iter().filter_map(|answer| answer.comparison.as_ref()).chain(comparisons);
        let pairs = compared.flat_map(|comparison| [comparison.before, comparison.after]);
        let own = answers.iter().filter_map(|answer| answer.picture);
        let mut named = Self { people: reader.display_names(&people)?, ..Self::default() };
        for id in pairs.chain(own).chain(baselines.iter().map(|one| one.picture)) {
            if let std::collections::btree_map::Entry::Vacant(place) = named.pictures.entry(id)
                && let Some(row) = reader.find_evidence(&id)?
            {
                place.insert(row);
            }
        }
        for id in answers.iter().filter_map(|answer| answer.case_id) {
            if let std::collections::btree_map::Entry::Vacant(place) = named.cases.entry(id)
                && let Some(case) = reader.load_case(id)?
            {
                place.insert(case.no.to_string());
            }
        }
        Ok(named)
    }

    fn person(&self, party: PartyId) -> String {
        self.people.get(&party).cloned().unwrap_or_default()
    }

    fn picture(&self, id: EvidenceId) -> wire::InspectionPicture {
        let row = self.pictures.get(&id);
        wire::InspectionPicture {
            id: id.to_string(),
            url: picture_url(&id, None),
            thumb_url: thumb_url(&id, None),
            width: row.map_or(0, |row| row.width),
            height: row.map_or(0, |row| row.height),
        }
    }

    /// A run.
    pub fn run(&self, row: &InspectionRunRow, city: &City) -> wire::InspectionRun {
        wire::InspectionRun {
            id: row.id.to_string(),
            inspection: row.inspection.to_string(),
            title: title_of(city.inspections.get(&row.inspection).map(|one| &one.title), row.inspection.as_str()),
            by: self.person(row.party),
            started_at: time(row.started_at),
            ended_at: row.ended_at.map(time),
            answers: row.answers,
            faults: row.faults,
        }
    }

    /// An answer.
    pub fn answer(&self, row: &InspectionAnswerRow, city: &City) -> wire::InspectionAnswer {
        let inspection = city.inspections.get(&row.inspection);
        let (stop, check) = inspection.and_then(|one| one.check(row.check.as_str())).unzip();
        wire::InspectionAnswer {
            id: row.id.to_string(),
            run: row.run.to_string(),
            inspection: row.inspection.to_string(),
            inspection_title: title_of(inspection.map(|one| &one.title), row.inspection.as_str()),
            stop_title: title_of(stop.map(|stop| &stop.title), ""),
            check: row.check.to_string(),
            check_title: title_of(check.map(|check| &check.title), row.check.as_str()),
            at: time(row.at),
            value: row.value.clone(),
            answer: check.and_then(|check| in_words(check, &row.value)),
            note: row.note.clone(),
            picture: row.picture.map(|id| self.picture(id)),
            distance_m: row.distance_m,
            comparison: row.comparison.as_ref().map(|comparison| self.comparison(comparison)),
            is_fault: row.is_fault,
            case_id: row.case_id.map(|id| id.to_string()),
            case_no: row.case_id.and_then(|id| self.cases.get(&id).cloned()),
        }
    }

    /// A baseline.
    pub fn baseline(&self, row: &BaselineRow) -> wire::InspectionBaseline {
        wire::InspectionBaseline {
            id: row.id.to_string(),
            picture: self.picture(row.picture),
            marks: marks_view(&row.marks),
            by: self.person(row.party),
            at: time(row.at),
        }
    }

    /// A photograph beside its baseline.
    pub fn comparison(&self, one: &PanelComparison) -> wire::PanelComparisonView {
        let mut view = unclear(self.picture(one.before), self.picture(one.after));
        finding_view(&one.finding, &mut view);
        view
    }
}

/// Two pictures of which nothing is said yet.
pub fn unclear(before: wire::InspectionPicture, after: wire::InspectionPicture) -> wire::PanelComparisonView {
    wire::PanelComparisonView {
        before,
        after,
        finding: wire::PanelFindingWord::Unclear,
        reason: None,
        map: None,
        overlap: None,
        regions: Vec::new(),
        dials: Vec::new(),
        switches: Vec::new(),
    }
}

/// Says what comparing two pictures came to.
pub fn finding_view(finding: &PanelFinding, view: &mut wire::PanelComparisonView) {
    match finding {
        PanelFinding::Unclear { reason } => view.reason = Some(reason.clone()),
        PanelFinding::Compared(compared) => {
            let differs = compared.differs();
            view.finding = if differs { wire::PanelFindingWord::Differs } else { wire::PanelFindingWord::Same };
            view.map = Some(compared.map.to_vec());
            view.overlap = Some(compared.overlap);
            view.regions = compared.regions.iter().map(region_view).collect();
            view.dials = compared.dials.iter().map(dial_view).collect();
            view.switches = compared.switches.iter().map(switch_view).collect();
        }
    }
}

fn title_of(title: Option<&Text>, otherwise: &str) -> wire::Text {
    title.map_or_else(|| plain(otherwise), text)
}

/// An answer in words; none where the picture is the answer.
fn in_words(check: &Check, value: &serde_json::Value) -> Option<wire::Text> {
    let yes_no = |said: bool| if said { words("是", "Yes") } else { words("否", "No") };
    match &check.kind {
        CheckKind::YesNo { .. } => value.as_bool().map(yes_no),
        CheckKind::Number { unit, .. } => {
            let unit = unit.map_or("", |unit| unit.symbol());
            value.as_f64().map(|value| plain(format!("{value} {unit}").trim_end()))
        }
        CheckKind::Choice { options } => {
            let chosen = options.iter().find(|option| Some(option.id.as_str()) == value.as_str());
            chosen.map(|option| text(&option.title))
        }
        CheckKind::Photo => None,
        CheckKind::Panel => value.as_bool().map(|is_in_order| {
            if is_in_order {
                words("巡检员判定正常", "In order, says the inspector")
            } else {
                words("巡检员判定异常", "Faulty, says the inspector")
            }
        }),
    }
}

fn rect_view(area: &PictureArea) -> wire::PictureRect {
    wire::PictureRect { x: area.x, y: area.y, width: area.width, height: area.height }
}

fn region_view(region: &PanelRegion) -> wire::PanelRegionView {
    wire::PanelRegionView {
        before: rect_view(&region.before),
        after: rect_view(&region.after),
        strength: region.strength,
    }
}

fn dial_view(dial: &model::DialFinding) -> wire::DialFindingView {
    wire::DialFindingView {
        title: dial.title.clone(),
        value: dial.value,
        unit: dial.unit.clone(),
        is_fault: dial.is_fault,
        unread: dial.unread.clone(),
    }
}

fn switch_view(switch: &model::SwitchFinding) -> wire::SwitchFindingView {
    wire::SwitchFindingView {
        title: switch.title.clone(),
        position: switch.position.clone(),
        expected: switch.expected.clone(),
        is_fault: switch.is_fault,
        unread: switch.unread.clone(),
    }
}

fn marks_view(marks: &PanelMarks) -> wire::PanelMarksView {
    let dial = |mark: &DialMark| wire::DialMarkView {
        title: mark.title.clone(),
        x: mark.centre.0,
        y: mark.centre.1,
        radius: mark.radius,
        zero_angle: mark.zero_angle,
        full_angle: mark.full_angle,
        min: mark.min,
        max: mark.max,
        unit: mark.unit.clone(),
        low: mark.low,
        high: mark.high,
    };
    let position =
        |one: &PositionMark| wire::SwitchPositionView { name: one.name.clone(), picture: one.picture.to_string() };
    let switch = |mark: &SwitchMark| wire::SwitchMarkView {
        title: mark.title.clone(),
        area: rect_view(&mark.area),
        expected: mark.expected.clone(),
        positions: mark.positions.iter().map(position).collect(),
    };
    wire::PanelMarksView {
        dials: marks.dials.iter().map(dial).collect(),
        switches: marks.switches.iter().map(switch).collect(),
        ignored: marks.ignored.iter().map(rect_view).collect(),
    }
}

/// Marks as they are to be set.
///
/// # Errors
/// 400 where a position names no picture.
pub fn marks_of(view: wire::PanelMarksView) -> Result<PanelMarks, Refused> {
    let area = |rect: wire::PictureRect| PictureArea { x: rect.x, y: rect.y, width: rect.width, height: rect.height };
    let dial = |mark: wire::DialMarkView| DialMark {
        title: mark.title.trim().to_owned(),
        centre: (mark.x, mark.y),
        radius: mark.radius,
        zero_angle: mark.zero_angle,
        full_angle: mark.full_angle,
        min: mark.min,
        max: mark.max,
        unit: mark.unit.filter(|unit| !unit.trim().is_empty()),
        low: mark.low,
        high: mark.high,
    };
    let position = |one: wire::SwitchPositionView| {
        let picture = parse("picture", &one.picture)?;
        Ok(PositionMark { name: one.name.trim().to_owned(), picture, patch: String::new() })
    };
    let switch = |mark: wire::SwitchMarkView| {
        let positions = mark.positions.into_iter().map(position).collect::<Result<_, Refused>>()?;
        let (title, expected) = (mark.title.trim().to_owned(), mark.expected.trim().to_owned());
        Ok(SwitchMark { title, area: area(mark.area), expected, positions })
    };
    Ok(PanelMarks {
        dials: view.dials.into_iter().map(dial).collect(),
        switches: view.switches.into_iter().map(switch).collect::<Result<_, Refused>>()?,
        ignored: view.ignored.into_iter().map(area).collect(),
    })
}
