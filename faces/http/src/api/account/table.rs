//! Indicators of a period as a table.

use std::sync::Arc;

use account::indicators::{Definition, compute, definitions};
use identity::Principal;
use store::GroupBy;

use super::period::{Asked, scope};
use crate::app::App;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire;

/// The key of the one row without grouping.
pub const ALL: &str = "all";

/// Computes the table.
///
/// # Errors
/// 400, 401 or 403, as the scope says.
pub async fn table(
    app: &Arc<App>,
    principal: &Principal,
    query: &wire::IndicatorsQuery,
) -> Result<wire::Indicators, Refused> {
    let by = query.by.unwrap_or_default();
    let asked = Asked { from: query.from.as_deref(), to: query.to.as_deref(), by, region: query.region.as_deref() };
    let scope = scope(app, principal, &asked)?;
    let city = app.current().city.clone();
    let (from, to, is_whole) = (time(scope.from), time(scope.before), scope.by == GroupBy::All);
    let rows = compute(&app.store, &city, scope).await?;
    let rows = rows.into_iter().map(|row| row_view(row, is_whole)).collect();
    Ok(wire::Indicators { from, to, by, definitions: definitions(&city).iter().map(definition_view).collect(), rows })
}

fn row_view(row: account::indicators::IndicatorRow, is_whole: bool) -> wire::IndicatorRow {
    let value = |value: account::indicators::IndicatorValue| wire::IndicatorValue {
        value: value.value,
        numerator: i64::try_from(value.numerator).unwrap_or(i64::MAX),
        denominator: i64::try_from(value.denominator).unwrap_or(i64::MAX),
    };
    wire::IndicatorRow {
        key: if is_whole { ALL.to_owned() } else { row.key },
        title: text(&row.title),
        values: row.values.into_iter().map(|(id, found)| (id, value(found))).collect(),
    }
}

fn definition_view(definition: &Definition) -> wire::IndicatorDefinition {
    wire::IndicatorDefinition {
        id: definition.id.clone(),
        title: text(&definition.title),
        unit: definition.unit.as_str().to_owned(),
        target: definition.target,
        formula: text(&definition.formula),
        has_missing: definition.missing.is_some(),
    }
}
