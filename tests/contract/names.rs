//! One name four ways: folder `resource_update`, binary `resource-update`, `ResourceUpdateFunction`,
//! `target/lambda/resource-update/`.

use local::template::Trigger;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{assert_nothing_wrong, find, function_folders, list, route_keys, template};

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn logical_id(name: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    let words: String = name.split('-').map(capitalized).collect();
    format!("{words}Function")
}

/// The names of the binaries that Cargo makes of `functions/src/bin`.
fn binaries() -> Vec<String> {
    let files = list("functions/src/bin").into_iter();
    files.map(|file| file.strip_suffix(".rs").unwrap_or(&file).to_owned()).collect()
}

fn handlers() -> Vec<String> {
    let with_callers = functions::all().into_iter().map(|(name, _)| name.into());
    with_callers.chain(workers()).collect()
}

/// The functions that nobody calls.
fn workers() -> Vec<String> {
    functions::workers().into_iter().map(|(name, _)| name.into()).collect()
}

/// The names in a place, each of which must stand there once.
fn once(place: &str, names: Vec<String>, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            wrong.push(format!("{place} has {name} twice: remove one"));
        }
    }
    seen
}

/// What to add where, so that every name stands in all four places: folders, binaries, `all()` or `workers()`, template.
fn missing(places: [&BTreeSet<String>; 4]) -> Vec<String> {
    let mut missing = Vec::new();
    for name in places.into_iter().flatten().collect::<BTreeSet<_>>() {
        let (snake, logical_id) = (snake(name), logical_id(name));
        let additions = [
            format!("functions/{snake}/: mod.rs with its handler"),
            format!("functions/src/bin/: run `cargo xtask generate`, which writes {name}.rs"),
            format!("functions/lib.rs: pub mod {snake};"),
            format!("template.yaml: {logical_id} with CodeUri: target/lambda/{name}/"),
        ];
        let absent = places.into_iter().zip(additions).filter(|(place, _)| !place.contains(name));
        missing.extend(absent.map(|(_, addition)| format!("{name}: add to {addition}")));
    }
    missing
}

#[test]
fn every_function_stands_in_all_four_places() {
    let mut wrong = Vec::new();
    let folders = function_folders().iter().map(|folder| folder.replace('_', "-")).collect();
    let folders = once("functions/", folders, &mut wrong);
    let binaries = once("functions/src/bin/", binaries(), &mut wrong);
    let all = once("functions::all()", handlers(), &mut wrong);
    let described = template().functions.iter().map(|function| function.binary().into()).collect();
    let described = once("template.yaml", described, &mut wrong);
    assert!(described.len() > 10, "there are functions to compare");
    wrong.extend(missing([&folders, &binaries, &all, &described]));
    assert_nothing_wrong(&wrong);
}

#[test]
fn a_name_that_is_missing_anywhere_is_reported_there() {
    let (both, one): (BTreeSet<_>, BTreeSet<_>) =
        (["role-get", "role-list"].map(String::from).into(), ["role-get".into()].into());
    assert!(missing([&both, &both, &both, &both]).is_empty());
    for (place, expected) in [
        (0, "role-list: add to functions/role_list/: mod.rs with its handler"),
        (1, "role-list: add to functions/src/bin/: run `cargo xtask generate`, which writes role-list.rs"),
        (2, "role-list: add to functions/lib.rs: pub mod role_list;"),
        (3, "role-list: add to template.yaml: RoleListFunction with CodeUri: target/lambda/role-list/"),
    ] {
        let mut places = [&both; 4];
        places[place] = &one;
        assert_eq!(missing(places), [expected]);
    }
    let mut wrong = Vec::new();
    once("template.yaml", vec!["a".into(), "a".into()], &mut wrong);
    assert_eq!(wrong, ["template.yaml has a twice: remove one"]);
}

