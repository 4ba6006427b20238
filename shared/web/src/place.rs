//! Which part of a request's path is the API's own. A stage with a name stands in front of it, and on a domain of one's own so does the key
//! of a mapping: an HTTP API hands both over in `rawPath` (aws-powertools/powertools-lambda-python#621).

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::face::BASE_PATH;

/// The key of the route that takes what no other one does.
const DEFAULT: &str = "$default";

/// What every generated endpoint has in its name: at one, a stage may stand in front of a path, and no key of a mapping.
const GENERATED: &str = ".execute-api.";

/// The API's own path: what its description calls it. For a request that a route took it is the route's, with the values of its variables;
/// what stands in front of it does not count. Otherwise it is what is left of the path without a stage or the key of a mapping.
pub(crate) fn own_path<S: BuildHasher>(
    path: &str,
    route_key: Option<&str>,
    parameters: &HashMap<String, String, S>,
    context: &ApiGatewayV2httpRequestContext,
) -> String {
    match route_key.and_then(|key| key.split_once(' ')) {
        Some((_, route)) => filled(route, parameters, path.ends_with('/')),
        None => unrouted(path, context).into(),
    }
}

/// A route with the values of its variables, and the slash at its end that was asked for.
fn filled<S: BuildHasher>(route: &str, parameters: &HashMap<String, String, S>, has_slash: bool) -> String {
    let value = |segment: &str| {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'))?;
        parameters.get(name.strip_suffix('+').unwrap_or(name)).cloned()
    };
    let segments = route.split('/').map(|segment| value(segment).unwrap_or_else(|| segment.into()));
    let mut own = segments.collect::<Vec<_>>().join("/");
    if has_slash && !own.ends_with('/') {
        own.push('/');
    }
    own
}

/// The API's own part of a path that no route took.
fn unrouted<'p>(path: &'p str, context: &ApiGatewayV2httpRequestContext) -> &'p str {
    if is_own(path) {
        return path;
    }
    let stage = context.stage.as_deref().filter(|stage| *stage != DEFAULT && is_front(&format!("/{stage}")));
    let behind = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    if let Some(behind) = behind.filter(|behind| behind.starts_with('/')) {
        return behind;
    }
    let may_be_mapped = context.domain_name.as_deref().is_some_and(|name| !name.contains(GENERATED));
    let mut places = path.match_indices(BASE_PATH).map(|(at, _)| path.split_at(at));
    let found = places.find(|(front, behind)| is_front(front) && is_own(behind));
    found.filter(|_| may_be_mapped).map_or(path, |(_, behind)| behind)
}

/// Whether a path begins with the base path.
fn is_own(path: &str) -> bool {
    path.strip_prefix(BASE_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a text can stand in front: segments of the signs that API Gateway takes in the key of a mapping. A segment that is empty would make
/// a `Location` of the path name another host, and one of dots would lead elsewhere.
fn is_front(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    let is_segment = |segment: &str| !["", ".", ".."].contains(&segment) && segment.bytes().all(is_sign);
    text.strip_prefix('/').is_some_and(|segments| segments.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(stage: &str, domain: &str) -> ApiGatewayV2httpRequestContext {
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.stage = Some(stage.into());
        context.domain_name = Some(domain.into());
        context
    }

    fn generated(stage: &str) -> ApiGatewayV2httpRequestContext {
        context(stage, "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com")
    }

    #[test]
    fn a_route_says_which_part_of_the_path_is_the_apis_own() {
        let parameters = HashMap::from([("id".into(), "a/b?c".into()), ("rest".into(), String::new())]);
        for (route, path, own) in [
            ("GET /api/v1/roles/{id}", "/prod/api/v1/roles/a/b?c", "/api/v1/roles/a/b?c"),
            ("GET /api/v1/roles/{id}", "/x", "/api/v1/roles/a/b?c"),
            ("GET /api/v1/roles", "/k/l/api/v1/roles", "/api/v1/roles"),
            ("GET /api/v1/roles", "/api/v1/roles/", "/api/v1/roles/"),
            (
                "PUT /api/v1/credentials/{id}/{rest+}",
                "/k/api/v1/credentials/x/",
                "/api/v1/credentials/a/b?c/",
            ),
            ("GET /api/v1/rules/{unknown}", "/api/v1/rules/1", "/api/v1/rules/{unknown}"),
        ] {
            assert_eq!(own_path(path, Some(route), &parameters, &generated("$default")), own, "{path}");
        }
    }

    #[test]
    fn without_a_route_a_stage_is_taken_off_and_the_key_of_a_mapping() {
        let (plain, prod) = (generated("$default"), generated("prod"));
        let (mapped, both) = (context("$default", "api.example"), context("prod", "api.example"));
        for (context, path, own) in [
            (&plain, "/api/v1/nothing", "/api/v1/nothing"),
            (&plain, "/prod/api/v1/roles", "/prod/api/v1/roles"),
            (&prod, "/prod/api/v1/roles", "/api/v1/roles"),
            (&prod, "/prod/docs/", "/docs/"),
            (&prod, "/production/api/v1/roles", "/production/api/v1/roles"),
            (&prod, "/prod", "/prod"),
            (&prod, "/api/v1/roles", "/api/v1/roles"),
            (&mapped, "/team/postern/api/v1/roles", "/api/v1/roles"),
            (&mapped, "/team/api/v1/api/v1/roles", "/api/v1/api/v1/roles"),
            (&mapped, "/team/api/v12/api/v1", "/api/v1"),
            (&mapped, "/api/v1", "/api/v1"),
            (&mapped, "/api/v1x", "/api/v1x"),
            (&both, "/team/api/v1/roles", "/api/v1/roles"),
            (&both, "/prod/api/v1/roles", "/api/v1/roles"),
        ] {
            let none = HashMap::<String, String>::new();
            assert_eq!(own_path(path, Some("$default"), &none, context), own, "{path}");
            assert_eq!(own_path(path, None, &none, context), own, "{path}");
        }
    }

    #[test]
    fn nothing_stands_in_front_that_could_name_a_host_or_lead_elsewhere() {
        let mapped = context("$default", "api.example");
        for front in
            ["/", "//evil.example", "/a/", "/.", "/a/..", "/a b", "/%2f", "/\\evil.example", "/a:b", "/é"]
        {
            let path = format!("{front}/api/v1/roles/");
            let none = HashMap::<String, String>::new();
            assert_eq!(own_path(&path, Some("$default"), &none, &mapped), path);
        }
        assert!(is_front("/a/b.c/$-_.+!*'()"));
    }
}
