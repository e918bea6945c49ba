//! `GET /flights/{flight}/package`.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::FlightId;
use sense::flights::file_path;
use store::{FlightFileRow, FlightRow, Reader};
use tar::Header;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;

use super::parts::seen_flight;
use crate::api::account::receipts::make;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::wire::*;

/// A block of an archive, bytes (POSIX.1-1988, ustar).
const BLOCK: usize = 512;
/// Bytes that are read and sent at a time, and how many of those wait for a slow reader.
const PIECE: usize = 64 * 1_024;
const WAITING: usize = 4;
/// Bytes of the name of a file; the manifest has the whole of it.
const NAME_MAX: usize = 80;

/// Everything that proves a flight, in one archive (tar): its files as they came, the manifest, the receipt, the log's key and
/// how to check them without any server.
#[utoipa::path(
    get,
    path = "/flights/{flight}/package",
    tag = "flights",
    params(("flight" = String, Path, description = "Its id")),
    responses((status = 200, description = "The archive", content_type = "application/x-tar"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_flight_package(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let row = seen_flight(&app, &caller, &id).await?;
    let id = row.id;
    let receipt = make(&app, row.record).await?;
    let files = app.store.read(move |reader: &mut Reader| reader.list_flight_files(id)).await?;
    let parts = parts(&app, &row, &files, receipt.text);
    let length: u64 = parts.iter().map(|part| BLOCK as u64 + part.bytes.div_ceil(BLOCK as u64) * BLOCK as u64).sum();
    let length = length + 2 * BLOCK as u64;
    for part in &parts {
        if let Source::File(path) = &part.source
            && tokio::fs::metadata(path).await.map_err(|_| failed())?.len() != part.bytes
        {
            tracing::error!(flight = %id, name = part.name, "a file of a flight is not as long as it was");
            return Err(failed());
        }
    }
    let (sender, receiver) = tokio::sync::mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(error) = send(parts, &sender).await {
            tracing::error!(flight = %id, %error, "the archive of a flight was broken off");
            let _ = sender.send(Err(error)).await;
        }
    });
    let about = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"flight-{id}.tar\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((about, Body::from_stream(ReceiverStream::new(receiver))).into_response())
}

/// Where the bytes of a part are.
enum Source {
    Text(String),
    File(PathBuf),
}

/// A file of the archive.
struct Part {
    name: String,
    bytes: u64,
    source: Source,
    /// Seconds since 1970.
    at: u64,
}

fn parts(app: &App, row: &FlightRow, files: &[FlightFileRow], receipt: String) -> Vec<Part> {
    let seconds = |at: model::Instant| u64::try_from(at.as_micros() / 1_000_000).unwrap_or(0);
    let folder = format!("flight-{}", row.id);
    let text = |name: &str, text: String| Part {
        name: format!("{folder}/{name}"),
        bytes: text.len() as u64,
        source: Source::Text(text),
        at: seconds(row.imported_at),
    };
    let file = |file: &FlightFileRow| Part {
        name: format!("{folder}/{:04}-{}", file.number, short(&file.name)),
        bytes: file.bytes,
        source: Source::File(file_path(&app.files, row.id, file.number)),
        at: seconds(file.at.unwrap_or(row.imported_at)),
    };
    let own = [
        text("README.txt", read_me(row.id)),
        text("manifest.json", row.manifest.clone()),
        text("receipt.tlog-proof", receipt),
        text("ledger-key.txt", format!("{}\n", app.ledger_key)),
    ];
    own.into_iter().chain(files.iter().map(file)).collect()
}

fn read_me(id: FlightId) -> String {
    format!(
        "核对这份航拍证据，不需要联网 · Check this flight without any network:\n\n\
         dipper verify receipt.tlog-proof --key ledger-key.txt --flight .\n\n\
         公钥应当另行取自可信来源（城市网站的 /ledger/key，或见证方），不要只用这里附的一份。\n\
         Take the key from a source you trust (/ledger/key of the city's site, or a witness), not from here alone.\n\n\
         不用本程序 · Without that program: sha256sum * ; the digests of the files are in manifest.json, the digest of\n\
         manifest.json is in receipt.tlog-proof (C2SP tlog-proof).\n\nflight {id}\n"
    )
}

/// The end of a name, where its kind stands, as far as an archive takes it.
fn short(name: &str) -> &str {
    let mut start = name.len().saturating_sub(NAME_MAX);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    &name[start..]
}

type Pieces = Sender<std::io::Result<Vec<u8>>>;

async fn send(parts: Vec<Part>, sender: &Pieces) -> std::io::Result<()> {
    for part in parts {
        let mut header = Header::new_ustar();
        header.set_path(&part.name)?;
        header.set_size(part.bytes);
        header.set_mode(0o444);
        header.set_mtime(part.at);
        header.set_cksum();
        if sender.send(Ok(header.as_bytes().to_vec())).await.is_err() {
            return Ok(());
        }
        let is_heard = match part.source {
            Source::Text(text) => copy(Cursor::new(text), part.bytes, sender).await?,
            Source::File(path) => copy(File::open(path).await?, part.bytes, sender).await?,
        };
        if !is_heard {
            return Ok(());
        }
    }
    let _ = sender.send(Ok(vec![0; 2 * BLOCK])).await;
    Ok(())
}

/// So many bytes, filled up to whole blocks; false when nobody listens any more.
async fn copy(mut from: impl AsyncRead + Unpin, bytes: u64, sender: &Pieces) -> std::io::Result<bool> {
    let mut left = bytes;
    while left > 0 {
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        from.read_exact(&mut piece).await?;
        left -= piece.len() as u64;
        if sender.send(Ok(piece)).await.is_err() {
            return Ok(false);
        }
    }
    let over = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
    Ok(over == 0 || sender.send(Ok(vec![0; BLOCK - over])).await.is_ok())
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_long_name_keeps_its_end_and_whole_letters() {
        assert_eq!(short("DJI_0001.JPG"), "DJI_0001.JPG");
        let long = format!("{}.jpg", "航".repeat(60));
        assert_eq!(short(&long), format!("{}.jpg", "航".repeat(25)));
    }
}
