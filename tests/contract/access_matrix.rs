//! Every route for every kind of caller, with objects that exist.

use auth::{ClaimNames, JwtKeys, JwtSettings, Mint, mint};
use model::api_key::Scope;
use model::principal::ORG_ADMIN;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use support::issuer::{ISSUER, STRANGER, hmac_token};
use support::objects::{body, open_the_cloud, path};
use support::{ADMIN, Client, ORG, Setup, TestApp, jwt_settings};
use web::access::Level;

use crate::repository::{asked_routes, assert_nothing_wrong, exact_routes, read, template};

/// The columns: a name and a client each.
type Callers = [(&'static str, Client)];

/// Requests that no route takes: an unknown path, a known path with another method.
const UNROUTED: [(&str, &str); 2] = [("GET", "/api/v1/nothing"), ("PUT", "/api/v1/resources/{id}")];

/// An administrator's token from another issuer's settings.
fn token(app: &TestApp, settings: &JwtSettings, ttl_seconds: i64) -> String {
    let roles = [ORG_ADMIN.to_owned()];
    let token = Mint {
        sub: ADMIN,
        org: ORG,
        roles: &roles,
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds,
    };
    mint(settings, &token, app.now()).unwrap()
}

/// An administrator's token with the header `{"alg":"none","typ":"JWT"}` and no signature.
fn unsigned(app: &TestApp) -> String {
    let good = token(app, &jwt_settings(), 3600);
    let claims = good.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

/// The columns. The administrator comes last, because that request may end what it is about.
async fn callers(app: &TestApp) -> Vec<(&'static str, Client)> {
    let ours = jwt_settings;
    let issuer = JwtSettings { issuer: "https://other.test".into(), ..ours() };
    let audience = JwtSettings { audience: "other".into(), ..ours() };
    let secret = JwtSettings { keys: JwtKeys::Secret("another secret of 32 bytes or more".into()), ..ours() };
    let (keys, people) = (keys(app).await, people(app).await);
    let mut callers = vec![
        ("no token", app.anonymous()),
        ("garbage", app.bearer("garbage")),
        ("expired", app.bearer(&token(app, &ours(), -3600))),
        ("issuer", app.bearer(&token(app, &issuer, 3600))),
        ("audience", app.bearer(&token(app, &audience, 3600))),
        ("secret", app.bearer(&token(app, &secret, 3600))),
        ("alg none", app.bearer(&unsigned(app))),
        ("bad key", app.caller(&[("x-api-key", "garbage")])),
        ("member", app.member()),
        ("other org", app.other_admin()),
    ];
    callers.extend(keys);
    callers.extend(people);
    callers.extend(public_keys(app));
    callers.push(("admin", app.admin()));
    callers
}

/// A column for a key with each scope alone, and one each for a revoked and an expired key with all of them.
async fn keys(app: &TestApp) -> Vec<(&'static str, Client)> {
    let admin = app.admin();
    let expires = app.now().plus_seconds(60);
    let body = json!({"name": "CI", "scopes": Scope::ALL, "expiresAt": expires});
    let expired = admin.post("/api-keys", body).await.expect(201);
    app.advance_seconds(61);
    let mut keys = Vec::new();
    for scope in Scope::ALL {
        let text = admin.new_api_key(&[scope.as_str()]).await;
        keys.push((scope.as_str(), app.caller(&[("x-api-key", &text)])));
    }
    let body = json!({"name": "CI", "scopes": Scope::ALL});
    let revoked = admin.post("/api-keys", body).await.expect(201);
    let _ = admin.delete(&format!("/api-keys/{}", revoked.id())).await.expect(204);
    for (name, key) in [("revoked", revoked), ("old key", expired)] {
        let header = format!("ApiKey {}", key.json["plainTextKey"].as_str().unwrap());
        keys.push((name, app.caller(&[("authorization", &header)])));
    }
    keys
}

/// An administrator who shows a key as well, one whom the directory has deactivated, the key of one such, and that of one who was
/// deleted.
async fn people(app: &TestApp) -> [(&'static str, Client); 4] {
    let admin = app.admin();
    let key = admin.new_api_key(&Scope::ALL.map(Scope::as_str)).await;
    let both = app.admin().with_header("x-api-key", &key);
    let away = app.bearer(&app.token(&admin.new_user("away").await, ORG, &[ORG_ADMIN]));
    let key_of_away = away.new_api_key(&Scope::ALL.map(Scope::as_str)).await;
    let _ = admin.patch("/users/away", json!({"isActive": false})).await.expect(200);
    let gone = app.bearer(&app.token(&admin.new_user("gone").await, ORG, &[ORG_ADMIN]));
    let key_of_gone = gone.new_api_key(&Scope::ALL.map(Scope::as_str)).await;
    let _ = admin.delete("/users/gone").await.expect(204);
    [
        ("both", both),
        ("away", away),
        ("away key", app.caller(&[("x-api-key", &key_of_away)])),
        ("gone key", app.caller(&[("x-api-key", &key_of_gone)])),
    ]
}

/// Callers of another environment, which takes the tokens of an issuer with public keys.
fn public_keys(app: &TestApp) -> [(&'static str, Client); 5] {
    let set = ISSUER.set(&["RS256", "ES256", "EdDSA"]).to_string();
    let jwt = JwtSettings { keys: JwtKeys::Inline(set), claims: ClaimNames::default(), ..jwt_settings() };
    let twin = app.twin(Setup { jwt: jwt.clone(), ..Setup::default() });
    let seconds = app.now().unix_millis() / 1000;
    let claims = |sub: &str, roles: &str| json!({"iss": jwt.issuer, "aud": jwt.audience, "sub": sub, "org": ORG, "roles": roles, "exp": seconds + 3600});
    let confused = hmac_token(
        &ISSUER.modulus(),
        r#"{"alg":"HS256","kid":"RS256"}"#,
        &claims(ADMIN, ORG_ADMIN).to_string(),
    );
    [
        ("RS member", twin.client(&ISSUER.token("RS256", &claims("public", "USER")))),
        ("RS admin", twin.client(&ISSUER.token("RS256", &claims(ADMIN, ORG_ADMIN)))),
        ("Ed admin", twin.client(&ISSUER.token("EdDSA", &claims(ADMIN, ORG_ADMIN)))),
        ("stranger", twin.client(&STRANGER.token("ES256", &claims(ADMIN, ORG_ADMIN)))),
        ("confused", twin.client(&confused)),
    ]
}

/// The statuses of a row, in the order of the callers.
async fn statuses(app: &TestApp, callers: &Callers, method: &str, route: &str) -> Vec<u16> {
    let admin = app.admin();
    let mut path_of_all = path(app, &admin, method, route).await;
    let mut statuses = Vec::new();
    for (number, (_, caller)) in callers.iter().enumerate() {
        // What one caller has ended, resolved or deleted is nothing for the next.
        let is_ending = ["/stop", "/resolve", "/retry"].iter().any(|end| route.ends_with(end));
        let has_changed = method != "GET" && statuses.last().is_some_and(|status| SUCCESS.contains(status));
        if is_ending || has_changed {
            path_of_all = path(app, &admin, method, route).await;
        }
        let body = body(&admin, method, route, number).await.map(|body| body.to_string());
        let media_type = body.as_ref().map(|_| "application/json");
        let reply =
            caller.send(method, &path_of_all, media_type, body.unwrap_or_default().into_bytes()).await;
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
    open_the_cloud(&app);
    let callers = callers(&app).await;
    let names: Vec<String> = callers.iter().map(|(name, _)| (*name).into()).collect();
    let mut table = line("", &names);
    let unrouted = UNROUTED.map(|(method, path)| (method.to_owned(), path.to_owned()));
    for (method, route) in exact_routes().into_iter().chain(unrouted.clone()) {
        let statuses = statuses(&app, &callers, &method, &route).await;
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

/// The rows of the snapshot, however they came there, are all routes and the requests that none takes.
#[test]
fn the_checked_in_matrix_has_every_route_of_every_function() {
    let snapshot = read("tests/contract/snapshots/access_matrix.snap");
    let rows = snapshot.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?, words.next()?);
        path.starts_with("/").then(|| format!("{method} {path}"))
    });
    let unrouted = UNROUTED.map(|(method, path)| format!("{method} {path}"));
    let rows: BTreeSet<_> = rows.filter(|row| !unrouted.contains(row)).collect();
    // A function without a row, or a row without a function, is a door that nobody has looked at.
    let routes: BTreeSet<_> = levels().into_keys().filter(|route| route != "$default").collect();
    assert_eq!(rows, routes);
    let documented = read("docs/api.md");
    let absent = routes.iter().filter(|route| {
        let route = route.replace("/api/v1", "");
        let with_slash = format!("`{route}/`");
        !documented.contains(&format!("`{route}`")) && !documented.contains(&with_slash)
    });
    let absent: Vec<_> = absent.map(|route| format!("docs/api.md does not name {route}")).collect();
    assert_nothing_wrong(&absent);
}

/// What the snapshot shows must also be what was meant: each level lets its own callers in, and nobody else.
#[tokio::test]
async fn each_level_admits_its_own_callers_and_nobody_else() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let callers = callers(&app).await;
    let levels = levels();
    let mut wrong = Vec::new();
    for (method, route) in exact_routes() {
        let level = levels[&format!("{method} {route}")];
        let statuses = statuses(&app, &callers, &method, &route).await;
        for ((caller, _), status) in callers.iter().zip(statuses) {
            let expected = expected(level, caller, &route);
            if !expected.contains(&status) {
                wrong.push(format!("{method} {route} for {caller}: {status} and not one of {expected:?}"));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

const SUCCESS: [u16; 3] = [200, 201, 204];

/// The statuses that a caller may get from a route of a level.
fn expected(level: Level, caller: &str, route: &str) -> &'static [u16] {
    let is_known_elsewhere = route.contains('{') || route.ends_with("/resources");
    match (level, caller) {
        (Level::Anyone, _) => &[200],
        (_, "away" | "away key") => &[403],
        (_, "admin" | "RS admin" | "Ed admin") => &SUCCESS,
        (_, "no token" | "garbage" | "expired" | "issuer" | "audience" | "secret" | "alg none") => &[401],
        (_, "bad key" | "gone key" | "revoked" | "old key" | "both" | "stranger" | "confused") => &[401],
        // Their own organization's list, or nothing of ours.
        (_, "other org") if is_known_elsewhere => &[200, 404],
        // There is nothing that they may open.
        (Level::MemberOrKey(_), "member" | "RS member" | "other org") if route.ends_with("/sessions") => {
            &[200, 400]
        }
        (Level::MemberOrKey(_), "member" | "RS member") => &[200, 404],
        (Level::MemberOrKey(scope), key) if scope.as_str() == key => &SUCCESS,
        (_, "other org") | (Level::Member, _) => &SUCCESS,
        (Level::AdminOrKey(scope), key) if scope.as_str() == key => &[200],
        _ => &[403],
    }
}

/// The level of each route.
pub(crate) fn levels() -> BTreeMap<String, Level> {
    let levels: BTreeMap<_, _> =
        functions::all().into_iter().map(|(name, endpoint)| (name, endpoint.level)).collect();
    let functions = template().functions;
    let routes = functions
        .iter()
        .filter(|function| !function.routes.is_empty())
        .flat_map(|function| asked_routes(function).into_iter().map(|key| (key, levels[function.binary()])));
    routes.filter(|(key, _)| !key.starts_with("HEAD ")).collect()
}

#[test]
fn every_function_has_the_level_that_it_should() {
    let described = template().functions.iter().filter(|function| !function.routes.is_empty()).count();
    let endpoints = functions::all();
    assert_eq!(endpoints.len(), described);
    for (name, endpoint) in endpoints {
        let expected = match name {
            "health" | "docs-get" | "openapi-get" => Level::Anyone,
            "fallback" => Level::Visitor,
            "me-get" => Level::Member,
            "resource-get" | "resource-list" => Level::AdminOrKey(Scope::ResourcesRead),
            "audit-log-list" => Level::AdminOrKey(Scope::AuditRead),
            "session-list" | "session-get" => Level::MemberOrKey(Scope::SessionsRead),
            "session-start" | "session-stop" | "session-extend" => Level::MemberOrKey(Scope::SessionsWrite),
            _ => Level::OrgAdmin,
        };
        assert_eq!(endpoint.level, expected, "{name}");
    }
}
