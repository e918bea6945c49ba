//! `GET /indicators.csv`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::table::table;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Params;
use crate::open311::locale;
use crate::wire::*;

/// Tells spreadsheet programs that the file is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Indicators of a period as CSV.
#[utoipa::path(
    get,
    path = "/indicators.csv",
    tag = "account",
    params(IndicatorsQuery),
    responses((status = 200, description = "CSV, UTF-8", body = String, content_type = "text/csv"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn export_indicators(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<IndicatorsQuery>,
) -> Result<Response, Refused> {
    let found = table(&app, &caller.principal, &query).await?;
    let compiled = app.current();
    let body = csv(&found, locale(&compiled.city, &headers)).ok_or_else(failed)?;
    let about = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"indicators.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((about, body).into_response())
}

/// A line for each group; for each indicator its value, numerator and denominator.
fn csv(found: &Indicators, locale: &str) -> Option<String> {
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let columns = found.definitions.iter().flat_map(|definition| {
        let id = &definition.id;
        [id.clone(), format!("{id}_numerator"), format!("{id}_denominator")]
    });
    writer.write_record(["key".to_owned(), "title".to_owned()].into_iter().chain(columns)).ok()?;
    for row in &found.rows {
        let title = row.title.0.get(locale).or_else(|| row.title.0.values().next()).map_or("", String::as_str);
        let cells = found
            .definitions
            .iter()
            .flat_map(|definition| row.values.get(&definition.id).map_or_else(Default::default, cells));
        writer.write_record([harmless(&row.key), harmless(title)].into_iter().chain(cells)).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

fn cells(value: &IndicatorValue) -> [String; 3] {
    [
        value.value.map_or_else(String::new, |value| value.to_string()),
        value.numerator.to_string(),
        value.denominator.to_string(),
    ]
}

/// A text that no spreadsheet program takes for a formula.
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_formula_stays_a_name() {
        for (text, expect) in [("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("@x", "'@x"), ("城管局", "城管局"), ("", "")]
        {
            assert_eq!(harmless(text), expect);
        }
    }
}
