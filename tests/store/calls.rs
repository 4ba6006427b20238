//! How many calls of DynamoDB each operation makes. They depend on each other, so each is a round trip.

use serde_json::json;
use support::{Client, Reply, TestApp, resource_body};

/// The calls of DynamoDB since the last time.
fn taken(app: &TestApp) -> Vec<String> {
    let calls = app.proxy.take_calls().into_iter();
    calls.filter(|call| !["GenerateDataKey", "Decrypt"].contains(&call.as_str())).collect()
}

struct Counted {
    app: TestApp,
    wrong: Vec<String>,
}

impl Counted {
    /// Notes an operation that answered with another status, or made other calls, than it should.
    fn expect(&mut self, what: &str, reply: Reply, status: u16, calls: &[&str]) -> Reply {
        let made = taken(&self.app);
        if reply.status != status || made != calls {
            self.wrong.push(format!("{what}: {} {made:?}, and not {status} {calls:?}", reply.status));
        }
        reply
    }
}

const WRITE: &str = "TransactWriteItems";

/// Calls, and then an update for each shard of what has changed, several at once.
fn with_shards<'c>(calls: &[&'c str]) -> Vec<&'c str> {
    [calls, ["UpdateItem"; 16].as_slice()].concat()
}

impl Counted {
    async fn new() -> (Self, Client) {
        let app = TestApp::new().await;
        let admin = app.admin();
        // The first request of a caller looks them up, at the same time as the rate limiter asks for tokens.
        let _ = admin.get("/nothing").await.expect(404);
        assert_eq!(taken(&app), ["GetItem"]);
        (Self { app, wrong: Vec::new() }, admin)
    }

    fn assert_all_right(&self) {
        assert!(self.wrong.is_empty(), "\n{}", self.wrong.join("\n"));
    }
}

#[tokio::test]
async fn creations_and_links_cost_one_transaction() {
    let (mut counted, admin) = Counted::new().await;
    let body = json!({"name": "AWS", "value": "hunter2"});
    let credential =
        counted.expect("credential", admin.post("/credentials/", body).await, 201, &[WRITE]).id();
    let role = counted.expect("role", admin.post("/roles", json!({"name": "R"})).await, 201, &[WRITE]).id();
    let body = json!({"name": "AWS", "value": "hunter2", "team": role});
    counted.expect("credential of a team", admin.post("/credentials/", body).await, 201, &[WRITE]);
    let reply = admin.post("/resources", resource_body(&credential)).await;
    let resource = counted.expect("resource", reply, 201, &["GetItem", WRITE]).id();
    let link = format!("/roles/{role}/resources/{resource}");
    counted.expect("assign", admin.post_empty(&link).await, 200, &[WRITE]);
    counted.expect("assign again", admin.post_empty(&link).await, 400, &[WRITE]);
    let calls = with_shards(&[WRITE, "BatchGetItem"]);
    counted.expect("unassign", admin.delete(&link).await, 204, &calls);
    counted.expect("unassign again", admin.delete(&link).await, 404, &[WRITE, "BatchGetItem"]);
    counted.assert_all_right();
}

#[tokio::test]
async fn changes_of_a_resource_cost_a_read_a_transaction_and_its_shards() {
    let (mut counted, admin) = Counted::new().await;
    let (first, second) = (admin.new_credential("A").await, admin.new_credential("B").await);
    let (resource, role) = (admin.new_resource(&first).await, admin.new_role("Developers").await);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    taken(&counted.app);
    let path = format!("/resources/{resource}");
    let (one, batch) = (with_shards(&["GetItem", WRITE]), with_shards(&["BatchGetItem", WRITE]));
    for (what, body, calls) in [
        ("PATCH", json!({"isActive": true}), one.as_slice()),
        ("PATCH with a rename", json!({"name": "Renamed"}), &one),
        ("PATCH with a credential", json!({"credentialId": second}), &batch),
        ("PATCH with a credential and a rename", json!({"credentialId": first, "name": "Again"}), &batch),
        ("PATCH that changes nothing", json!({"name": "Again"}), &["GetItem", "BatchGetItem"]),
        ("empty PATCH", json!({}), &["GetItem", "BatchGetItem"]),
        ("PATCH with its own credential", json!({"credentialId": first}), &["BatchGetItem", "BatchGetItem"]),
    ] {
        counted.expect(what, admin.patch(&path, body).await, 200, calls);
    }
    counted.expect("DELETE", admin.delete(&path).await, 204, &["Query", "BatchGetItem", WRITE]);
    counted.expect("DELETE again", admin.delete(&path).await, 404, &["Query", "BatchGetItem"]);
    counted.assert_all_right();
}

