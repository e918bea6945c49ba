//! Counting the parts, one statement a cohort.

use std::collections::BTreeMap;

use model::StageId;

use super::part::{Cohort, Measure, Part};
use super::{GroupBy, IndicatorScope};
use crate::error::StoreError;
use crate::tx::Reader;

/// The counts of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCounts {
    /// The group: a region path, an office, a category, a party, a stage, or `""`.
    pub key: String,
    counts: BTreeMap<Measure, u64>,
}

impl GroupCounts {
    /// A count over all stages; 0 when there was nothing to count.
    pub fn count(&self, part: Part) -> u64 {
        self.counts.get(&Measure::from(part)).copied().unwrap_or(0)
    }

    /// A count of steps of one stage; 0 when there was nothing to count.
    pub fn of_stage(&self, part: Part, stage: &StageId) -> u64 {
        self.counts.get(&Measure { part, stage: Some(stage.clone()) }).copied().unwrap_or(0)
    }

    /// Every count above 0.
    pub fn iter(&self) -> impl Iterator<Item = (&Measure, u64)> {
        self.counts.iter().map(|(measure, count)| (measure, *count))
    }
}

impl Reader {
    /// Every part, by group, groups in order of their keys. Groups with nothing to count are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_parts(&mut self, scope: &IndicatorScope) -> Result<Vec<GroupCounts>, StoreError> {
        let mut groups: BTreeMap<String, BTreeMap<Measure, u64>> = BTreeMap::new();
        for cohort in Cohort::ALL {
            self.count_cohort(scope, cohort, &Part::ALL, &mut groups)?;
        }
        Ok(groups.into_iter().map(|(key, counts)| GroupCounts { key, counts }).collect())
    }

    pub(super) fn count_cohort(
        &mut self,
        scope: &IndicatorScope,
        cohort: Cohort,
        parts: &[Part],
        groups: &mut BTreeMap<String, BTreeMap<Measure, u64>>,
    ) -> Result<(), StoreError> {
        let parts: Vec<Part> = parts.iter().copied().filter(|part| part.cohort() == cohort).collect();
        let (Some(group), false) = (cohort.group(scope.by), parts.is_empty()) else { return Ok(()) };
        let stage = if cohort == Cohort::Steps { "s.stage" } else { "''" };
        let clause = cohort.clause(scope);
        let columns: Vec<String> = parts.iter().map(|part| counted(*part)).collect();
        let sql = format!(
            "SELECT {group} AS grouped, {stage} AS staged, {} FROM {}{} GROUP BY 1, 2 ORDER BY 1, 2",
            columns.join(", "),
            cohort.tables(),
            clause.sql()
        );
        for mut row in self.query(&sql, clause.values())? {
            let key: String = row.next("group")?;
            let stage: Option<StageId> = Some(row.next::<String>("stage")?)
                .filter(|stage| !stage.is_empty())
                .and_then(|stage| stage.parse().ok());
            let counts = groups.entry(group_key(scope.by, key)).or_default();
            for part in &parts {
                let count: u64 = row.next("count")?;
                if count == 0 {
                    continue;
                }
                *counts.entry(Measure::from(*part)).or_default() += count;
                if stage.is_some() {
                    *counts.entry(Measure { part: *part, stage: stage.clone() }).or_default() += count;
                }
            }
        }
        Ok(())
    }
}

fn counted(part: Part) -> String {
    let condition = part.condition();
    match part.summed() {
        None => format!("COUNT(*) FILTER (WHERE {condition})"),
        // PostgreSQL sums BIGINT as NUMERIC.
        Some(what) => format!(
            "CAST(COALESCE(SUM(CASE WHEN {what} > 0 THEN {what} ELSE 0 END) FILTER (WHERE {condition}), 0) AS BIGINT)"
        ),
    }
}

/// Region paths are cut to the depth asked for; other keys stay.
pub(super) fn group_key(by: GroupBy, key: String) -> String {
    let GroupBy::Region { depth } = by else { return key };
    match key.match_indices('/').nth(depth.max(1) - 1) {
        Some((end, _)) => key[..=end].to_owned(),
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_paths_are_cut_to_their_depth() {
        for (depth, path, expect) in [
            (1, "city/d1/s1/", "city/"),
            (2, "city/d1/s1/", "city/d1/"),
            (3, "city/d1/s1/", "city/d1/s1/"),
            (2, "city/", "city/"),
        ] {
            assert_eq!(group_key(GroupBy::Region { depth }, path.to_owned()), expect, "{path} at {depth}");
        }
    }
}
