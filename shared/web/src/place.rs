//! Which part of a request's path is the API's own. A stage with a name stands in front of it, and on a domain of one's own so does the key
//! of a mapping: an HTTP API hands both over in `rawPath` (aws-powertools/powertools-lambda-python#621).

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

/// Where the API is mounted.
pub const BASE_PATH: &str = "/api/v1";

/// The key of the route that takes what no other one does.
const DEFAULT: &str = "$default";

/// What every generated endpoint has in its name: at one, a stage may stand in front of a path, and no key of a mapping.
const GENERATED: &str = ".execute-api.";

/// The API's own part of a path: what its description calls it. For a request that a route took it begins as the route does; what stands in
/// front of it does not count. Otherwise it is what is left of the path without a stage or the key of a mapping.
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

/// The part of a path that begins as its route does. A path that has no such part is put behind the beginning, so that it stays apart from others.
fn routed(path: &str, route: &str) -> String {
    let literal = route.split("/{").next().unwrap_or(route);
    behind(path, literal).map_or_else(|| format!("{literal}{path}"), String::from)
}

/// The part of a path that begins with certain segments, with nothing or a front before it.
fn behind<'p>(path: &'p str, segments: &str) -> Option<&'p str> {
    let mut parts = path.match_indices(segments).map(|(at, _)| path.split_at(at));
    let found = parts.find(|(front, own)| (front.is_empty() || is_front(front)) && begins(own, segments));
    found.map(|(_, own)| own)
}

/// The API's own part of a path that no route took.
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
            assert_eq!(own_path(path, Some("$default"), context), own, "{path}");
            assert_eq!(own_path(path, None, context), own, "{path}");
        }
    }

    #[test]
    fn nothing_stands_in_front_that_could_name_a_host_or_lead_elsewhere() {
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
