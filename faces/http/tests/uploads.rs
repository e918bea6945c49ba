//! Resumable uploads: the protocol, whose they are, and how much of them is taken.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Answer, Browser, TestApp, request};
use sense::evidence::Files;
use sense::uploads::{UploadLimits, Uploads, sweep, whole};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const UPLOADS: &str = "/api/v1/uploads";
const PIECE: &str = "application/offset+octet-stream";
const FLIER: &str = "dispatcher@command_centre@yaoguang";

/// A city that takes files of 64 bytes, 100 of one person.
fn small() -> TestApp {
    TestApp::with(|parts, _| {
        let folder = tempfile::tempdir().unwrap().keep();
        let limits = UploadLimits { file: 64, person: 100, uploads: 3 };
        let files = Files::open(&folder.join("evidence")).unwrap();
        parts.files = Arc::new(files.with_uploads(Uploads::new(&folder.join("uploads"), limits)));
    })
}

async fn send(
    test: &TestApp,
    browser: Option<&Browser>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = request(method, browser, path).header("tus-resumable", "1.0.0");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    test.send(request.body(body.into()).unwrap()).await
}

async fn create(test: &TestApp, browser: &Browser, bytes: u64) -> Answer {
    send(test, Some(browser), Method::POST, UPLOADS, &[("upload-length", &bytes.to_string())], Body::empty()).await
}

async fn piece(test: &TestApp, browser: &Browser, at: &str, offset: &str, body: impl Into<Body>) -> Answer {
    let headers = [("upload-offset", offset), ("content-type", PIECE)];
    send(test, Some(browser), Method::PATCH, at, &headers, body).await
}

async fn head(test: &TestApp, browser: &Browser, at: &str) -> Answer {
    send(test, Some(browser), Method::HEAD, at, &[], Body::empty()).await
}

#[tokio::test]
async fn a_file_is_sent_in_pieces_and_its_digest_kept() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    let said = send(&test, None, Method::OPTIONS, UPLOADS, &[], Body::empty()).await.expect(204);
    assert_eq!(
        ["tus-version", "tus-resumable", "tus-max-size", "tus-checksum-algorithm"].map(|name| said.header(name)),
        ["1.0.0", "1.0.0", "64", "sha1,sha256"]
    );
    assert_eq!(said.header("tus-extension"), "creation,creation-with-upload,expiration,checksum,termination");
    let about = [("upload-length", "11"), ("upload-metadata", "filename YS5qcGc=,note")];
    let begun = send(&test, Some(&browser), Method::POST, UPLOADS, &about, Body::empty()).await.expect(201);
    assert_eq!(begun.header("upload-expires"), "Thu, 01 Oct 2026 13:00:00 GMT");
    let at = begun.header("location").to_owned();
    assert!(at.starts_with("/api/v1/uploads/"), "{at}");
    let first = piece(&test, &browser, &at, "0", "hello ").await.expect(204);
    assert_eq!(first.header("upload-offset"), "6");
    let stands = head(&test, &browser, &at).await.expect(200);
    assert_eq!(
        ["upload-offset", "upload-length", "upload-metadata", "cache-control"].map(|name| stands.header(name)),
        ["6", "11", "filename YS5qcGc=,note", "no-store"]
    );
    // Another offset, on either side, changes nothing.
    assert_eq!(piece(&test, &browser, &at, "0", "hello ").await.refusal(409), "wrong_offset");
    assert_eq!(piece(&test, &browser, &at, "7", "world").await.refusal(409), "wrong_offset");
    assert_eq!(piece(&test, &browser, &at, "6", "worlds").await.refusal(413), "too_large");
    assert_eq!(piece(&test, &browser, &at, "x", "world").await.refusal(400), "bad_parameter");
    let headers = [("upload-offset", "6")];
    let plain = send(&test, Some(&browser), Method::PATCH, &at, &headers, "world").await;
    assert_eq!(plain.refusal(415), "not_a_piece");
    assert_eq!(head(&test, &browser, &at).await.header("upload-offset"), "6");
    let last = piece(&test, &browser, &at, "6", "world").await.expect(204);
    assert_eq!(last.header("upload-offset"), "11");
    let id = at.rsplit('/').next().unwrap().parse().unwrap();
    let row = test.store.read_blocking(move |reader: &mut store::Reader| reader.find_upload(id)).unwrap().unwrap();
    let digest: String = Sha256::digest(b"hello world").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(row.sha256, Some(digest));
}

