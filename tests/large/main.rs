//! A large organization: 5,000 resources, 1,000 roles, 50,000 links of the first 500 roles, 100,000 rows of the audit log,
//! and one resource that every role links to. Run it with `--features large`; docs/testing.md has its figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod filling;
mod timing;

use filling::{AUDIT_ROWS, LARGE, LINKS, Large};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;
use support::Client;

/// The path that a `Link` header or a cursor leads to.
fn next(link: Option<&str>) -> Option<String> {
    let (target, _) = link?.split_once(">; rel=\"next\"")?;
    Some(target.strip_prefix("</api/v1")?.into())
}

/// The ids of a whole list, part by part.
async fn walked(large: &Large, first: &str) -> Vec<String> {
    let (mut ids, mut path) = (Vec::new(), Some(first.to_owned()));
    while let Some(part) = path {
        large.app.proxy.take_calls();
        let reply = large.admin.get(&part).await.expect(200);
        let calls = large.app.proxy.take_calls().len();
        assert!(calls <= 12, "{part} cost {calls} calls");
        ids.extend(reply.json.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        path = next(reply.header("link"));
    }
    ids
}

async fn lists_page(large: &Large) {
    for (path, expected) in [
        ("/resources?limit=500", LARGE.resources + 1),
        ("/roles?limit=100", LARGE.roles),
        ("/roles?limit=7", LARGE.roles),
    ] {
        let ids = walked(large, path).await;
        assert_eq!(ids.len(), expected, "{path}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), expected, "{path} shows everything once");
    }
    let (mut rows, mut cursor) = (0, String::new());
    loop {
        let page = large.admin.get(&format!("/audit-logs?limit=500{cursor}")).await.expect(200).json;
        rows += page["content"].as_array().unwrap().len();
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(rows >= AUDIT_ROWS, "{rows} rows");
}

/// How many of the roles show a resource.
async fn showing(admin: &Client, resource: &str) -> usize {
    let roles = admin.get("/roles").await.expect(200).json;
    let shows = |role: &&Value| role["resourceIds"].as_array().unwrap().iter().any(|id| id == resource);
    roles.as_array().unwrap().iter().filter(shows).count()
}

/// Deletes the resource that every role links to.
async fn a_much_linked_resource_goes_at_once(large: &Large) {
    assert_eq!(showing(&large.admin, &large.much_linked).await, LARGE.roles);
    large.app.proxy.take_calls();
    #[expect(clippy::disallowed_methods, reason = "what is measured is time")]
    let began = Instant::now();
    let _ = large.admin.delete(&format!("/resources/{}", large.much_linked)).await.expect(204);
    let (took, calls) = (began.elapsed(), large.app.proxy.take_calls().len());
    timing::print(&format!(
        "DELETE of a resource with {} links: {} ms, {calls} calls",
        LARGE.roles,
        took.as_millis()
    ));
    assert_eq!(showing(&large.admin, &large.much_linked).await, 0);
    let left = large.app.db_objects().await;
    let naming =
        left.iter().filter(|((pk, sk), item)| format!("{pk} {sk} {item}").contains(&large.much_linked));
    // Its shards stay for an hour, so that no start makes them anew.
    let naming = naming.filter(|((_, sk), _)| sk != "#SHARD");
    assert_eq!(naming.count(), 0, "no item but the log's rows names it");
    let links = left.values().filter(|item| item["entity"] == "LINK").count();
    assert_eq!(links, 2 * LINKS, "nobody else's link went");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_organization_costs_what_an_empty_one_costs() {
    let large = Large::fill().await;
    lists_page(&large).await;
    timing::compare_with_an_empty_one(&large).await;
    a_much_linked_resource_goes_at_once(&large).await;
}
