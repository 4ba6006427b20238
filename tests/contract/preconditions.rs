//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{Client, Reply, TestApp};

use crate::repository::{assert_nothing_wrong, exact_routes};
use support::objects::{Objects, body, open_the_cloud, path};

async fn send(caller: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let text = body.map(Value::to_string).unwrap_or_default();
    caller.send(method, path, body.map(|_| "application/json"), text.into_bytes()).await
}

/// The routes that `If-Match` protects.
fn protected_routes() -> Vec<(String, String)> {
    let changes = ["PATCH", "PUT", "DELETE"];
    exact_routes().into_iter().filter(|(method, _)| changes.contains(&method.as_str())).collect()
}

/// The routes that read one object which has a route to change it.
fn single_reads() -> Vec<String> {
    let is_of_object = |route: &str| route.trim_end_matches('/').ends_with('}');
    let reads = exact_routes().into_iter().filter(|(method, route)| method == "GET" && is_of_object(route));
    // A session has no route that would change it as a whole.
    let reads = reads.filter(|(_, route)| !route.contains("/sessions/"));
    reads.map(|(_, route)| route).collect()
}

#[tokio::test]
async fn a_stale_tag_is_412_in_the_format_of_its_path_and_changes_nothing() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let (admin, mut wrong) = (app.admin(), Vec::new());
    for (number, (method, route)) in protected_routes().into_iter().enumerate() {
        let path = path(&app, &admin, &method, &route).await;
        let body = body(&admin, &method, &route, number).await;
        let before = app.db_items().await;
        let stale = admin.with_header("if-match", "\"stale\", W/\"weak\"");
        let reply = send(&stale, &method, &path, body.as_ref()).await;
        let shown = match route.split('/').nth(3) {
            Some("resources") => reply.json["error"] == "PRECONDITION_FAILED",
            Some("credentials") => reply.json["detail"].is_string(),
            _ => reply.json["status"] == 412,
        };
        if reply.status != 412 || !shown || app.db_items().await != before {
            wrong.push(format!("{method} {route}: {} {}", reply.status, reply.text));
        }
        let unreadable = send(&admin.with_header("if-match", "no tag"), &method, &path, body.as_ref()).await;
        if unreadable.status != 400 || app.db_items().await != before {
            wrong.push(format!("{method} {route}, unreadable: {} {}", unreadable.status, unreadable.text));
        }
        let any = send(&admin.with_header("if-match", "*"), &method, &path, body.as_ref()).await;
        if !any.status.is_success() {
            wrong.push(format!("{method} {route}, any state: {} {}", any.status, any.text));
        }
    }
    assert_nothing_wrong(&wrong);
}

#[tokio::test]
async fn what_does_not_exist_is_404_before_it_is_412() {
    let app = TestApp::new().await;
    let stale = app.admin().with_header("if-match", "\"stale\"");
    let nothing = Objects::of_nothing();
    for (method, route) in protected_routes() {
        let has_a_tag = route.matches('{').count() == 1 && !route.contains("/api-keys/");
        let body = body(&app.admin(), &method, &route, 1).await;
        let reply = send(&stale, &method, &nothing.path(&route), body.as_ref()).await;
        assert_eq!(reply.status.as_u16(), if has_a_tag { 404 } else { 412 }, "{method} {route}");
    }
}

#[tokio::test]
async fn the_tag_of_a_change_is_the_tag_of_the_next_read() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for route in single_reads() {
        let path = Objects::new(&app, &admin, &route).await.path(&route);
        let mut tag = send(&admin, "GET", &path, None).await.expect(200).header("etag").unwrap().to_owned();
        let methods = exact_routes().into_iter().filter(|(method, of)| *of == route && method != "GET");
        for (number, (method, _)) in methods.filter(|(method, _)| method != "DELETE").enumerate() {
            let body = body(&admin, &method, &route, number).await;
            let changed =
                send(&admin.with_header("if-match", &tag), &method, &path, body.as_ref()).await.expect(200);
            let new = changed.header("etag").unwrap();
            assert_ne!(new, tag, "{method} {route}");
            let read = send(&admin, "GET", &path, None).await.expect(200);
            assert_eq!(read.header("etag"), Some(new), "{method} {route}");
            assert_eq!(read.text, changed.text, "{method} {route}");
            new.clone_into(&mut tag);
        }
        let _ = send(&admin.with_header("if-match", &tag), "DELETE", &path, None).await.expect(204);
    }
}

