//! Requests through a CloudFront distribution, as API Gateway hands them over: `through_cloudfront.json`.

use http::StatusCode;
use model::rate::RateLimit;
use serde_json::{Value, json};
use support::{ADMIN, InFunction as _, NoNetwork, ORG, Setup, TestApp, jwt_settings};
use web::{Edge, Endpoint};

use crate::expect;

const UNKNOWN: &str =
    "The CloudFront distribution in front of this API does not say where the request comes from";
/// The caller's address of the recorded request.
const CALLER: &str = "198.51.100.10";
/// The address of a caller who calls the gateway directly.
const DIRECT: &str = "203.0.113.66";
const SECRET: &str = "PLANTED-secret-of-the-distribution";
const NEXT_SECRET: &str = "PLANTED-next-secret-of-the-distribution";
const SECRET_HEADER: &str = "x-postern-edge";
const VIEWER_ADDRESS: &str = "cloudfront-viewer-address";
const CLOUDFRONT_ID: &str = "x-amz-cf-id";

fn edge() -> Edge {
    web::edge(&|name| (name == "POSTERN_EDGE_SECRET").then(|| format!("{SECRET},{NEXT_SECRET}"))).unwrap()
}

fn setup(rate: Option<RateLimit>) -> Setup {
    Setup {
        edge: edge().into(),
        rate,
        jwt: jwt_settings(),
        fetch: std::sync::Arc::new(NoNetwork),
        ..Setup::default()
    }
}

/// A deployment behind its edge, with a resource that an administrator may open.
struct EdgeDeployment {
    app: TestApp,
    start: Endpoint,
}

impl EdgeDeployment {
    async fn new() -> Self {
        let app = TestApp::with_setup(setup(None)).await;
        let admin = app.admin();
        let credential = admin.new_credential("AWS Account").await;
        let resource = admin.new_resource(&credential).await;
        let path = format!("/resources/{resource}");
        let _ = admin.patch(&path, json!({"isActive": true})).await.expect(200);
        let start = functions::all().into_iter().find(|(name, _)| *name == "session-start").unwrap().1;
        Self { app, start }
    }

    /// The recorded request with other headers: its status, and its body.
    async fn send(&self, changes: &[(&str, Option<&str>)]) -> (StatusCode, Value) {
        let mut event: Value = serde_json::from_str(include_str!("through_cloudfront.json")).unwrap();
        let token = self.app.token(ADMIN, ORG, &["ORG_ADMIN"]);
        event["headers"]["authorization"] = format!("Bearer {token}").into();
        event["headers"][SECRET_HEADER] = SECRET.into();
        for (name, value) in changes {
            match value {
                Some(value) => event["headers"][name] = (*value).into(),
                None => drop(event["headers"].as_object_mut().unwrap().remove(*name)),
            }
        }
        if event["headers"].get(CLOUDFRONT_ID).is_none() {
            event["requestContext"]["http"]["sourceIp"] = DIRECT.into();
        }
        let event = web::event::decode(&event.to_string()).unwrap();
        let response = self.start.respond(&self.app.app, event).in_function("session-start").await;
        let body = serde_json::from_slice(response.body()).unwrap();
        (response.status(), body)
    }

    /// The addresses that a session lets in which the recorded request starts with other headers.
    async fn let_in(&self, changes: &[(&str, Option<&str>)]) -> [Value; 2] {
        let (status, session) = self.send(changes).await;
        assert_eq!(status, 201, "{session}");
        ["ipv4Address", "ipv6Address"].map(|name| session[name].clone())
    }

    async fn is_refused(&self, changes: &[(&str, Option<&str>)]) {
        let before = self.app.db_items().await;
        let (status, body) = self.send(changes).await;
        assert_eq!((status.as_u16(), &body["message"]), (403, &json!(UNKNOWN)), "{changes:?}");
        assert_eq!(self.app.db_items().await, before, "{changes:?}");
    }
}

#[tokio::test]
async fn through_the_edge_a_session_lets_in_the_address_that_cloudfront_saw() {
    let site = EdgeDeployment::new().await;
    assert_eq!(site.let_in(&[]).await, [json!(CALLER), Value::Null]);
    let v6 = [(VIEWER_ADDRESS, Some("2001:db8:85a3:0:0:8a2e:370:7334:46532"))];
    assert_eq!(site.let_in(&v6).await, [Value::Null, json!("2001:db8:85a3::8a2e:370:7334")]);
    let next = [(SECRET_HEADER, Some(NEXT_SECRET))];
    assert_eq!(site.let_in(&next).await, [json!(CALLER), Value::Null], "during a rotation both count");
    let log = site.app.admin().get("/audit-logs?eventType=SESSION_START").await.expect(200).json;
    let starts = log["content"].as_array().unwrap();
    let said = |row: &Value| (row["ipAddress"].clone(), row["details"]["sourceIp"].clone());
    assert_eq!(said(&starts[0]), (json!(CALLER), json!(CALLER)));
    let v6 = json!("2001:db8:85a3::8a2e:370:7334");
    assert_eq!(said(&starts[1]), (v6.clone(), v6));
}

