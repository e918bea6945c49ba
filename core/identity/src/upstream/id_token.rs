//! ID tokens of other providers: signature, issuer, audience, times and nonce (OpenID Connect Core §3.1.3.7).
//!
//! RS256 is what every provider must be able to sign with (§15.1), so it is verified here, by `ring`, which has no private
//! keys of RSA; this city itself signs with EdDSA and ES256 alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::{Algorithm, Jws, PublicKey};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

/// How far clocks may differ, seconds.
const SKEW_S: i64 = 60;

/// The oldest token that is taken, seconds: it was made for the code that was exchanged just now.
const AGE_MAX_S: i64 = 600;

/// Longest subject, characters (§2).
const SUBJECT_MAX: usize = 255;

/// Why an ID token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no token, or of an algorithm that is not taken.
    #[error("the ID token is not a JWT signed by EdDSA, ES256 or RS256")]
    Form,
    /// No key of the provider has the id it names; perhaps the keys were changed.
    #[error("the ID token names a key that the provider does not publish")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature of the ID token does not hold")]
    Signature,
    /// It is of another provider.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It is for another client.
    #[error("the ID token is for another client")]
    Audience,
    /// It is of another time.
    #[error("the ID token is expired, or of another time")]
    Time,
    /// It answers another request.
    #[error("the ID token answers another request")]
    Nonce,
    /// It names nobody.
    #[error("the ID token names nobody")]
    Subject,
}

/// What an ID token is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Our name there.
    pub client_id: &'a str,
    /// The nonce of the request.
    pub nonce: &'a str,
    /// Now, seconds since 1970.
    pub now_s: i64,
}

/// The claims of an ID token that holds in every part.
///
/// # Errors
/// [`IdTokenError`].
pub fn verify(text: &str, keys: &[Value], expected: &Expected<'_>) -> Result<Map<String, Value>, IdTokenError> {
    let jws = Jws::parse(text).map_err(|_| IdTokenError::Form)?;
    check_signature(&jws, keys)?;
    check_claims(&jws.payload, expected)?;
    Ok(jws.payload)
}

fn check_signature(jws: &Jws, keys: &[Value]) -> Result<(), IdTokenError> {
    let algorithm = jws.algorithm_name().map_err(|_| IdTokenError::Form)?.to_owned();
    if algorithm != "RS256" && Algorithm::find_any(&algorithm).is_none() {
        return Err(IdTokenError::Form);
    }
    let kid = jws.kid().map_err(|_| IdTokenError::Form)?;
    let fits = |key: &&Map<String, Value>| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let is_named = kid.is_none_or(|kid| text("kid") == Some(kid));
        let is_for_signing = text("use").is_none_or(|word| word == "sig");
        let is_of_kind = text("alg").is_none_or(|word| word == algorithm || Algorithm::find_any(word).is_some());
        is_named && is_for_signing && is_of_kind && text("kty") == Some(kind_of(&algorithm))
    };
    let candidates: Vec<_> = keys.iter().filter_map(Value::as_object).filter(fits).collect();
    if candidates.is_empty() {
        return Err(IdTokenError::UnknownKey);
    }
    let holds = candidates.into_iter().any(|key| match algorithm.as_str() {
        "RS256" => rsa_holds(jws, key),
        _ => PublicKey::from_jwk(key).is_ok_and(|key| jws.verify_signature(&key).is_ok()),
    });
    if holds { Ok(()) } else { Err(IdTokenError::Signature) }
}

fn kind_of(algorithm: &str) -> &'static str {
    match algorithm {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => "OKP",
    }
}

/// PKCS #1 v1.5 with SHA-256 under a modulus of 2048 to 8192 bits (RFC 7518 §3.3).
fn rsa_holds(jws: &Jws, key: &Map<String, Value>) -> bool {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
    let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
    let (input, signature) = jws.signed();
    RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, input, signature).is_ok()
}

