//! Makes the folders of the built web faces where they are missing, so that the binary builds without Node.

use std::path::Path;

fn main() -> std::io::Result<()> {
    for face in ["resident", "field", "centre", "developers"] {
        let folder = Path::new("../../web/apps").join(face).join("dist");
        std::fs::create_dir_all(&folder)?;
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(())
}
