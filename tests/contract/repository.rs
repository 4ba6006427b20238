//! The repository's files, as these tests read them.

use local::template::{Function, Route, Template};
use serde_yaml_ng::Value as Yaml;
use std::fs;
use std::path::{Path, PathBuf};
use support::TEMPLATE;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().into()
}

/// A file of the repository, where there is one.
pub(crate) fn find(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    find(path).unwrap_or_else(|| panic!("there is no {path}"))
}

/// The names of what a folder holds.
pub(crate) fn list(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|_| panic!("there is no folder {folder}"));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The folders below `functions/` that hold a function.
pub(crate) fn function_folders() -> Vec<String> {
    let has_handler = |name: &String| {
        let source = find(&format!("functions/{name}/mod.rs"));
        source.is_some_and(|source| source.contains("pub async fn handler("))
    };
    list("functions").into_iter().filter(has_handler).collect()
}

pub(crate) fn template() -> Template {
    TEMPLATE.clone()
}

/// A file of YAML.
pub(crate) fn yaml(file: &str) -> Yaml {
    serde_yaml_ng::from_str(&read(file)).unwrap()
}

/// The resources of a template that are of one type: their names and what they are told.
pub(crate) fn resources(file: &str, kind: &str) -> Vec<(String, Yaml)> {
    let template = yaml(file);
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let of_kind = resources.filter(|(_, resource)| resource["Type"] == kind);
    of_kind
        .map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource["Properties"].clone()))
        .collect()
}

/// A value in short, whatever function of CloudFormation it stands under. Of a choice it is the last part, which is the usual one.
pub(crate) fn usual(value: &Yaml) -> &Yaml {
    value.as_sequence().and_then(|parts| parts.last()).map_or(value, usual)
}

/// A function's routes as events name them, such as `GET /api/v1/roles/{id}`.
pub(crate) fn route_keys(function: &Function) -> Vec<String> {
    function.routes.iter().map(Route::key).collect()
}

/// The requests that a function is for, such as `GET /api/v1/roles/{id}`: where its route has a greedy variable, a slash ends the path.
pub(crate) fn asked_routes(function: &Function) -> Vec<String> {
    let asked = |route: &Route| match route.asked() {
        Some((method, path)) => format!("{method} {path}"),
        None => route.key(),
    };
    function.routes.iter().map(asked).collect()
}

/// Method and path of the requests that every function but the default one is for, sorted by path, then by method. Without those for
/// `HEAD`, which are answered as `GET` is: `tests/field/head.rs`.
pub(crate) fn exact_routes() -> Vec<(String, String)> {
    all_routes().into_iter().filter(|(method, _)| method != "HEAD").collect()
}

/// The same with those for `HEAD`.
pub(crate) fn all_routes() -> Vec<(String, String)> {
    let functions = template().functions;
    let asked = |route: &Route| route.asked().map(|(method, path)| (path.to_owned(), method.to_owned()));
    let mut routes: Vec<_> =
        functions.iter().flat_map(|function| &function.routes).filter_map(asked).collect();
    routes.sort();
    routes.into_iter().map(|(path, method)| (method, path)).collect()
}

/// Fails with everything that is wrong, a line each.
#[track_caller]
pub(crate) fn assert_nothing_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