fn check_claims(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    let is_us = |value: &Value| value.as_str() == Some(expected.client_id);
    let (is_ours, is_shared) = match claims.get("aud") {
        Some(Value::Array(list)) => (list.iter().any(is_us), list.len() > 1),
        Some(one) => (is_us(one), false),
        None => (false, false),
    };
    let is_party = text("azp").map_or(!is_shared, |azp| azp == expected.client_id);
    if !is_ours || !is_party {
        return Err(IdTokenError::Audience);
    }
    let number = |name: &str| claims.get(name).and_then(Value::as_i64).ok_or(IdTokenError::Time);
    let (exp, iat) = (number("exp")?, number("iat")?);
    let is_now = expected.now_s - SKEW_S < exp && (-SKEW_S..=AGE_MAX_S).contains(&(expected.now_s - iat));
    if !is_now {
        return Err(IdTokenError::Time);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    let is_somebody = |subject: &str| (1..=SUBJECT_MAX).contains(&subject.chars().count());
    if text("sub").is_some_and(is_somebody) { Ok(()) } else { Err(IdTokenError::Subject) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential::HolderKey;
    use serde_json::json;

    fn expected() -> Expected<'static> {
        Expected { issuer: "https://province.example", client_id: "city", nonce: "n", now_s: 1_000 }
    }

    fn claims(change: &Value) -> Map<String, Value> {
        let mut claims = json!({"iss": "https://province.example", "aud": "city", "exp": 1_300, "iat": 990, "nonce": "n", "sub": "p1"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        claims
    }

    fn jwk(key: &HolderKey, kid: &str) -> Value {
        let mut jwk = key.public_key().to_jwk();
        jwk.insert("kid".to_owned(), kid.into());
        Value::Object(jwk)
    }

    #[test]
    fn a_token_must_fit_in_every_claim() {
        use IdTokenError::{Audience, Issuer, Nonce, Subject, Time};
        for (change, expect) in [
            (json!({}), None),
            (json!({"aud": ["city"]}), None),
            (json!({"aud": ["city", "other"], "azp": "city"}), None),
            (json!({"aud": ["city", "other"]}), Some(Audience)),
            (json!({"aud": "other"}), Some(Audience)),
            (json!({"aud": null}), Some(Audience)),
            (json!({"azp": "other"}), Some(Audience)),
            (json!({"iss": "https://province.example/"}), Some(Issuer)),
            (json!({"iss": null}), Some(Issuer)),
            (json!({"exp": 940}), Some(Time)),
            (json!({"exp": 941}), None),
            (json!({"exp": null}), Some(Time)),
            (json!({"iat": 1_061}), Some(Time)),
            (json!({"iat": 1_060}), None),
            (json!({"iat": 399}), Some(Time)),
            (json!({"nonce": "m"}), Some(Nonce)),
            (json!({"nonce": null}), Some(Nonce)),
            (json!({"sub": ""}), Some(Subject)),
            (json!({"sub": null}), Some(Subject)),
            (json!({"sub": "x".repeat(256)}), Some(Subject)),
        ] {
            assert_eq!(check_claims(&claims(&change), &expected()).err(), expect, "{change}");
        }
    }

    #[test]
    fn a_token_must_be_signed_by_a_published_key_of_its_kind() {
        let (ed, p256) = (HolderKey::from_ed25519(&[1; 32]), HolderKey::from_p256(&[2; 32]).unwrap());
        let keys = [jwk(&ed, "a"), jwk(&p256, "b")];
        for (key, kid, expect) in [
            (&ed, Some("a"), None),
            (&p256, Some("b"), None),
            (&p256, None, None),
            (&ed, Some("b"), Some(IdTokenError::UnknownKey)),
            (&ed, Some("c"), Some(IdTokenError::UnknownKey)),
            (&HolderKey::from_ed25519(&[3; 32]), Some("a"), Some(IdTokenError::Signature)),
        ] {
            let token = key.sign_jws("JWT", kid, &claims(&json!({})));
            assert_eq!(verify(&token, &keys, &expected()).err(), expect, "{kid:?}");
        }
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert_eq!(verify(&none, &keys, &expected()).err(), Some(IdTokenError::Form));
        let mac =
            none.replace(&URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), &URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
        assert_eq!(verify(&mac, &keys, &expected()).err(), Some(IdTokenError::Form));
    }

    /// RFC 7515 appendix A.2.
    const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    #[test]
    fn the_rsa_signature_of_rfc_7515_holds_and_no_other() {
        let key = |n: &str| json!({"kty": "RSA", "n": n, "e": "AQAB"});
        let jws = Jws::parse(RSA_TOKEN).unwrap();
        assert_eq!(check_signature(&jws, &[key(RSA_N)]), Ok(()));
        let flipped = RSA_TOKEN.replacen("cC4h", "cC5h", 1);
        assert_eq!(check_signature(&Jws::parse(&flipped).unwrap(), &[key(RSA_N)]), Err(IdTokenError::Signature));
        assert_eq!(check_signature(&jws, &[key("AQAB")]), Err(IdTokenError::Signature), "a key that is too short");
    }
}
