//! The font of licences on paper: put by the web build (`web/packages/paper`) and embedded as the faces are.
//!
//! Nothing of it is read before a paper is asked for, and nothing of it is kept afterwards: in the binary it is memory of
//! the file that the system pages in and out.

use paper::Face;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/packages/paper/dist"]
struct Files;

/// The font; `None` when the binary was built without the web packages.
pub fn face() -> Option<Face> {
    Face::new(Files::get("NotoSansSC-Regular.ttf")?.data).ok()
}
