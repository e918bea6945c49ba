//! `GET /licences/{id}/pdf`.

use std::sync::Arc;

use act::copies::copy_for_paper;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use credential::seal;
use model::LicenceId;
use paper::print;
use store::MandateAct;

use super::copy_licence::refused;
use super::view::{facts, item};
use crate::access::record_act;
use crate::api::applications::parts::represented;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::papers::Printed;
use crate::error::{Refused, failed};
use crate::extract::{Params, Segments};
use crate::paper_font::face;
use crate::wire::*;

/// A licence on paper: a PDF with the facts chosen, a code that proves them, and the signed licence attached.
///
/// For whoever may see the licence: its holder, and who acts for them; the paper is a copy, and bound to no device.
#[utoipa::path(
    get,
    path = "/licences/{id}/pdf",
    tag = "licences",
    params(("id" = String, Path, description = "Its id"), PaperQuery),
    responses((status = 200, description = "PDF/A-3", body = String, content_type = "application/pdf"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn print_licence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<PaperQuery>,
) -> Result<Response, Refused> {
    let applicant = represented(&app, &caller)?;
    caller.limit(&app, &app.limits.reports)?;
    let not_found = || Refused::not_found("licence");
    let id: LicenceId = id.parse().map_err(|_| not_found())?;
    let party = applicant.party;
    let row = app.store.read(move |reader| reader.find_licence(id)).await?;
    // Somebody else's licence and none look the same.
    let is_theirs = |row: &store::LicenceRow| row.party == Some(party) && applicant.covers(&row.service);
    let row = row.filter(is_theirs).ok_or_else(not_found)?;
    if let Some(agent) = &applicant.agent {
        record_act(&app, agent, MandateAct::Licence, (Some(row.service.clone()), Some(row.case_no.clone()))).await?;
    }
    let face = face().ok_or_else(no_font)?;
    let names = query.show.iter().flat_map(|show| show.split(',')).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    let copy = copy_for_paper(&app.licences(), party, id, names).await.map_err(refused)?;
    let (compiled, now) = (app.current(), app.now());
    let printed = Printed {
        city: &compiled.city,
        row: &row,
        item: item(&compiled.city, &row, now),
        facts: facts(&compiled.city, &row, copy.shown.unverified_claims()),
        withheld: copy.withheld,
        shown: &copy.shown,
        status: copy.status,
        verify_url: app.issuer.uri.starts_with("http").then(|| format!("{}/verify", app.issuer.uri)),
        now,
    };
    let (sheet, issuer) = (printed.sheet(), Arc::clone(&app.issuer));
    let now_s = now.as_micros().div_euclid(1_000_000);
    let printing = tokio::task::spawn_blocking(move || {
        print(&sheet, &face, |digest| seal(&issuer.key, &issuer.uri, now_s, digest))
    });
    let bytes = printing.await.map_err(|_| failed())?.map_err(|error| {
        tracing::error!(%error, licence = %id, "a licence cannot be printed");
        failed()
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.pdf\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// The web packages, which bring the font, were not built into the binary.
fn no_font() -> Refused {
    let words = "this server was built without the font for PDF; print from the browser, or ask whoever runs it to build the web packages";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "no_paper_font", words)
}
