//! The error format of each path, and requests without a route.

use serde_json::json;
use support::TestApp;
use web::access::Anyone;
use web::error_format::ErrorFormat;
use web::reply::NoContent;
use web::{App, Endpoint, Failure};

use crate::expect;

#[test]
fn the_path_alone_picks_the_format() {
    for (path, format) in [
        ("/api/v1/resources", ErrorFormat::Code),
        ("/api/v1/resources/", ErrorFormat::Code),
        ("/api/v1/resources/x/verify", ErrorFormat::Code),
        ("/api/v1/credentials", ErrorFormat::Detail),
        ("/api/v1/credentials/x/y", ErrorFormat::Detail),
        ("/api/v1/roles", ErrorFormat::Reason),
        ("/api/v1/roles/x/resources/y", ErrorFormat::Reason),
        ("/api/v1/resourcesx", ErrorFormat::Reason),
        ("/api/v1", ErrorFormat::Reason),
        ("/", ErrorFormat::Reason),
        ("/resources", ErrorFormat::Reason),
        ("/api/v2/resources", ErrorFormat::Reason),
        ("", ErrorFormat::Reason),
    ] {
        assert_eq!(ErrorFormat::of(path), format, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_are_404_to_anybody() {
    let app = TestApp::new().await;
    for caller in [app.anonymous(), app.admin()] {
        expect::code(&caller.get("/resources//").await, 404, "NOT_FOUND", "No such endpoint");
        let path = "/resources/550e8400-e29b-41d4-a716-446655440000/nothing";
        expect::code(&caller.get(path).await, 404, "NOT_FOUND", "No such endpoint");
        expect::reason(&caller.get("/nothing").await, 404, "Not Found", "No such endpoint", "/nothing");
        for path in
            ["/roles//", "/roles//resources/x", "/roles/x/resources/", "/roles/x/resources/y/z", "/Roles/"]
        {
            expect::reason(&caller.get(path).await, 404, "Not Found", "No such endpoint", path);
        }
        expect::body(&caller.get("/credentials/x/y").await, 404, json!({"detail": "Not found."}));
        let reply = caller.send("GET", "/", None, Vec::new()).await;
        assert_eq!((reply.status.as_u16(), &reply.json["path"]), (404, &json!("/")));
    }
}

#[tokio::test]
async fn known_paths_name_their_methods_to_callers_with_a_token() {
    let app = TestApp::new().await;
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let path = format!("/resources/{id}");
    let anonymous = app.anonymous().put(&path, json!({})).await;
    expect::code(&anonymous, 401, "UNAUTHORIZED", "Missing or invalid authentication token");
    for caller in [app.member(), app.admin()] {
        let reply = caller.put(&path, json!({})).await;
        expect::code(&reply, 405, "METHOD_NOT_ALLOWED", "Method PUT is not allowed here");
        assert_eq!(reply.header("allow"), Some("DELETE, GET, PATCH"));
        let path = format!("/roles/{id}/resources/{id}");
        let reply = caller.get(&path).await;
        expect::reason(&reply, 405, "Method Not Allowed", "Method GET is not allowed here", &path);
        assert_eq!(reply.header("allow"), Some("DELETE, POST"));
        for slash in ["", "/"] {
            let reply = caller.post_empty(&format!("/credentials/BWBeN28Vb7cMEx7Ym8AUzs{slash}")).await;
            expect::body(&reply, 405, json!({"detail": "Method \"POST\" not allowed."}));
            assert_eq!(reply.header("allow"), Some("DELETE, GET, PATCH, PUT"));
        }
    }
}

#[tokio::test]
async fn no_path_method_or_query_is_a_500() {
    let app = TestApp::new().await;
    let paths = [
        "/",
        "//",
        "/api/v1/resources/%ff",
        "/api/v1/resources/%00",
        "/api/v1//resources",
        "/api/v1/resources?x=%zz",
        "/api/v1/credentials/%2F",
        "/api/v1/credentials/?page=%F0",
        "/api/v1/roles/..%2f..",
        "/api/v1/%72esources",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "BREW"] {
            for caller in [app.anonymous(), app.admin()] {
                let reply = caller.send(method, path, None, Vec::new()).await;
                assert!(reply.status.as_u16() < 500, "{method} {path}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn every_answer_carries_its_request_id_and_is_not_cached() {
    let app = TestApp::new().await;
    for reply in [
        app.admin().get("/resources").await,
        app.anonymous().get("/roles").await,
        app.admin().get("/x").await,
    ] {
        let id = reply.header("x-request-id").unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn health_answers_anybody_and_makes_no_call() {
    let app = TestApp::new().await;
    let reply = app.anonymous().get("/health").await.expect(200);
    assert_eq!(reply.members(), ["status", "version", "commit"]);
    assert_eq!(
        (&reply.json["status"], &reply.json["version"]),
        (&json!("UP"), &json!(env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(app.proxy.take_calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_busy_table_is_503_and_a_broken_one_500() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let busy = json!({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"});
    // The SDK makes three attempts.
    for _ in 0..store::CALL_ATTEMPTS {
        app.proxy.fail_next("Query", 400, &busy);
    }
    let reply = admin.get("/resources").await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, Some("1")), "{}", reply.text);
    for path in ["/resources", "/roles", "/credentials/"] {
        app.proxy.fail_next(
            "Query",
            400,
            &json!({"__type": "x#AccessDeniedException", "message": "arn:secret"}),
        );
        let reply = admin.get(path).await.expect(500);
        assert!(!reply.text.contains("arn:secret"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_panic_is_a_500_in_the_format_of_the_path_and_the_next_request_works() {
    async fn broken(_: App, _: Anyone) -> Result<NoContent, Failure> {
        panic!("a defect that nobody may read about")
    }
    let app = TestApp::new().await;
    let endpoint = Endpoint::new(broken);
    for (path, body) in [
        (
            "/api/v1/resources",
            json!({"error": "INTERNAL_ERROR", "message": "An unexpected error occurred",
                                     "timestamp": expect::NOW}),
        ),
        ("/api/v1/credentials/", json!({"detail": "Unexpected error while handling your request."})),
    ] {
        let event = json!({"version": "2.0", "rawPath": path, "headers": {}, "isBase64Encoded": false,
            "requestContext": {"http": {"method": "GET"}, "stage": "$default", "timeEpoch": 0}});
        let response = endpoint.respond(&app.app, web::event::decode(&event.to_string()).unwrap()).await;
        assert_eq!(response.status().as_u16(), 500);
        assert_eq!(String::from_utf8(response.into_body().to_vec()).unwrap(), body.to_string());
    }
    let _ = app.admin().get("/resources").await.expect(200);
}
