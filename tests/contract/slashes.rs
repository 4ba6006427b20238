//! Each route with and without a slash at its end, whatever API Gateway does with such a path: its documentation does not say.

use axum::body::Bytes;
use http::{Request, StatusCode};
use local::gateway::TrailingSlash;
use model::principal::ORG_ADMIN;
use serde_json::Value;
use support::objects::{body, open_the_cloud, path};
use support::{ADMIN, Client, ORG, Reply, Setup, TestApp};

use crate::repository::{assert_nothing_wrong, exact_routes};

/// An id that no credential has.
const NOTHING: &str = "BWBeN28Vb7cMEx7Ym8AUzs";

/// A gateway of each behaviour in front of the same functions, as an administrator sees it and as somebody without a token.
fn gateways(app: &TestApp) -> [(TrailingSlash, Client, Client); 3] {
    TrailingSlash::ALL.map(|slash| {
        let twin = app.twin(Setup { slash, ..Setup::default() });
        (slash, twin.client(&app.token(ADMIN, ORG, &[ORG_ADMIN])), twin.anonymous())
    })
}

#[tokio::test]
async fn every_route_answers_both_spellings_whatever_the_gateway_does() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let (admin, mut wrong, mut number) = (app.admin(), Vec::new(), 0);
    for (method, route) in exact_routes().into_iter().filter(|(_, route)| !route.ends_with('/')) {
        for (slash, caller, _) in gateways(&app) {
            for end in ["", "/"] {
                number += 1;
                let path = path(&app, &admin, &method, &route).await + end;
                let body = body(&admin, &method, &route, number).await.map(|body| body.to_string());
                let media_type = body.as_ref().map(|_| "application/json");
                let body = body.unwrap_or_default().into_bytes();
                let reply = caller.send_on(&method, &path, media_type, body).await;
                if !reply.status.is_success() {
                    wrong.push(format!("{slash:?}: {method} {path}: {}: {}", reply.status, reply.text));
                }
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

/// What a spelling is answered before anything is followed: the credentials' published one directly, unless the gateway has no route for it.
#[tokio::test]
async fn a_path_that_ends_in_a_slash_is_answered_directly_or_by_the_path_without_it() {
    let app = TestApp::new().await;
    let expected = |slash, family: &str| match (slash, family) {
        (TrailingSlash::Ignored, _) | (TrailingSlash::Greedy, "credentials") => 200,
        (TrailingSlash::Greedy | TrailingSlash::Fallback, _) => 308,
    };
    for (slash, admin, anonymous) in gateways(&app) {
        for family in ["credentials", "roles", "resources", "api-keys"] {
            let query = if family == "credentials" { "search=%2F%20+" } else { "limit=%31" };
            let path = format!("/api/v1/{family}/?{query}");
            let reply = admin.send("GET", &path, None, Vec::new()).await.expect(expected(slash, family));
            if reply.status == StatusCode::PERMANENT_REDIRECT {
                let location = format!("/api/v1/{family}?{query}");
                assert_eq!((reply.header("location"), reply.text.as_str()), (Some(location.as_str()), ""));
                // It is no secret that the path exists, and browsers may need a permission to follow.
                let unknown = anonymous.send("GET", &path, None, Vec::new()).await;
                assert_eq!(
                    (unknown.status, unknown.header("location")),
                    (reply.status, Some(location.as_str()))
                );
            }
        }
    }
}

/// A client resolves such a segment of a `Location` against the path before it, and would send the request to the parent: the deletion of
/// a person from a role would become that of the role.
#[tokio::test]
async fn a_path_that_leads_elsewhere_once_it_is_resolved_is_not_sent_on() {
    let app = TestApp::new().await;
    for (method, route) in exact_routes().into_iter().filter(|(_, route)| route.contains('{')) {
        for (slash, admin, _) in gateways(&app) {
            for segment in ["..", ".", "%2e%2e", "%2E.", "%2e", "%252e%2e", "%ff"] {
                let filled = route.split('/').map(|part| if part.starts_with('{') { segment } else { part });
                let path = filled.collect::<Vec<_>>().join("/").trim_end_matches('/').to_owned() + "/";
                let reply = admin.send(&method, &path, None, b"{}".to_vec()).await;
                assert_eq!(reply.header("location"), None, "{slash:?}: {method} {path}");
                assert!(reply.status.is_client_error(), "{slash:?}: {method} {path}: {}", reply.text);
            }
        }
    }
}

/// The answers to requests that no route is for, which a greedy variable must not change.
const UNROUTED: [(&str, &str, u16, u16); 20] = [
    ("GET", "/a/b", 404, 404),
    ("GET", "/a/b/", 404, 404),
    ("GET", "/a/b/c", 404, 404),
    ("PUT", "/a/b/c", 404, 404),
    ("PATCH", "/a/b", 404, 404),
    ("DELETE", "/a/b/", 404, 404),
    ("POST", "/a/b", 404, 404),
    ("GET", "//", 404, 404),
    ("POST", "//", 404, 404),
    ("GET", "/a//", 404, 404),
    ("PUT", "/a//", 404, 404),
    ("PUT", "//a", 404, 404),
    ("POST", "/a", 401, 405),
    ("POST", "/a/", 401, 405),
    ("PUT", "", 401, 405),
    ("PUT", "/", 401, 405),
    ("HEAD", "/a", 401, 405),
    ("HEAD", "/a/", 401, 405),
    ("OPTIONS", "/a/", 401, 405),
    ("OPTIONS", "/", 401, 405),
];

#[tokio::test]
async fn what_no_route_is_for_is_answered_as_if_none_were_greedy() {
    let app = TestApp::new().await;
    let id = app.admin().new_credential("AWS").await;
    let before = app.db_items().await;
    for (slash, admin, anonymous) in gateways(&app) {
        for (method, path, unknown, known) in UNROUTED {
            for id in [id.as_str(), NOTHING] {
                let path = format!("/api/v1/credentials{}", path.replacen("/a", &format!("/{id}"), 1));
                for (caller, status) in [(&anonymous, unknown), (&admin, known)] {
                    let reply = caller.send(method, &path, None, b"{}".to_vec()).await;
                    assert_eq!(reply.status.as_u16(), status, "{slash:?}: {method} {path}: {}", reply.text);
                    assert_is_of_the_fallback(&reply, method, path.trim_end_matches('/'));
                }
            }
        }
    }
    assert_eq!(app.db_items().await, before, "nothing is written, no refusal is put on record");
}

#[track_caller]
fn assert_is_of_the_fallback(reply: &Reply, method: &str, bare: &str) {
    let allowed = if bare.ends_with("/credentials") { "GET, POST" } else { "DELETE, GET, PATCH, PUT" };
    let (detail, allow) = match reply.status.as_u16() {
        404 => (String::from("Not found."), None),
        401 => ("Authentication credentials were not provided.".into(), None),
        _ => (format!("Method \"{method}\" not allowed."), Some(allowed)),
    };
    let detail = if method == "HEAD" { Value::Null } else { detail.into() };
    assert_eq!(reply.json["detail"], detail, "{}", reply.text);
    assert_eq!(reply.header("allow"), allow);
}

/// A greedy variable that matches one character at least leaves a path of an object that ends in a slash to the collection's route.
#[tokio::test]
async fn a_path_of_an_object_that_reaches_the_collection_is_sent_on() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("AWS").await;
    let functions: std::collections::HashMap<_, _> = functions::all().into_iter().collect();
    let event = admin.event("GET", &format!("/api/v1/credentials/{id}/"), None, Vec::new());
    let event = event.replace(r#""rest":"""#, &format!(r#""rest":"{id}/""#));
    let event = web::event::decode(&event).unwrap();
    let response = functions["credential-list"].respond(&app.app, event).await;
    assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(response.headers()["location"], format!("/api/v1/credentials/{id}"));
}

/// Whatever a request says of its host, and whatever its path decodes to, the client stays where it is.
#[tokio::test]
async fn nothing_in_a_request_chooses_where_a_client_is_sent() {
    let app = TestApp::new().await;
    let twin = app.twin(Setup { slash: TrailingSlash::Fallback, ..Setup::default() });
    let forged = ["host", "x-forwarded-host", "forwarded", "x-forwarded-prefix"];
    let caller =
        forged.iter().fold(twin.anonymous(), |caller, name| caller.with_header(name, "evil.example"));
    for (path, location) in [
        ("/api/v1/roles/", Some("/api/v1/roles")),
        ("/docs/", Some("/docs")),
        ("/api/v1/users/%5C%5Cevil.example/", Some("/api/v1/users/%5C%5Cevil.example")),
        ("/api/v1/users/a%0d%0aset-cookie:%20b/", Some("/api/v1/users/a%0D%0Aset-cookie:%20b")),
        ("/api/v1/users/a%3Fb%23c/?d", Some("/api/v1/users/a%3Fb%23c?d")),
        ("/api/v1/users/a%252F/", Some("/api/v1/users/a%252F")),
        ("//evil.example/", None),
        ("//evil.example/api/v1/roles/", None),
        ("//api/v1/roles/", None),
        ("/%2Fevil.example/", None),
        ("/%5Cevil.example/", None),
        ("/api/v1/roles//", None),
        ("/api/v1/roles/.//", None),
    ] {
        let method = if path.contains("users") { "PATCH" } else { "GET" };
        let reply = caller.send(method, path, None, Vec::new()).await;
        assert_eq!(reply.status.as_u16(), if location.is_some() { 308 } else { 404 }, "{path}");
        assert_eq!(reply.header("location"), location, "{path}");
    }
    // With its escapes the path is longer than any path may be.
    let long = format!("/api/v1/users/{}/", "%C3%A9".repeat(2000));
    let _ = caller.send("PATCH", &long, None, Vec::new()).await.expect(414);
}

/// A web page's request is followed by its browser only with the same permission as any answer has.
#[tokio::test]
async fn a_page_may_read_where_it_is_sent() {
    let app = TestApp::new().await;
    let origins = web::Origins::parse("https://admin.example").unwrap();
    let twin = app.twin(Setup { slash: TrailingSlash::Fallback, origins, ..Setup::default() });
    let page = twin.anonymous().with_header("origin", "https://admin.example");
    let reply = page.send("GET", "/api/v1/credentials/", None, Vec::new()).await.expect(308);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://admin.example"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let asking = page.with_header("access-control-request-method", "PUT");
    for path in ["/api/v1/credentials/", "/api/v1/credentials/a/", "/api/v1/credentials/a/b"] {
        let _ = asking.send("OPTIONS", path, None, Vec::new()).await.expect(204);
    }
}

/// Lambda takes no event of more than 6 MB, in which a body is longer than it was sent.
#[tokio::test]
async fn what_does_not_fit_into_an_event_is_answered_by_the_gateway_itself() {
    let app = TestApp::new().await;
    let asked = async |media_type: &str, length: usize| {
        let request = Request::post("/api/v1/roles").header("content-type", media_type);
        let request = request.body(Bytes::from(vec![b' '; length])).unwrap();
        let response = app.gateway().handle(request, [203, 0, 113, 7].into()).await;
        (response.status().as_u16(), String::from_utf8(response.into_body().to_vec()).unwrap())
    };
    const MB: usize = 1024 * 1024;
    let refused = (413, r#"{"message":"Request Entity Too Large"}"#.to_owned());
    assert_eq!(asked("application/json", 6 * MB).await, refused);
    assert_eq!(asked("application/octet-stream", 5 * MB).await, refused, "in Base64");
    for (media_type, length) in [("application/json", 6 * MB - 4096), ("application/octet-stream", 4 * MB)] {
        let (status, body) = asked(media_type, length).await;
        assert!(status == 401 && body.contains("timestamp"), "{status} {body}");
    }
}
