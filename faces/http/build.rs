//! Makes the folders of the built web faces and of the font of papers where they are missing, so that the binary builds
//! without Node.

use std::path::Path;

fn main() -> std::io::Result<()> {
    for built in ["apps/resident", "apps/field", "apps/centre", "apps/developers", "packages/paper"] {
        let folder = Path::new("../../web").join(built).join("dist");
        std::fs::create_dir_all(&folder)?;
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(())
}
