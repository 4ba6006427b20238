//! Makes the list of routes of `template.yaml`, which says how a request is answered that no route takes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

const TEMPLATE: &str = "../../template.yaml";

#[expect(clippy::disallowed_methods, reason = "Cargo says in the environment where a build script may write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TEMPLATE}");
    let template = fs::read_to_string(TEMPLATE)?;
    let routes: BTreeSet<_> = template.lines().filter_map(route).collect();
    let lines = routes.into_iter().map(|(path, method)| format!("{method} {path}\n"));
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("routes.txt"), lines.collect::<String>())?;
    Ok(())
}

/// Path and method of a line that is the event of a function. A greedy variable stands for the slash at the end of a path whose other
/// spelling has a route too.
fn route(line: &str) -> Option<(&str, &str)> {
    let (_, event) = line.split_once("ApiId: !Ref Api, Method: ")?;
    let (method, path) = event.split_once(", Path: ")?;
    let path = path.trim_end_matches(" }").trim_matches('"');
    (!path.ends_with("+}")).then_some((path, method))
}
