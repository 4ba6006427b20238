//! The API's description names the routes of the template, their functions, and who may call.

use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use web::access::Level;

use crate::access_matrix::levels;
use crate::repository::{all_routes, asked_routes, assert_nothing_wrong, read, template};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn the_description_has_every_route_for_head_and_no_other() {
    let document: Yaml = serde_yaml_ng::from_str(&read("api/openapi.yaml")).unwrap();
    let paths = document["paths"].as_mapping().unwrap().iter();
    let described = paths.filter(|(_, item)| item.get("head").is_some());
    let described: BTreeSet<_> = described.map(|(path, _)| path.as_str().unwrap().to_owned()).collect();
    let routed = all_routes().into_iter().filter(|(method, _)| method == "HEAD");
    assert_eq!(described, routed.map(|(_, path)| path).collect());
}

/// Each operation by its route, such as `GET /api/v1/roles/{id}`.
fn operations() -> BTreeMap<String, Yaml> {
    let document: Yaml = serde_yaml_ng::from_str(&read("api/openapi.yaml")).unwrap();
    let paths = document["paths"].as_mapping().unwrap().clone();
    let of_path = |(path, item): (Yaml, Yaml)| {
        let path = path.as_str().unwrap().to_owned();
        let found = METHODS.into_iter().filter_map(move |method| {
            let operation = item.get(method)?.clone();
            Some((format!("{} {path}", method.to_uppercase()), operation))
        });
        found.collect::<Vec<_>>()
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let routed: BTreeSet<String> = levels().into_keys().filter(|route| route != "$default").collect();
    let described: BTreeSet<String> = operations().into_keys().collect();
    assert_eq!(described, routed);
}

#[test]
fn operations_are_called_as_their_functions() {
    let mut wrong = Vec::new();
    let operations = operations();
    for function in template().functions {
        let routes = asked_routes(&function);
        for route in routes.iter().filter(|route| *route != "$default" && !route.starts_with("HEAD ")) {
            let id = operations[route]["operationId"].as_str().unwrap();
            if id.strip_suffix("-slashless").unwrap_or(id) != function.binary() {
                wrong.push(format!("{route} is {id} and not {}", function.binary()));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

/// What `x-access` says about a level.
fn access(level: Level) -> Vec<String> {
    match level {
        Level::Anyone => vec!["anyone".into()],
        Level::OrgAdmin => vec!["admin".into()],
        Level::AdminOrKey(scope) => vec!["admin".into(), format!("key:{}", scope.as_str())],
        Level::Member => vec!["member".into(), "key".into()],
        Level::MemberOrKey(scope) => vec!["member".into(), format!("key:{}", scope.as_str())],
        Level::Visitor => vec![],
    }
}

#[test]
fn the_description_says_who_may_call() {
    let operations = operations();
    let mut wrong = Vec::new();
    for (route, level) in levels().into_iter().filter(|(route, _)| route != "$default") {
        let said = operations[&route]["x-access"].as_sequence().cloned().unwrap_or_default();
        let said: Vec<_> = said.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        if said != access(level) {
            wrong.push(format!("{route} is for {said:?} and not {:?}", access(level)));
        }
        let is_open = operations[&route]["security"].as_sequence().is_some_and(Vec::is_empty);
        if is_open != (level == Level::Anyone) {
            wrong.push(format!("{route}: security contradicts {level:?}"));
        }
    }
    assert_nothing_wrong(&wrong);
}
