//! The API's own part of a request's path.
//!
//! A named stage stands in front of it, and on a custom domain also the key of an API mapping. An HTTP API hands over both in `rawPath`
//! (aws-powertools/powertools-lambda-python#621).

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

/// The path that every operation of this version begins with.
pub const BASE_PATH: &str = "/api/v1";

/// The name of the greedy variable in routes whose path may end in `/`. API Gateway takes no route that itself ends in `/`.
pub const REST: &str = "rest";

/// The key of the route for all paths that no other route takes.
const DEFAULT: &str = "$default";

/// A part of the name of every generated endpoint. There a stage may stand in front of a path, but never the key of a mapping.
const GENERATED: &str = ".execute-api.";

/// The API's own part of a path, as the API's description writes it.
///
/// A routed path's own part begins as the route does. An unrouted path loses its stage and the key of its mapping.
pub(crate) fn own_path(
    path: &str,
    route_key: Option<&str>,
    context: &ApiGatewayV2httpRequestContext,
) -> String {
    match route_key.and_then(|key| key.split_once(' ')) {
        Some((_, route)) => routed(path, route),
        None => unrouted(path, context).into(),
    }
}

/// The part of a path that begins as its route does. Where there is none, the route's beginning is put in front, so that the path equals no
/// other one.
fn routed(path: &str, route: &str) -> String {
    let literal = route.split("/{").next().unwrap_or(route);
    behind(path, literal).map_or_else(|| format!("{literal}{path}"), String::from)
}

/// The part of a path that begins with some segments. A stage or mapping may stand before it.
fn behind<'p>(path: &'p str, segments: &str) -> Option<&'p str> {
    let mut parts = path.match_indices(segments).map(|(at, _)| path.split_at(at));
    let found = parts.find(|(front, own)| (front.is_empty() || is_front(front)) && begins(own, segments));
    found.map(|(_, own)| own)
}

/// The API's own part of a path without a route.
fn unrouted<'p>(path: &'p str, context: &ApiGatewayV2httpRequestContext) -> &'p str {
    if begins(path, BASE_PATH) {
        return path;
    }
    let stage = context.stage.as_deref().filter(|stage| *stage != DEFAULT && is_front(&format!("/{stage}")));
    let own = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    if let Some(own) = own.filter(|own| own.starts_with('/')) {
        return own;
    }
    let may_be_mapped = context.domain_name.as_deref().is_some_and(|name| !name.contains(GENERATED));
    behind(path, BASE_PATH).filter(|_| may_be_mapped).unwrap_or(path)
}

/// Whether a path begins with whole segments.
fn begins(path: &str, segments: &str) -> bool {
    path.strip_prefix(segments).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a text can be a stage or the key of a mapping: segments of the characters that API Gateway allows there.
///
/// An empty segment is refused because a `Location` with it would name another host, and a segment of dots because it would lead elsewhere.
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
    fn a_routed_paths_own_part_begins_as_its_route() {
        for (route, path, own) in [
            ("GET /api/v1/roles/{id}", "/prod/api/v1/roles/a/b?c", "/api/v1/roles/a/b?c"),
            ("GET /api/v1/roles/{id}", "/api/v1/roles/x/api/v1/roles/y", "/api/v1/roles/x/api/v1/roles/y"),
            ("GET /api/v1/roles/{id}", "/x", "/api/v1/roles/x"),
            ("GET /api/v1/roles/{id}", "//e/api/v1/roles/x", "/api/v1/roles//e/api/v1/roles/x"),
            ("GET /api/v1/roles", "/k/l/api/v1/roles", "/api/v1/roles"),
            ("GET /api/v1/roles", "/api/v1/roles/", "/api/v1/roles/"),
            ("PUT /api/v1/credentials/{id}/{rest+}", "/k/api/v1/credentials/x//", "/api/v1/credentials/x//"),
            ("GET /docs", "/team/docs", "/docs"),
        ] {
            assert_eq!(own_path(path, Some(route), &generated("$default")), own, "{path}");
        }
    }

    #[test]
    fn an_unrouted_path_loses_its_stage_and_mapping() {
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
            assert_eq!(own_path(path, Some("$default"), context), own, "{path}");
            assert_eq!(own_path(path, None, context), own, "{path}");
        }
    }

    #[test]
    fn a_front_can_neither_name_a_host_nor_lead_elsewhere() {
        let mapped = context("$default", "api.example");
        for front in
            ["/", "//evil.example", "/a/", "/.", "/a/..", "/a b", "/%2f", "/\\evil.example", "/a:b", "/é"]
        {
            let path = format!("{front}/api/v1/roles/");
            assert_eq!(own_path(&path, Some("$default"), &mapped), path);
        }
        assert!(is_front("/a/b.c/$-_.+!*'()"));
    }
}
