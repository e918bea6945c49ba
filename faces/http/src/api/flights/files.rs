//! `GET /flights/{flight}/files/{number}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use sense::flights::{ViewSize, file_path, view};
use store::Reader;

use super::parts::{refused, seen_flight};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::ranges::{Handed, hand_out};
use crate::wire::*;

/// A file of a flight as it came, or a part of it (`range`); or a picture, smaller and without metadata.
#[utoipa::path(
    get,
    path = "/flights/{flight}/files/{number}",
    tag = "flights",
    params(
        ("flight" = String, Path, description = "The flight"),
        ("number" = u32, Path, description = "The file's place in the manifest, from 1"),
        FlightFileQuery
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 206, description = "The part asked for", content_type = "application/octet-stream"),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn get_flight_file(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((flight, number)): Path<(String, u32)>,
    Params(query): Params<FlightFileQuery>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let id = seen_flight(&app, &caller, &flight).await?.id;
    let file = app.store.read(move |reader: &mut Reader| reader.find_flight_file(id, number)).await?;
    let file = file.ok_or_else(|| Refused::not_found("file of this flight"))?;
    let size = match query.size {
        Some(FlightFileSize::View) => ViewSize::View,
        Some(FlightFileSize::Thumb) => ViewSize::Thumb,
        None => {
            let (path, name) = (file_path(&app.files, id, number), disposition(&file.name));
            let handed = Handed { path: &path, bytes: file.bytes, media_type: &file.media_type, disposition: &name };
            return hand_out(handed, &headers).await;
        }
    };
    let bytes = view(&app.sense(), id, &file, size).await.map_err(refused)?;
    let about = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((about, bytes).into_response())
}

/// A name for the disk, in any script (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if is_plain(char::from(byte)) {
            coded.push(char::from(byte));
        } else {
            coded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_of_any_script_is_one_header() {
        for (name, expect) in [
            ("DJI_0001.JPG", "attachment; filename=\"DJI_0001.JPG\"; filename*=UTF-8''DJI_0001.JPG"),
            ("航拍 1.jpg", "attachment; filename=\"___1.jpg\"; filename*=UTF-8''%E8%88%AA%E6%8B%8D%201.jpg"),
            ("a\"\r\n.jpg", "attachment; filename=\"a___.jpg\"; filename*=UTF-8''a%22%0D%0A.jpg"),
        ] {
            assert_eq!(disposition(name), expect);
        }
    }
}
