//! Any payload and any disclosures fit or are refused; each claim that can be withheld can be shown alone.
//!
//! A `{n}` in the JSON stands for the digest of disclosure n, when that comes later than the text it stands in.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dipper_credential::SdJwt;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

fn fill(json: &str, digests: &[Option<String>]) -> String {
    let mut json = json.to_owned();
    for (n, digest) in digests.iter().enumerate() {
        if let Some(digest) = digest {
            json = json.replace(&format!("{{{n}}}"), digest);
        }
    }
    json
}

fuzz_target!(|input: (&str, Vec<&str>)| {
    let (payload, disclosures) = input;
    if disclosures.len() > 20 {
        return;
    }
    let mut digests = vec![None; disclosures.len()];
    let mut texts = Vec::new();
    for (n, json) in disclosures.iter().enumerate().rev() {
        let text = URL_SAFE_NO_PAD.encode(fill(json, &digests));
        digests[n] = Some(URL_SAFE_NO_PAD.encode(Sha256::digest(&text)));
        texts.push(text);
    }
    let payload = URL_SAFE_NO_PAD.encode(fill(payload, &digests));
    let disclosures: String = texts.iter().map(|text| format!("{text}~")).collect();
    let Ok(sd_jwt) = SdJwt::parse(&format!("e30.{payload}.AA~{disclosures}")) else { return };
    let names = sd_jwt.list_disclosable();
    for name in &names {
        let shown = sd_jwt.present(&[*name]).expect("it can be shown");
        assert_eq!(shown.list_disclosable(), [*name]);
        assert_eq!(shown.unverified_claims().get(*name), sd_jwt.unverified_claims().get(*name));
    }
    assert_eq!(sd_jwt.present(&names).expect("all can be shown").as_str(), sd_jwt.as_str());
});
