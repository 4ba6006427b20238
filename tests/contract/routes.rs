//! Routes: `template.yaml` is their truth.

use local::template::Route;
use std::collections::BTreeMap;
use support::BESIDE;
use web::BASE_PATH;
use web::REST;
use web::access::Level;
use web::error_format::ErrorFormat;

use crate::access_matrix::levels;
use crate::repository::{all_routes, assert_nothing_wrong, exact_routes, route_keys, template};

#[test]
fn the_fallback_knows_every_path_without_a_slash_at_its_end() {
    let routes = all_routes().into_iter().filter(|(_, path)| !path.ends_with('/'));
    let expected: String = routes.map(|(method, path)| format!("{method} {path}\n")).collect();
    assert_eq!(web::ROUTES, expected, "shared/web/build.rs reads the events of template.yaml line by line");
}

/// The fallback takes a path for a public one by its route for `HEAD`.
#[test]
fn what_anybody_may_read_has_a_route_for_head_and_nothing_else_has() {
    let with = |method: &str| {
        let routes = all_routes().into_iter().filter(move |(found, _)| found == method);
        routes.map(|(_, path)| path).collect::<Vec<_>>()
    };
    let levels = levels();
    let is_public = |path: &String| levels[&format!("GET {path}")] == Level::Anyone;
    let public: Vec<_> = with("GET").into_iter().filter(is_public).collect();
    assert_eq!(with("HEAD"), public);
}

#[test]
fn credentials_have_both_spellings_and_nothing_else_has() {
    let routes = exact_routes();
    let mut wrong = Vec::new();
    for (method, path) in &routes {
        let bare = path.trim_end_matches('/');
        let spellings = [bare.to_owned(), format!("{bare}/")];
        let there = spellings.map(|path| (routes.contains(&(method.clone(), path.clone())), path));
        for (is_there, path) in there {
            let expected = ErrorFormat::of(&path) == ErrorFormat::Detail || path == bare;
            if is_there != expected {
                let what = if expected { "add" } else { "remove" };
                wrong.push(format!("template.yaml: {what} {method} {path}"));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

/// API Gateway takes no route that ends in a slash. What a greedy variable is called is known to `web`.
#[test]
fn the_spelling_with_a_slash_is_a_greedy_variable_of_the_name_that_is_known() {
    let keys: Vec<_> = template().functions.iter().flat_map(route_keys).collect();
    let of_slash: Vec<_> = keys.iter().filter(|key| key.ends_with("+}")).collect();
    assert_eq!(of_slash.len(), 6, "{of_slash:?}");
    for key in keys {
        assert!(!key.ends_with('/'), "template.yaml: {key}");
        assert!(!key.contains('+') || key.ends_with(&format!("/{{{REST}+}}")), "template.yaml: {key}");
    }
}

#[test]
fn every_route_has_one_function_and_lies_below_the_base_path() {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in template().functions.iter().filter(|function| function.triggers.is_empty()) {
        for key in route_keys(function) {
            owners.entry(key).or_default().push(function.binary().into());
        }
    }
    let mut wrong = Vec::new();
    for (route, owners) in &owners {
        if owners.len() != 1 {
            wrong.push(format!("template.yaml: {route} has {owners:?}"));
        }
        let is_beside = BESIDE.iter().any(|path| route.ends_with(&format!(" {path}")));
        if route != "$default" && !is_beside && !route.contains(&format!(" {BASE_PATH}/")) {
            wrong.push(format!("template.yaml: {route} does not begin with {BASE_PATH}/"));
        }
    }
    assert_eq!(owners.get("$default").map(Vec::as_slice), Some(["fallback".to_owned()].as_slice()));
    assert_nothing_wrong(&wrong);
}

#[test]
fn every_function_has_a_route_and_both_spellings_go_to_the_same_one() {
    for function in template().functions.iter().filter(|function| function.triggers.is_empty()) {
        assert!(!function.routes.is_empty(), "template.yaml: {} has no route", function.logical_id);
        let is_for_head = |route: &Route| matches!(route, Route::Exact { method, .. } if method == "HEAD");
        let spelled: std::collections::BTreeSet<_> = function
            .routes
            .iter()
            .filter(|route| !is_for_head(route))
            .map(|route| match route.asked() {
                Some((method, path)) => format!("{method} {}", path.trim_end_matches('/')),
                None => "$default".into(),
            })
            .collect();
        assert_eq!(spelled.len(), 1, "template.yaml: {} has {spelled:?}", function.logical_id);
    }
}
