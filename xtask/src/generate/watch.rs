//! The routes of `cargo lambda watch`, in the workspace's manifest.

use std::collections::BTreeMap;

use super::project::Project;
use crate::failure::Failure;

/// The last section of the manifest.
const SECTION: &str = "[workspace.metadata.lambda.watch.router]\n";

/// The manifest with the routes of the template, in the order of paths and methods.
pub(crate) fn with_routes(manifest: &str, project: &Project) -> Result<String, Failure> {
    let (before, _) = manifest.split_once(SECTION).ok_or("there is no section of routes")?;
    let mut routes: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for function in &project.functions {
        for (method, path) in &function.routes {
            routes.entry(path).or_default().insert(method, &function.name);
        }
    }
    let entry =
        |(method, name): (&&str, &&str)| format!("    {{ method = \"{method}\", function = \"{name}\" }},\n");
    let lines = routes.iter().map(|(path, methods)| {
        format!("\"{path}\" = [\n{}]\n", methods.iter().map(entry).collect::<String>())
    });
    Ok(format!("{before}{SECTION}{}", lines.collect::<String>()))
}
