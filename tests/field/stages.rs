//! What stands in front of the API's paths: a stage with a name, or the key of a mapping on a domain of one's own. `rawPath` has it in front.
//!
//! - aws-powertools/powertools-lambda-python#621: a stage with a name stands in `rawPath`.
//! - logandk/serverless-wsgi#191: an event of such a stage, with `routeKey` as the route was declared.
//! - aws-powertools/powertools-lambda-python#579, KensioSoftware/yulin#1037: the path of a mapping stays in front, too.
//! - hotsock/voker#8, middleapi/standard-server#93: `rawPath` is decoded, and ends before an encoded `?`.
//!
//! The events in `stages/` have these shapes, with this API's routes.

use axum::body::Bytes;
use http::{Request, StatusCode};
use local::gateway::{Escapes, Front, TrailingSlash};
use serde_json::{Value, json};
use support::{ADMIN, Client, ORG, Reply, Setup, TestApp};

const SHAPES: [(&str, &str, &str); 2] = [
    ("stage", "/prod", include_str!("stages/stage.json")),
    ("mapping", "/team/postern", include_str!("stages/mapping.json")),
];

fn fronts() -> [(Front, &'static str); 3] {
    [
        (Front::None, ""),
        (Front::Stage("prod".into()), "/prod"),
        (Front::Mapping("team/postern".into()), "/team/postern"),
    ]
}

/// An administrator behind a gateway that is reached so.
fn admin(app: &TestApp, front: Front, slash: TrailingSlash) -> Client {
    let twin = app.twin(Setup { front, slash, ..Setup::default() });
    twin.client(&app.token(ADMIN, ORG, &["ORG_ADMIN"]))
}

/// What a function answers to an event.
async fn answer(app: &TestApp, event: &Value) -> (StatusCode, Option<String>, Value) {
    let name = match event["routeKey"].as_str().unwrap() {
        "GET /api/v1/resources/{id}" => "resource-get",
        "PUT /api/v1/credentials/{id}/{rest+}" => "credential-update",
        "GET /api/v1/roles" => "role-list",
        _ => "fallback",
    };
    let (_, endpoint) = functions::all().into_iter().find(|(known, _)| *known == name).unwrap();
    let response = endpoint.respond(&app.app, web::event::decode(&event.to_string()).unwrap()).await;
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let body = response.body().to_vec();
    (response.status(), location, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn members(body: &Value) -> Vec<&str> {
    body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn errors_have_the_format_of_the_route_whatever_stands_in_front() {
    let app = TestApp::new().await;
    for (shape, front, events) in SHAPES {
        let events: Vec<Value> = serde_json::from_str(events).unwrap();
        let code = ["error", "message", "timestamp"].as_slice();
        let reason = ["timestamp", "status", "error", "message", "path"].as_slice();
        for (event, (status, format)) in events.iter().zip([
            (401, code),
            (401, ["detail"].as_slice()),
            (401, reason),
            (404, code),
            (404, ["detail"].as_slice()),
            (308, [].as_slice()),
            (404, reason),
        ]) {
            let (found, location, body) = answer(&app, event).await;
            let raw_path = event["rawPath"].as_str().unwrap();
            assert_eq!(
                (found.as_u16(), members(&body).as_slice()),
                (status, format),
                "{shape}: {raw_path}: {body}"
            );
            if status == 308 {
                assert_eq!(location, Some(format!("{front}/api/v1/resources?limit=1")), "{shape}");
            }
            // The path is the one that was asked for, and its question mark begins no query.
            if format == reason {
                assert_eq!(body["path"], raw_path.replace('?', "%3F"), "{shape}");
            }
        }
    }
}

#[tokio::test]
async fn a_path_without_its_slash_is_known_behind_a_front_and_405_says_what_it_has() {
    let app = TestApp::new().await;
    for (front, text) in fronts() {
        for slash in TrailingSlash::ALL {
            let admin = admin(&app, front.clone(), slash);
            let sent = |path: &str| format!("{text}/api/v1{path}");
            let reply = admin.send("PUT", &sent("/roles"), None, Vec::new()).await.expect(405);
            assert_eq!(reply.header("allow"), Some("GET, POST"), "{front:?}");
            assert_eq!(reply.json["path"], sent("/roles"));
            let _ = admin.send("GET", &sent("/nothing"), None, Vec::new()).await.expect(404);
            let slashed = admin.send("GET", &sent("/roles/"), None, Vec::new()).await;
            if slash == TrailingSlash::Ignored {
                let _ = slashed.expect(200);
            } else {
                assert_eq!(slashed.header("location"), Some(sent("/roles").as_str()), "{front:?} {slash:?}");
            }
        }
    }
}

/// A page of a list leads to the next one below the front that was asked through.
#[tokio::test]
async fn links_and_keys_of_repetitions_go_through_any_front() {
    let app = TestApp::new().await;
    for name in ["One", "Two"] {
        let _ = app.admin().new_role(name).await;
    }
    let mut made: Option<Value> = None;
    for (front, text) in fronts() {
        let admin = admin(&app, front, TrailingSlash::default());
        let reply =
            admin.send("GET", &format!("{text}/api/v1/roles?limit=1"), None, Vec::new()).await.expect(200);
        let link = reply.header("link").unwrap();
        assert!(link.starts_with(&format!("<{text}/api/v1/roles?limit=1&cursor=")), "{link}");
        // A request is the same one through each way in.
        let admin = admin.with_header("idempotency-key", "once-and-for-all");
        let body = json!({"name": "Made once"}).to_string().into_bytes();
        let path = format!("{text}/api/v1/roles");
        let role = admin.send("POST", &path, Some("application/json"), body).await.expect(201).json;
        assert_eq!(made.get_or_insert_with(|| role.clone()), &role);
    }
}

#[tokio::test]
async fn nothing_in_front_of_a_path_makes_a_location_of_another_host() {
    let app = TestApp::new().await;
    let text = SHAPES[1].2;
    let events: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut event = events.into_iter().find(|event| event["routeKey"] == "$default").unwrap();
    for path in [
        "//evil.example/api/v1/roles/",
        "/\\evil.example/api/v1/roles/",
        "///api/v1/roles/",
        "/../api/v1/roles/",
        "/a/../api/v1/roles/",
    ] {
        event["rawPath"] = path.into();
        let (status, location, _) = answer(&app, &event).await;
        assert_eq!((status.as_u16(), location), (404, None), "{path}");
    }
    // At a generated endpoint there is no mapping, and an unknown path stays one.
    let admin = app.admin();
    let _ = admin.send("PUT", "/team/api/v1/roles", None, Vec::new()).await.expect(404);
}

/// An escaped question mark is part of a segment, or ends the path: it never makes a query, and never a format of another family.
#[tokio::test]
async fn an_escaped_question_mark_begins_no_query() {
    let app = TestApp::new().await;
    let resource = {
        let admin = app.admin();
        let credential = admin.new_credential("AWS").await;
        admin.new_resource(&credential).await
    };
    for escapes in Escapes::ALL {
        let twin = app.twin(Setup { escapes, ..Setup::default() });
        let admin = twin.client(&app.token(ADMIN, ORG, &["ORG_ADMIN"]));
        let sent = |path: String| {
            let admin = admin.clone();
            async move { admin.send("GET", &path, None, Vec::new()).await }
        };
        for path in ["/api/v1/resources/x%3Fy", "/api/v1/resources/x%253Fy"] {
            let reply: Reply = sent(path.into()).await.expect(400);
            assert_eq!(reply.members()[..2], ["error", "message"], "{escapes:?}");
        }
        let reply = sent("/api/v1/users/a%3Fb".into()).await;
        let path = if escapes == Escapes::Once { "/api/v1/users/a%3Fb" } else { "/api/v1/users/a" };
        assert_eq!(reply.json["path"], path, "{escapes:?}");
        // What AWS cuts off is gone before a function sees it: what is left is what was asked for.
        let reply = sent(format!("/api/v1/resources/{resource}%3Fx")).await;
        assert_eq!(reply.status.is_success(), escapes == Escapes::Twice, "{escapes:?}: {}", reply.text);
    }
}

/// A gateway that knows no API behind a path answers by itself.
#[tokio::test]
async fn a_path_without_the_front_reaches_no_function() {
    let app = TestApp::new().await;
    for (front, _) in fronts().into_iter().skip(1) {
        let twin = app.twin(Setup { front, ..Setup::default() });
        let reply = twin.anonymous().send("GET", "/api/v1/health", None, Vec::new()).await.expect(404);
        assert_eq!(reply.json, json!({"message": "Not Found"}));
    }
    let request = Request::builder().uri("/api/v1/users/a%25zz").body(Bytes::new()).unwrap();
    assert_eq!(Escapes::Twice.decode(request.uri().path()), None);
}