/// Everything that an object shows, and a secret that it does not show, is part of its state.
#[tokio::test]
async fn a_tag_changes_with_all_that_belongs_to_the_object() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let (role, resource) = (admin.new_role("Engineers").await, admin.new_resource(&credential).await);
    let user = admin.new_user("grace").await;
    let of = |kind: &str, id: &str| format!("/{kind}/{id}{}", if kind == "credentials" { "/" } else { "" });
    let (role_path, user_path) = (of("roles", &role), of("users", &user));
    let (resource_path, credential_path) = (of("resources", &resource), of("credentials", &credential));
    let secret = json!({"name": "AWS", "value": "another"});
    for (method, path, body, changed) in [
        ("POST", format!("{role_path}/resources/{resource}"), None, vec![&role_path]),
        ("POST", format!("{role_path}/users/{user}"), None, vec![&role_path, &user_path]),
        ("POST", format!("{user_path}/resources/{resource}"), None, vec![&user_path]),
        ("PATCH", resource_path.clone(), Some(json!({"name": "N"})), vec![&resource_path, &credential_path]),
        (
            "PATCH",
            credential_path.clone(),
            Some(json!({"name": "M"})),
            vec![&resource_path, &credential_path],
        ),
        ("PUT", credential_path.clone(), Some(secret), vec![&credential_path, &resource_path]),
        (
            "PUT",
            credential_path.clone(),
            Some(json!({"name": "AWS", "value": "third"})),
            vec![&credential_path],
        ),
        ("PATCH", role_path.clone(), Some(json!({})), vec![]),
    ] {
        let paths = [&role_path, &user_path, &resource_path, &credential_path];
        let before = tags(&admin, &paths).await;
        let reply = send(&admin, method, &format!("/api/v1{path}"), body.as_ref()).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        let after = tags(&admin, &paths).await;
        let differs =
            paths.into_iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after);
        let differs: BTreeSet<_> = differs.map(|(path, _)| path).collect();
        assert_eq!(differs, changed.into_iter().collect(), "{method} {path}");
    }
}

async fn tags(admin: &Client, paths: &[&String]) -> Vec<String> {
    let mut tags = Vec::new();
    for path in paths {
        tags.push(admin.get(path).await.expect(200).header("etag").unwrap().to_owned());
    }
    tags
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_changes_of_one_state_exactly_one_wins() {
    const AT_ONCE: usize = 50;
    let app = TestApp::new().await;
    let admin = app.admin();
    let objects = Objects::new(&app, &admin, "Contended").await;
    for route in single_reads() {
        let path = objects.path(&route);
        for round in 0..3 {
            let tag = send(&admin, "GET", &path, None).await.expect(200).header("etag").unwrap().to_owned();
            let caller = admin.with_header("if-match", &tag);
            let bodies: Vec<Value> =
                (0..AT_ONCE).map(|number| json!({"name": format!("{round} {number}")})).collect();
            let changes = bodies.iter().map(|body| send(&caller, "PATCH", &path, Some(body)));
            let replies = futures_util::future::join_all(changes).await;
            let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
            let lost = replies.iter().filter(|reply| reply.status == 412).count();
            assert_eq!((won.len(), lost), (1, AT_ONCE - 1), "{route}, round {round}");
            assert_eq!(send(&admin, "GET", &path, None).await.expect(200).json["name"], won[0].json["name"]);
        }
    }
}
