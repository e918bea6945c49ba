//! Large files, whole or a part of them (RFC 9110 §14).

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_stream::wrappers::ReceiverStream;

use crate::error::{Refused, failed};

/// Bytes that are read and sent at a time, and how many of those wait for a slow reader.
const PIECE: usize = 64 * 1_024;
const WAITING: usize = 4;

/// A file that is handed out.
#[derive(Debug, Clone, Copy)]
pub struct Handed<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// How long it is, bytes.
    pub bytes: u64,
    /// What its bytes are.
    pub media_type: &'a str,
    /// What it is called when it is saved.
    pub disposition: &'a str,
}

/// Answers with a file, or with the part of it that is asked for (`range`).
///
/// # Errors
/// 500 when it cannot be read.
pub async fn hand_out(handed: Handed<'_>, headers: &HeaderMap) -> Result<Response, Refused> {
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = range(asked, handed.bytes) else {
        let words = format!("the file has {} bytes", handed.bytes);
        let mut refused = Refused::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", words).into_response();
        if let Ok(value) = format!("bytes */{}", handed.bytes).try_into() {
            refused.headers_mut().insert(header::CONTENT_RANGE, value);
        }
        return Ok(refused);
    };
    let gone = |error: std::io::Error| {
        tracing::error!(kind = ?error.kind(), disposition = handed.disposition, "a file cannot be read");
        failed()
    };
    let mut file = File::open(handed.path).await.map_err(gone)?;
    file.seek(SeekFrom::Start(first)).await.map_err(gone)?;
    let length = last + 1 - first;
    let about = [
        (header::CONTENT_TYPE, handed.media_type.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, handed.disposition.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    let body = Body::from_stream(pieces(file, length));
    if asked.is_none() {
        return Ok((about, body).into_response());
    }
    let part = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{}", handed.bytes))];
    Ok((StatusCode::PARTIAL_CONTENT, about, part, body).into_response())
}

/// So many bytes of a file from where it stands, a piece at a time.
fn pieces(mut file: File, mut left: u64) -> ReceiverStream<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(WAITING);
    tokio::spawn(async move {
        while left > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let read = file.read_exact(&mut piece).await.map(|_| piece);
            left -= read.as_ref().map_or(left, |piece| piece.len() as u64);
            if sender.send(read).await.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(receiver)
}

/// First and last byte of what `range` asks for (RFC 9110 §14.2); the whole of it without one, or with one of a kind that is
/// not served. `None` when nothing of the file is in it.
fn range(asked: Option<&str>, length: u64) -> Option<(u64, u64)> {
    let end = length.checked_sub(1)?;
    let whole = Some((0, end));
    let Some((from, to)) = asked.and_then(|text| text.strip_prefix("bytes=")?.split_once('-')) else { return whole };
    match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(first), _) if first > end => None,
        (Ok(first), Ok(last)) if first <= last => Some((first, last.min(end))),
        (Ok(first), Err(_)) if to.is_empty() => Some((first, end)),
        (Err(_), Ok(0)) if from.is_empty() => None,
        (Err(_), Ok(last)) if from.is_empty() => Some((length.saturating_sub(last), end)),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_file_has_of_it() {
        for (asked, expect) in [
            (None, Some((0, 99))),
            (Some("bytes=0-"), Some((0, 99))),
            (Some("bytes=10-19"), Some((10, 19))),
            (Some("bytes=90-200"), Some((90, 99))),
            (Some("bytes=-5"), Some((95, 99))),
            (Some("bytes=-500"), Some((0, 99))),
            (Some("bytes=100-"), None),
            (Some("bytes=-0"), None),
            // What we do not serve is answered whole.
            (Some("bytes=20-10"), Some((0, 99))),
            (Some("bytes=0-1,5-6"), Some((0, 99))),
            (Some("pages=1-2"), Some((0, 99))),
        ] {
            assert_eq!(range(asked, 100), expect, "{asked:?}");
        }
        assert_eq!(range(None, 0), None);
    }
}