#[test]
fn every_place_spells_the_name_its_own_way() {
    let mut wrong = Vec::new();
    for function in template().functions {
        let (name, id) = (function.binary(), &function.logical_id);
        let expected = format!("target/lambda/{name}/");
        if function.code_uri != expected {
            wrong.push(format!(
                "template.yaml: the CodeUri of {id} is {}, and must be {expected}",
                function.code_uri
            ));
        }
        if *id != logical_id(name) {
            wrong.push(format!("template.yaml: {id} runs {name}, and must be called {}", logical_id(name)));
        }
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn every_binary_serves_the_handler_of_its_folder_and_nothing_else() {
    let mut wrong = Vec::new();
    for folder in function_folders() {
        let name = folder.replace('_', "-");
        let path = format!("functions/src/bin/{name}.rs");
        let Some(source) = find(&path) else {
            wrong.push(format!("{path} is missing: run `cargo xtask generate`"));
            continue;
        };
        let serve = if workers().contains(&name) {
            format!("web::serve_worker(functions::{folder}::worker())")
        } else {
            format!("web::serve(functions::{folder}::handler)")
        };
        let expected = format!(
            "#[tokio::main(flavor = \"current_thread\")]\nasync fn main() -> Result<(), web::Error> {{\n    \
             {serve}.await\n}}\n"
        );
        let (doc, rest) = source.split_once("\n\n").unwrap_or_default();
        if !doc.starts_with("//! ") || doc.contains('\n') || rest != expected {
            wrong.push(format!("{path}: after a line of documentation it must say:\n{expected}"));
        }
    }
    assert_nothing_wrong(&wrong);
}

/// The names of the parameters in a route.
fn parameters(route: &str) -> BTreeSet<String> {
    let inside =
        |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.trim_end_matches('+').to_owned());
    route.split('/').filter_map(inside).collect()
}

fn event_faults(event: &Value, routes: &[String]) -> Vec<String> {
    let key = event["routeKey"].as_str().unwrap_or_default();
    let mut faults = Vec::new();
    if !routes.iter().any(|route| route == key) {
        faults.push(format!("its routeKey is {key:?}, and must be one of {routes:?}"));
    }
    if event["requestContext"]["routeKey"] != event["routeKey"] {
        faults.push("requestContext.routeKey must be routeKey".into());
    }
    let (method, route) = key.split_once(' ').unwrap_or_default();
    if !route.is_empty() && event["requestContext"]["http"]["method"] != method {
        faults.push(format!("requestContext.http.method must be {method}"));
    }
    let given = event["pathParameters"].as_object().into_iter().flat_map(|given| given.keys().cloned());
    if given.collect::<BTreeSet<_>>() != parameters(route) {
        faults.push(format!("pathParameters must name {:?}", parameters(route)));
    }
    if event["version"] != "2.0" {
        faults.push("version must be \"2.0\"".into());
    }
    faults
}

/// What is wrong with the event of a function that nobody calls.
fn worker_event_fault(folder: &str, event: &Value) -> Option<String> {
    let functions = template().functions;
    let function = functions.iter().find(|function| snake(function.binary()) == folder)?;
    let has_records = event["Records"].as_array().is_some_and(|records| !records.is_empty());
    let expected = !function.triggers.iter().any(|trigger| matches!(trigger, Trigger::Every { .. }));
    (has_records != expected || !event.is_object())
        .then(|| format!("it must be one of {:?}", function.triggers))
}

#[test]
fn every_worker_is_woken_by_what_it_is_for() {
    for (name, worker) in functions::workers() {
        let functions = template().functions;
        let function = functions.iter().find(|function| function.binary() == name).unwrap();
        let woken = function.triggers.iter().map(|trigger| match trigger {
            Trigger::Stream => web::EventSource::Stream,
            Trigger::Every { .. } => web::EventSource::Schedule,
            Trigger::Queue => web::EventSource::Queue,
        });
        assert_eq!(woken.collect::<Vec<_>>(), [worker.source], "{name}");
    }
}

#[test]
fn every_function_has_an_event_of_one_of_its_routes() {
    let mut wrong = Vec::new();
    let routes: BTreeMap<_, _> = template()
        .functions
        .iter()
        .map(|function| (snake(function.binary()), route_keys(function)))
        .collect();
    for folder in function_folders() {
        let (path, routes) =
            (format!("functions/{folder}/event.json"), routes.get(&folder).cloned().unwrap_or_default());
        let Some(text) = find(&path) else {
            wrong.push(format!("{path}: add an event, as API Gateway would send it, of one of {routes:?}"));
            continue;
        };
        let event: Value = serde_json::from_str(&text).unwrap_or_default();
        if routes.is_empty() {
            wrong.extend(worker_event_fault(&folder, &event).map(|fault| format!("{path}: {fault}")));
            continue;
        }
        wrong.extend(event_faults(&event, &routes).iter().map(|fault| format!("{path}: {fault}")));
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn names_are_spelled_as_they_should_be() {
    assert_eq!(logical_id("role-resource-assign"), "RoleResourceAssignFunction");
    assert_eq!(snake("role-resource-assign"), "role_resource_assign");
    assert_eq!(
        parameters("/api/v1/roles/{id}/resources/{resourceId}"),
        ["id", "resourceId"].map(String::from).into()
    );
    assert_eq!(parameters("/api/v1/credentials/{id}/{rest+}"), ["id", "rest"].map(String::from).into());
}
