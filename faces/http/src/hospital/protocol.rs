//! How requests to a hospital and its answers are signed: HL7 FHIR R4 over HTTP, with the HMAC of `crate::signature`.
//!
//! A request's signature covers its method, its address below the server's own, its id, its condition and its body; an
//! answer's covers its status, the signature of its request and its body, so that no answer fits another question.

/// The header of a signature, both ways.
pub const SIGNATURE_HEADER: &str = "x-hospital-signature";

/// The header of a question's id, of FHIR R4 (http.html#custom).
pub const REQUEST_HEADER: &str = "x-request-id";

/// The header of the condition of a create.
pub const IF_NONE_EXIST: &str = "if-none-exist";

/// The type of bodies.
pub const FHIR_JSON: &str = "application/fhir+json";

/// Longest request, bytes.
pub const BODY_MAX: usize = 65_536;

/// Longest answer, bytes: a page of a hundred slots is a tenth of it.
pub const ANSWER_MAX: usize = 1 << 20;

/// What the signature of a request covers.
pub fn request_text(method: &str, target: &str, request: &str, condition: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {target}\n{request}\n{}\n", condition.unwrap_or_default()).into_bytes();
    text.extend_from_slice(body);
    text
}

/// What the signature of an answer covers.
pub fn answer_text(status: u16, request_signature: &str, body: &[u8]) -> Vec<u8> {
    let mut text = format!("{status}\n{request_signature}\n").into_bytes();
    text.extend_from_slice(body);
    text
}
