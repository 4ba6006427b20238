//! `HEAD`, with which load balancers and uptime checks ask whether something is there. Reported of APIs whose routes for `GET` do not take
//! it: fastapi/fastapi#1773, hapifhir/hapi-fhir#2219, steemit/jussi#164.

use local::gateway::Gateway;
use local::template::{Route, Template};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Nothing of the moment: the request's id, and the time of an error.
fn lasting(headers: &http::HeaderMap) -> BTreeMap<String, String> {
    let named =
        headers.iter().filter(|(name, _)| !["x-request-id", "content-length"].contains(&name.as_str()));
    named.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

const PUBLIC: [&str; 3] = ["/api/v1/health", "/docs", "/openapi.json"];

#[tokio::test]
async fn head_of_what_anybody_may_read_is_answered_as_get_without_the_body() {
    let app = TestApp::new().await;
    for caller in [app.anonymous(), app.bearer("garbage"), app.admin()] {
        for path in PUBLIC {
            let get = caller.send("GET", path, None, Vec::new()).await.expect(200);
            let head = caller.send("HEAD", path, None, Vec::new()).await.expect(200);
            assert_eq!(lasting(&head.headers), lasting(&get.headers), "{path}");
            assert_eq!(head.text, "", "{path}");
            assert!(head.header("x-request-id").is_some());
            let length: usize = head.header("content-length").unwrap().parse().unwrap();
            if get.header("content-encoding").is_none() {
                assert_eq!(length, get.text.len(), "{path}");
            } else {
                assert!((1..get.text.len()).contains(&length), "{path}: packed");
            }
        }
    }
}

/// The deployed gateway has the same routes: `HEAD` does not reach one for `GET`, and would go to `$default`.
#[tokio::test]
async fn head_of_every_other_path_is_401_and_405_with_a_token() {
    let app = TestApp::new().await;
    let template = Template::built_in().unwrap();
    let mut paths = BTreeMap::<String, Vec<String>>::new();
    for route in template.functions.iter().flat_map(|function| &function.routes) {
        let Some((method, path)) = Route::asked(route) else { continue };
        paths.entry(path.trim_end_matches('/').into()).or_default().push(method.into());
    }
    for (path, mut methods) in paths {
        methods.sort();
        methods.dedup();
        let filled: Vec<_> =
            path.split('/').map(|part| if part.starts_with('{') { "a" } else { part }).collect();
        let filled = filled.join("/");
        if PUBLIC.contains(&path.as_str()) {
            assert_eq!(methods, ["GET", "HEAD"], "{path}");
            continue;
        }
        let unknown = app.anonymous().send("HEAD", &filled, None, Vec::new()).await.expect(401);
        assert_eq!(
            (unknown.header("www-authenticate"), unknown.header("allow")),
            (Some("Bearer"), None),
            "{path}"
        );
        let known = app.member().send("HEAD", &filled, None, Vec::new()).await.expect(405);
        assert_eq!(known.header("allow"), Some(methods.join(", ").as_str()), "{path}");
        assert_eq!((unknown.text.as_str(), known.text.as_str()), ("", ""), "{path}");
        assert!(known.header("content-length").unwrap().parse::<usize>().unwrap() > 0, "{path}");
    }
    let nowhere = app.anonymous().send("HEAD", "/api/v1/nowhere", None, Vec::new()).await.expect(404);
    assert_eq!(nowhere.text, "");
}

#[tokio::test]
async fn a_method_that_a_public_path_has_not_is_405_to_anybody() {
    let app = TestApp::new().await;
    for path in PUBLIC {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let reply = app.anonymous().send(method, path, None, Vec::new()).await.expect(405);
            assert_eq!(reply.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
}

/// Over a connection: the length is that of the body which does not come, and the next answer follows at once.
#[tokio::test]
async fn the_local_server_says_the_length_and_sends_no_body() {
    let app = TestApp::new().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let gateway = Arc::new(Gateway::new(&Template::built_in().unwrap(), app.app.clone()).unwrap());
    let serving = tokio::spawn(local::server::serve(listener, gateway, app.cloud.clone(), stopped));
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = |method: &str, close: &str| {
        format!("{method} /openapi.json HTTP/1.1\r\nhost: localhost\r\n{close}\r\n")
    };
    let both = request("HEAD", "") + &request("GET", "connection: close\r\n");
    connection.write_all(both.as_bytes()).await.unwrap();
    let mut text = String::new();
    let _ = connection.read_to_string(&mut text).await.unwrap();
    let parts: Vec<&str> = text.splitn(3, "\r\n\r\n").collect();
    assert!(parts[0].starts_with("HTTP/1.1 200") && parts[1].starts_with("HTTP/1.1 200"), "{}", parts[0]);
    let length = format!("content-length: {}", parts[2].len());
    assert!(parts[0].contains(&length) && parts[1].contains(&length), "{}", parts[0]);
    drop(stop);
    serving.await.unwrap().unwrap();
}
