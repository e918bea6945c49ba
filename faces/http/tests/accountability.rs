//! Misuse that the platform sees becomes a case, and everybody may read of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::TestApp;
use identity::openid::Client;
use model::Instant;
use serde_json::json;
use store::Tx;

const BACK: &str = "https://tickets.example/back";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn register(test: &TestApp) {
    let metadata = json!({
        "client_id": "lake-tickets", "client_name": "湖区票务", "client_name#en": "Lake tickets", "redirect_uris": [BACK],
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]},
        "scope": "openid profile", "contract": "HT-2026-17", "purpose": "预约入园", "purpose#en": "Booking a visit"
    })
    .to_string();
    let client = Client::parse(&metadata).unwrap();
    test.store.write_blocking(move |tx: &mut Tx| client.record(tx, &metadata, Instant::from_micros(0))).unwrap();
}

fn query(scope: &str) -> String {
    format!(
        "client_id=lake-tickets&redirect_uri={BACK}&response_type=code&scope={scope}&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&state=s"
    )
}

#[tokio::test]
async fn a_program_that_asks_beyond_its_contract_is_refused_counted_and_raises_one_alarm() {
    let test = TestApp::new();
    register(&test);
    let before = test.get(None, "/api/v1/accountability").await.expect(200).json();
    assert_eq!((&before["alarms"], &before["registers"]), (&json!([]), &json!([])), "no register is connected");
    let beyond = query("openid+id_number");
    for path in [format!("/openid/authorize?{beyond}"), format!("/openid/authorize?{beyond}")] {
        let answer = test.get(None, &path).await.expect(303);
        let to = answer.header("location");
        assert!(to.starts_with(BACK) && to.contains("error=invalid_scope") && to.contains("state=s"), "{to}");
    }
    let asked = test.get(None, &format!("/api/v1/openid/authorization?{beyond}")).await.expect(200).json();
    assert_eq!(asked["next"], "back", "whoever opens the page itself");
    let allowed = query("openid+profile");
    test.get(None, &format!("/openid/authorize?{allowed}")).await.expect(303);
    let usage = test.store.read_blocking(|reader| reader.list_openid_usage("2026-01-01")).unwrap();
    assert_eq!(usage.iter().map(|row| (row.requests, row.refused)).collect::<Vec<_>>(), [(0, 3)]);

    let told = test.get(None, "/api/v1/accountability").await.expect(200).json();
    assert_eq!(told["alarms"].as_array().unwrap().len(), 1, "{told}");
    let alarm = &told["alarms"][0];
    assert_eq!(alarm["about"]["en"], "Lake tickets");
    assert_eq!(alarm["title"]["zh-CN"], "应用超范围索取数据");
    assert_eq!(alarm["state"]["en"], "Seen, to be examined");
    let officer = test.staff("officer", &["data_officer@data_bureau@yaoguang"]).await;
    let queue = test.get(Some(&officer), "/api/v1/cases?queue=role:data_officer").await.expect(200).json();
    assert_eq!(queue["items"][0]["no"], alarm["no"], "{queue}");
    let collector = test.staff("collector", &["collector@gulou-collectors@gulou"]).await;
    let no = alarm["no"].as_str().unwrap();
    let refused = test.get(Some(&collector), &format!("/api/v1/cases/{no}")).await;
    assert!([403, 404].contains(&refused.status.as_u16()), "{}", refused.status);
    test.get(None, &format!("/api/v1/reports/{no}")).await.refusal(404);
}
