//! Every route for every kind of caller, with objects that exist.

use auth::{JwtSettings, Mint, mint};
use model::principal::ORG_ADMIN;
use serde_json::{Value, json};
use support::{ADMIN, Client, ORG, TestApp, jwt_settings, resource_body};
use web::access::Level;

use crate::repository::{exact_routes, template};

/// Requests that no route takes: an unknown path, a known path with another method.
const UNROUTED: [(&str, &str); 2] = [("GET", "/api/v1/nothing"), ("PUT", "/api/v1/resources/{id}")];

/// An administrator's token from another issuer's settings.
fn token(app: &TestApp, settings: &JwtSettings, ttl_seconds: i64) -> String {
    let roles = [ORG_ADMIN.to_owned()];
    let wish = Mint { sub: ADMIN, org: ORG, roles: &roles, email: None, name: None, ttl_seconds };
    mint(settings, &wish, app.now()).unwrap()
}

/// An administrator's token with the header `{"alg":"none","typ":"JWT"}` and no signature.
fn unsigned(app: &TestApp) -> String {
    let good = token(app, &jwt_settings(), 3600);
    let claims = good.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

/// The columns. The administrator comes last, because that request may end what it is about.
fn callers(app: &TestApp) -> Vec<(&'static str, Client)> {
    let ours = jwt_settings;
    let issuer = JwtSettings { issuer: "https://other.test".into(), ..ours() };
    let audience = JwtSettings { audience: "other".into(), ..ours() };
    let secret = JwtSettings { secret: "another secret of 32 bytes or more".into(), ..ours() };
    vec![
        ("no token", app.anonymous()),
        ("garbage", app.bearer("garbage")),
        ("expired", app.bearer(&token(app, &ours(), -3600))),
        ("issuer", app.bearer(&token(app, &issuer, 3600))),
        ("audience", app.bearer(&token(app, &audience, 3600))),
        ("secret", app.bearer(&token(app, &secret, 3600))),
        ("alg none", app.bearer(&unsigned(app))),
        ("member", app.member()),
        ("other org", app.other_admin()),
        ("admin", app.admin()),
    ]
}

/// The path of a route with the ids of new objects, linked where the route is about to unlink them.
async fn path(admin: &Client, method: &str, route: &str) -> String {
    let credential = admin.new_credential("AWS").await;
    let (resource, role) =
        (admin.new_resource(&credential).await, admin.new_role(&format!("Role of {method} {route}")).await);
    if method == "DELETE" && route.ends_with("/resources/{resourceId}") {
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
    let unused = admin.new_credential("Unused").await;
    let family = route.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
    let id = match family {
        "resources" => &resource,
        "roles" => &role,
        "credentials" => &unused,
        _ => "",
    };
    route.replace("{id}", id).replace("{resourceId}", &resource)
}

/// A body that a route takes. `number` makes names differ.
async fn body(admin: &Client, method: &str, route: &str, number: usize) -> Option<Value> {
    let name = format!("{method} {route} {number}");
    match (method, route.trim_start_matches("/api/v1/").trim_end_matches('/')) {
        ("POST", "resources") => Some(resource_body(&admin.new_credential("AWS").await)),
        ("POST" | "PUT", "credentials" | "credentials/{id}") => Some(json!({"name": name, "value": "v"})),
        ("POST", "roles") | ("PATCH", _) => Some(json!({"name": name})),
        _ => None,
    }
}

/// The statuses of a row, in the order of the callers.
async fn statuses(app: &TestApp, method: &str, route: &str) -> Vec<u16> {
    let admin = app.admin();
    let path = path(&admin, method, route).await;
    let mut statuses = Vec::new();
    for (number, (_, caller)) in callers(app).into_iter().enumerate() {
        let body = body(&admin, method, route, number).await.map(|body| body.to_string());
        let media_type = body.as_ref().map(|_| "application/json");
        let reply = caller.send(method, &path, media_type, body.unwrap_or_default().into_bytes()).await;
        statuses.push(reply.status.as_u16());
    }
    statuses
}

fn line(route: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("  {cell:<9}")).collect();
    format!("{route:<58}{cells}").trim_end().to_owned() + "\n"
}

#[tokio::test]
async fn access() {
    let app = TestApp::new().await;
    let names: Vec<String> = callers(&app).iter().map(|(name, _)| (*name).into()).collect();
    let mut table = line("", &names);
    let unrouted = UNROUTED.map(|(method, path)| (method.to_owned(), path.to_owned()));
    for (method, route) in exact_routes().into_iter().chain(unrouted.clone()) {
        let statuses = statuses(&app, &method, &route).await;
        let admin = statuses.last().unwrap();
        let routed = !unrouted.contains(&(method.clone(), route.clone()));
        assert_eq!(
            (200..300).contains(admin),
            routed,
            "access_matrix.rs: {method} {route} needs another body or object"
        );
        let cells: Vec<_> = statuses.iter().map(ToString::to_string).collect();
        table += &line(&format!("{method} {route}"), &cells);
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("access_matrix", table);
    });
}

/// What the snapshot shows must also be what was meant: whoever is not an administrator gets nothing.
#[tokio::test]
async fn only_administrators_get_anything_but_health() {
    let app = TestApp::new().await;
    for (method, route) in exact_routes() {
        let statuses = statuses(&app, &method, &route).await;
        let open = route == "/api/v1/health";
        for ((caller, _), status) in callers(&app).into_iter().zip(statuses) {
            let expected: &[u16] = match caller {
                _ if open => &[200],
                "admin" => &[200, 201, 204],
                "other org" if route.contains('{') || route.ends_with("/resources") => &[200, 404],
                "other org" => &[200, 201],
                "member" => &[403],
                _ => &[401],
            };
            assert!(expected.contains(&status), "{method} {route} for {caller}: {status}");
        }
    }
}

#[test]
fn every_function_but_two_is_for_administrators() {
    let described = template().functions.len();
    let endpoints = functions::all();
    assert_eq!(endpoints.len(), described);
    for (name, endpoint) in endpoints {
        let expected = match name {
            "health" => Level::Anyone,
            "fallback" => Level::Visitor,
            _ => Level::OrgAdmin,
        };
        assert_eq!(endpoint.level, expected, "{name}");
    }
}
