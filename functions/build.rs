//! Makes the tables of functions from the modules in `lib.rs`: a module with a `worker` is a worker, another one with a `handler` answers
//! requests.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "Cargo says in the environment where a build script may write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=lib.rs");
    let library = fs::read_to_string("lib.rs")?;
    let (mut all, mut workers) = (String::new(), String::new());
    for module in library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let file = format!("{module}/mod.rs");
        println!("cargo::rerun-if-changed={file}");
        let source = fs::read_to_string(file)?;
        let name = module.replace('_', "-");
        if source.contains("pub fn worker() -> Worker") {
            workers += &format!("(\"{name}\", {module}::worker()),\n");
        } else if source.contains("pub async fn handler(") {
            all += &format!("(\"{name}\", Endpoint::new({module}::handler)),\n");
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("all.rs"), format!("vec![\n{all}]\n"))?;
    fs::write(out.join("workers.rs"), format!("vec![\n{workers}]\n"))?;
    Ok(())
}