#[tokio::test]
async fn the_first_piece_may_come_with_the_creation() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    let about = [("upload-length", "11"), ("content-type", PIECE)];
    let begun = send(&test, Some(&browser), Method::POST, UPLOADS, &about, "hello ").await.expect(201);
    assert_eq!(begun.header("upload-offset"), "6");
    assert_eq!(head(&test, &browser, begun.header("location")).await.header("upload-offset"), "6");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_kept_as_far_as_it_came_and_one_with_a_checksum_is_not() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    let at = create(&test, &browser, 11).await.header("location").to_owned();
    let broken = || {
        let parts = [Ok("hel"), Ok("lo "), Err(std::io::Error::other("the line is dead"))];
        Body::from_stream(tokio_stream::iter(parts))
    };
    let sum = |digest: &[u8]| format!("sha256 {}", STANDARD.encode(digest));
    let right = sum(&Sha256::digest(b"hello "));
    let with = |checksum: &str, body: Body| {
        let headers = [("upload-offset", "0"), ("content-type", PIECE), ("upload-checksum", checksum)];
        let headers = headers.map(|(name, value)| (name, value.to_owned()));
        let (test, browser, at) = (&test, &browser, &at);
        async move {
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            send(test, Some(browser), Method::PATCH, at, &headers, body).await
        }
    };
    assert_eq!(with(&right, broken()).await.refusal(460), "checksum_mismatch");
    assert_eq!(with(&right, Body::from("hellO ")).await.refusal(460), "checksum_mismatch");
    assert_eq!(with("md5 AAAA", Body::from("hello ")).await.refusal(400), "bad_parameter");
    assert_eq!(with("sha256 AAAA", Body::from("hello ")).await.refusal(400), "bad_parameter");
    assert_eq!(head(&test, &browser, &at).await.header("upload-offset"), "0");
    piece(&test, &browser, &at, "0", broken()).await.expect(204);
    assert_eq!(head(&test, &browser, &at).await.header("upload-offset"), "6");
    let headers =
        [("upload-offset", "6"), ("content-type", PIECE), ("upload-checksum", "sha1 fCEWIdVovadPpL8Qe1f+BbZh2LQ=")];
    // SHA-1 of another word than is sent.
    assert_eq!(send(&test, Some(&browser), Method::PATCH, &at, &headers, "w0rld").await.status, 460);
    let headers = [headers[0], headers[1], ("upload-checksum", "sha1 fCEUM/AgcVl3Qeb/Wo6jR4mrv0M=")];
    let answer = send(&test, Some(&browser), Method::PATCH, &at, &headers, "world").await;
    assert_eq!(answer.expect(204).header("upload-offset"), "11");
}

