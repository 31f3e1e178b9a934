//! Lists the migrations, so that a new file needs no second line anywhere.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "Cargo talks to build scripts this way")]
    let (root, out) = (env::var("CARGO_MANIFEST_DIR")?, env::var("OUT_DIR")?);
    let migrations = fs::canonicalize(Path::new(&root).join("../../migrations"))?;
    let mut code = String::new();
    for engine in ["postgres", "sqlite"] {
        let folder = migrations.join(engine);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        let name = engine.to_uppercase();
        writeln!(code, "const {name}: &[(&str, &str)] = &[")?;
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).ok_or("not UTF-8")?;
            writeln!(code, "    ({stem:?}, include_str!({:?})),", file.display().to_string())?;
        }
        writeln!(code, "];")?;
    }
    fs::write(Path::new(&out).join("migrations.rs"), code)?;
    Ok(())
}
