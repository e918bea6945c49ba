//! Prints the OpenAPI document: `cargo run -p dipper-http --example openapi > faces/http/openapi.json`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut json = dipper_http::openapi().to_pretty_json().map_err(std::io::Error::other)?;
    json.push('\n');
    std::io::stdout().write_all(json.as_bytes())
}