#[tokio::test]
async fn changes_of_a_credential_cost_a_read_and_a_transaction() {
    let (mut counted, admin) = Counted::new().await;
    let (id, role) = (admin.new_credential("A").await, admin.new_role("Developers").await);
    let resource = admin.new_resource(&id).await;
    taken(&counted.app);
    let path = format!("/credentials/{id}/");
    for (what, body, calls) in [
        ("PUT", json!({"name": "A", "value": "hunter3"}), ["Query", WRITE].as_slice()),
        ("PUT with a rename", json!({"name": "Renamed", "value": null}), &["Query", WRITE]),
        ("PUT with a team", json!({"name": "Renamed", "value": null, "team": role}), &["Query", WRITE]),
        ("PUT that changes nothing", json!({"name": "Renamed", "value": null}), &["Query"]),
        ("readable PUT", json!({"name": "N", "value": 1, "is_sensitive": false}), &["Query", WRITE]),
    ] {
        counted.expect(what, admin.put(&path, body).await, 200, calls);
    }
    // What a provider is asked with wakes the rules of the list that wait; there are none.
    let body =
        json!({"value": {"accessKeyId": "AKIA1", "secretAccessKey": "s"}, "credential_type": "ACCESS_KEY"});
    let woken = ["Query", WRITE, "Query"];
    counted.expect("PATCH of what a provider is asked with", admin.patch(&path, body).await, 200, &woken);
    counted.expect("DELETE in use", admin.delete(&path).await, 400, &["Query", WRITE]);
    counted.assert_all_right();
    let shown = admin.get(&format!("/resources/{resource}")).await.expect(200);
    assert_eq!(shown.json["credentialName"], "N", "the renames had a copy to change");
    let unused = admin.new_credential("Unused").await;
    taken(&counted.app);
    let deleted = admin.delete(&format!("/credentials/{unused}/")).await;
    counted.expect("DELETE", deleted, 204, &["Query", "Query", WRITE]);
    counted.assert_all_right();
}

#[tokio::test]
async fn reads_cost_one_call_and_what_protects_nothing_costs_none() {
    let (mut counted, admin) = Counted::new().await;
    let (credential, role) = (admin.new_credential("AWS").await, admin.new_role("Developers").await);
    let resource = admin.new_resource(&credential).await;
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    taken(&counted.app);
    for (path, status, calls) in [
        ("/resources".into(), 200, ["Query"].as_slice()),
        (format!("/resources/{resource}"), 200, &["GetItem"]),
        ("/roles".into(), 200, &["Query"]),
        (format!("/roles/{role}"), 200, &["Query"]),
        ("/credentials/".into(), 200, &["Query"]),
        (format!("/credentials/{credential}/"), 200, &["Query"]),
        ("/credentials/none/".into(), 404, &[]),
        ("/resources/none".into(), 400, &[]),
        ("/health".into(), 200, &[]),
        ("/docs".into(), 200, &[]),
        ("/openapi.json".into(), 200, &[]),
        ("/nothing".into(), 404, &[]),
    ] {
        let reply = admin.get(&path).await;
        counted.expect(&format!("GET {path}"), reply, status, calls);
    }
    let reply = admin.delete("/roles").await;
    counted.expect("a method that the path has not", reply, 405, &[]);
    let refused = [counted.app.anonymous(), counted.app.member()];
    let _ = counted.app.member().get("/nothing").await.expect(404);
    taken(&counted.app);
    for (caller, (status, calls)) in refused.iter().zip([(401, [].as_slice()), (403, &[WRITE])]) {
        let reply = caller.delete(&format!("/resources/{resource}")).await;
        counted.expect("a caller without the right", reply, status, calls);
    }
    counted.assert_all_right();
}