#[tokio::test]
async fn an_upload_is_begun_by_who_may_and_is_nobody_elses() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    let (other, leader) =
        (test.staff("other", &[FLIER]).await, test.staff("leader", &["leader@city_committee@yaoguang"]).await);
    let resident = test.resident("liwei").await;
    assert_eq!(create(&test, &leader, 5).await.refusal(403), "forbidden");
    assert_eq!(create(&test, &resident, 5).await.refusal(403), "forbidden");
    let about = [("upload-length", "5")];
    assert_eq!(send(&test, None, Method::POST, UPLOADS, &about, Body::empty()).await.refusal(401), "not_signed_in");
    let at = create(&test, &browser, 5).await.header("location").to_owned();
    assert_eq!(head(&test, &other, &at).await.status, 404);
    assert_eq!(piece(&test, &other, &at, "0", "hello").await.refusal(404), "not_found");
    assert_eq!(send(&test, Some(&other), Method::DELETE, &at, &[], Body::empty()).await.refusal(404), "not_found");
    assert_eq!(piece(&test, &browser, "/api/v1/uploads/nonsense", "0", "hello").await.refusal(404), "not_found");
    // The version of the protocol, the token of the session, and our own page.
    let plain = request(Method::HEAD, Some(&browser), &at).body(Body::empty()).unwrap();
    assert_eq!(test.send(plain).await.status, 412);
    let bare = Browser { csrf: "x".to_owned(), ..browser.clone() };
    assert_eq!(piece(&test, &bare, &at, "0", "hello").await.refusal(403), "csrf");
    let headers = [("upload-offset", "0"), ("content-type", PIECE), ("origin", "https://evil.example")];
    assert_eq!(send(&test, Some(&browser), Method::PATCH, &at, &headers, "hello").await.refusal(403), "cross_site");
    assert_eq!(head(&test, &browser, &at).await.header("upload-offset"), "0");
    send(&test, Some(&browser), Method::DELETE, &at, &[], Body::empty()).await.expect(204);
    assert_eq!(head(&test, &browser, &at).await.status, 404);
}

#[tokio::test]
async fn what_one_person_sends_is_bounded_and_gone_after_its_time() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    assert_eq!(create(&test, &browser, 65).await.refusal(413), "too_large");
    assert_eq!(create(&test, &browser, u64::MAX).await.refusal(413), "too_large");
    let about = [("upload-length", "5"), ("upload-metadata", "filename !")];
    let wrong = send(&test, Some(&browser), Method::POST, UPLOADS, &about, Body::empty()).await;
    assert_eq!(wrong.refusal(400), "bad_parameter");
    let about = [("upload-defer-length", "1")];
    let wrong = send(&test, Some(&browser), Method::POST, UPLOADS, &about, Body::empty()).await;
    assert_eq!(wrong.refusal(400), "bad_parameter");
    let at = create(&test, &browser, 60).await.header("location").to_owned();
    assert_eq!(create(&test, &browser, 41).await.refusal(413), "too_many_uploads");
    create(&test, &browser, 20).await.expect(201);
    create(&test, &browser, 20).await.expect(201);
    assert_eq!(create(&test, &browser, 0).await.refusal(413), "too_many_uploads");
    piece(&test, &browser, &at, "0", "hello").await.expect(204);
    let ctx = test.app.sense();
    let path = ctx.files.uploads().path(at.rsplit('/').next().unwrap().parse().unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), b"hello");
    assert_eq!(sweep(&ctx).await.unwrap(), 0);
    test.clock.advance_us(48 * 3_600 * 1_000_000);
    let browser = test.sign_in("flier").await;
    assert_eq!(piece(&test, &browser, &at, "5", "hello").await.refusal(410), "expired");
    test.clock.advance_us(1);
    assert_eq!(sweep(&ctx).await.unwrap(), 3);
    assert!(!path.exists());
    assert_eq!(piece(&test, &browser, &at, "5", "hello").await.refusal(404), "not_found");
    create(&test, &browser, 60).await.expect(201);
}

#[tokio::test]
async fn a_file_whose_end_was_not_written_down_is_read_again() {
    let test = small();
    let browser = test.staff("flier", &[FLIER]).await;
    let at = create(&test, &browser, 11).await.header("location").to_owned();
    piece(&test, &browser, &at, "0", "hello ").await.expect(204);
    let (ctx, id) = (test.app.sense(), at.rsplit('/').next().unwrap().parse().unwrap());
    let party =
        test.store.read_blocking(move |reader: &mut store::Reader| reader.find_upload(id)).unwrap().unwrap().party;
    whole(&ctx, id, party).await.unwrap_err();
    // As if another process had written the rest and been killed.
    std::fs::write(ctx.files.uploads().path(id), "hello world").unwrap();
    let row = whole(&ctx, id, party).await.unwrap();
    let digest: String = Sha256::digest(b"hello world").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(row.sha256, Some(digest));
}