/// A caller who calls the gateway directly can write any header. Only their own address counts.
#[tokio::test]
async fn a_forged_header_without_the_secret_changes_nothing() {
    let site = EdgeDeployment::new().await;
    let direct = (CLOUDFRONT_ID, None);
    let forged = (VIEWER_ADDRESS, Some("192.0.2.66:443"));
    let both = format!("{SECRET},{SECRET}");
    let joined = format!("guess,{SECRET}");
    for secret in [None, Some(""), Some("guess"), Some(both.as_str()), Some(joined.as_str())] {
        let found = site.let_in(&[direct, forged, (SECRET_HEADER, secret)]).await;
        assert_eq!(found, [json!(DIRECT), Value::Null], "{secret:?}");
    }
}

#[tokio::test]
async fn an_edge_without_one_address_and_port_is_refused() {
    let site = EdgeDeployment::new().await;
    site.is_refused(&[(VIEWER_ADDRESS, None)]).await;
    for bad in [
        "",
        CALLER,
        "192.0.2.66:443,198.51.100.10:46532",
        "198.51.100.10:46532,192.0.2.66:443",
        "[2001:db8::7]:443",
        "fe80::1%eth0:443",
        "198.51.100.10:99999",
        "unknown",
    ] {
        site.is_refused(&[(VIEWER_ADDRESS, Some(bad))]).await;
    }
}

/// A distribution without the present secret hides its callers. Its own address must not be let in.
#[tokio::test]
async fn a_distribution_without_the_secret_is_refused() {
    let site = EdgeDeployment::new().await;
    let joined = format!("guess,{SECRET}");
    for secret in [None, Some("PLANTED-secret-before-the-last-rotation"), Some(joined.as_str())] {
        site.is_refused(&[(SECRET_HEADER, secret)]).await;
    }
}

#[tokio::test]
async fn an_unknown_distribution_is_refused_because_its_address_is_not_the_callers() {
    let app = TestApp::new().await;
    let admin = app.admin().with_header(CLOUDFRONT_ID, "IZhnZ0yc8tRtU1vQ==");
    expect::code(&admin.get("/resources").await, 403, "UNKNOWN_SOURCE", UNKNOWN);
    expect::reason(&admin.get("/roles").await, 403, "Forbidden", UNKNOWN, "/roles");
    expect::body(&admin.get("/credentials/").await, 403, json!({"detail": format!("{UNKNOWN}.")}));
    assert_eq!(app.db_audit().await.len(), 0, "nobody was asked who calls");
    let _ = admin.get("/health").await.expect(200);
}

/// Unknown callers are told apart by the address that the edge names.
#[tokio::test]
async fn the_limit_of_an_address_counts_for_the_caller_and_not_for_the_edge() {
    let app = TestApp::with_setup(setup(RateLimit::new(6, 2))).await;
    let stranger = |address: &str| {
        let caller = app.bearer("garbage").with_header(SECRET_HEADER, SECRET);
        caller.with_header(VIEWER_ADDRESS, &format!("{address}:46532"))
    };
    for status in [401, 401, 429] {
        let _ = stranger(CALLER).get("/roles").await.expect(status);
    }
    for (address, status) in [("198.51.100.11", 401), ("2001:db8::1", 401), ("2001:db8::2", 401)] {
        let _ = stranger(address).get("/roles").await.expect(status);
    }
    let _ = stranger("2001:db8::3").get("/roles").await.expect(429);
    // Without the secret the header does not count: the local gateway sees one address.
    for (address, status) in [("192.0.2.1", 401), ("192.0.2.2", 401), ("192.0.2.3", 429)] {
        let caller = app.bearer("garbage").with_header(VIEWER_ADDRESS, &format!("{address}:443"));
        let _ = caller.get("/roles").await.expect(status);
    }
}

#[tokio::test]
async fn the_use_of_a_key_and_a_refused_attempt_are_on_record_with_the_callers_address() {
    let app = TestApp::with_setup(setup(None)).await;
    let key = app.admin().new_api_key(&["resources:read"]).await;
    let by_edge = |caller: support::Client| {
        let caller = caller.with_header(SECRET_HEADER, SECRET).with_header(CLOUDFRONT_ID, "x");
        caller.with_header(VIEWER_ADDRESS, &format!("{CALLER}:46532"))
    };
    let _ = by_edge(app.caller(&[("x-api-key", &key)])).get("/resources").await.expect(200);
    let keys = app.admin().get("/api-keys").await.expect(200).json;
    assert_eq!(keys[0]["lastUsedIp"], CALLER, "{keys}");
    let _ = by_edge(app.member()).post("/roles", json!({"name": "Mine"})).await.expect(403);
    let rows = app.db_audit().await;
    assert_eq!(rows.last().unwrap().ip_address.as_deref(), Some(CALLER));
}
