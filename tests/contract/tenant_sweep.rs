//! Each route with another organization's ids answers like an unknown id, to the byte.

use serde_json::{Value, json};
use support::{BESIDE, Client, Reply, TestApp};

use crate::repository::{assert_nothing_wrong, exact_routes};
use support::objects::Objects;

/// A body with which the request would do something, if the object were there.
fn body(method: &str, route: &str) -> Option<Value> {
    match method {
        "PATCH" => Some(json!({"name": "mine"})),
        "PUT" => Some(json!({"name": "mine", "value": "mine"})),
        "POST" if route.ends_with("/resolve") => Some(json!({"reason": "mine"})),
        "POST" if route.ends_with("/extend") => Some(json!({"additionalHours": 1})),
        "POST" if route.ends_with('s') || route.ends_with('/') => Some(json!({})),
        _ => None,
    }
}

async fn ask(caller: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let text = body.map(Value::to_string).unwrap_or_default();
    caller.send(method, path, body.map(|_| "application/json"), text.into_bytes()).await
}

/// What can be seen of an answer, but for its request's id.
fn seen(reply: &Reply) -> (u16, String, Vec<String>) {
    let headers = reply.headers.iter().filter(|(name, _)| name.as_str() != "x-request-id");
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    (reply.status.as_u16(), reply.text.clone(), headers)
}

#[tokio::test]
async fn foreign_ids_answer_like_unknown_ones_on_every_route() {
    let app = TestApp::new().await;
    let mut theirs = Objects::new(&app, &app.other_admin(), "Theirs").await;
    theirs.run_session(&app, &app.other_admin()).await;
    let nothing = Objects::of_nothing();
    let before = app.db_objects().await;
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (method, route) in exact_routes().into_iter().filter(|(_, route)| route.contains('{')) {
        let body = body(&method, &route);
        let foreign = ask(&app.admin(), &method, &theirs.path(&route), body.as_ref()).await;
        let unknown = ask(&app.admin(), &method, &nothing.path(&route), body.as_ref()).await;
        asked += 1;
        let (status, text, headers) = seen(&foreign);
        let foreign = (status, theirs.replaced(&text, &nothing), headers);
        if foreign != seen(&unknown) || status != 404 {
            wrong.push(format!("{method} {route}: {foreign:?} and not {:?}", seen(&unknown)));
        }
    }
    assert!(asked > 20, "there are routes to ask");
    assert_nothing_wrong(&wrong);
    assert_eq!(app.db_objects().await, before);
}

/// The same with one object of the caller's own: a link reaches across organizations from neither side.
#[tokio::test]
async fn links_do_not_reach_into_another_organization() {
    let app = TestApp::new().await;
    let (ours, theirs) = (
        Objects::new(&app, &app.admin(), "Ours").await,
        Objects::new(&app, &app.other_admin(), "Theirs").await,
    );
    let before = app.db_objects().await;
    let is_link = |route: &str| route.matches('{').count() == 2;
    for (method, route) in exact_routes().into_iter().filter(|(_, route)| is_link(route)) {
        let (first, second) = route.rsplit_once('/').unwrap();
        let own_first = format!("{}/{}", ours.path(first), theirs.path(&route).rsplit('/').next().unwrap());
        let own_second = format!("{}/{}", theirs.path(first), ours.path(&route).rsplit('/').next().unwrap());
        assert!(second.starts_with('{'));
        for path in [own_first, own_second] {
            assert_eq!(ask(&app.admin(), &method, &path, None).await.status.as_u16(), 404, "{method} {path}");
        }
    }
    assert_eq!(app.db_objects().await, before);
}

#[tokio::test]
async fn lists_show_the_own_organization_only() {
    let app = TestApp::new().await;
    let mut theirs = Objects::new(&app, &app.other_admin(), "Theirs").await;
    theirs.run_session(&app, &app.other_admin()).await;
    for (method, route) in exact_routes().into_iter().filter(|(_, route)| !route.contains('{')) {
        let is_no_list =
            BESIDE.contains(&route.as_str()) || ["/api/v1/health", "/api/v1/me"].contains(&route.as_str());
        if method != "GET" || is_no_list {
            continue;
        }
        let shown = ask(&app.admin(), &method, &route, None).await.expect(200).json;
        let list = [&shown, &shown["results"], &shown["content"]].into_iter().find_map(Value::as_array);
        assert_eq!(list.map(Vec::len), Some(0), "{route}: {shown}");
    }
    let me = app.admin().get("/me").await.expect(200).json;
    assert_eq!((&me["roles"], &me["resources"]), (&json!([]), &json!([])));
}
