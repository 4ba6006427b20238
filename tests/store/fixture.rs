//! What these tests set up and compare.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use model::fields::{Fields, FromFields};
use model::id::{CredentialId, ResourceId, RoleId};
use model::precondition::Precondition;
use model::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::StoreError;
use store::keys::{self, Key};
use support::{Client, ORG, TestApp, actor, org};

/// The primary key of an item.
pub(crate) type At = (String, String);
/// What [`TestApp::db_table`] reads.
pub(crate) type Table = BTreeMap<At, Value>;

pub(crate) fn resource_id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

pub(crate) fn role_id(text: &str) -> RoleId {
    RoleId::parse(text).unwrap()
}

pub(crate) fn credential_id(text: &str) -> CredentialId {
    CredentialId::parse_any(text).unwrap()
}

pub(crate) fn at(key: &Key) -> At {
    (key.pk.clone(), key.sk.clone())
}

/// A request's body as the operation takes it.
pub(crate) fn read<T: FromFields>(body: Value) -> T {
    let Value::Object(members) = body else { panic!("no object") };
    Fields::read(members).unwrap()
}

/// Makes a resource that takes part in sessions.
pub(crate) async fn active_resource(app: &TestApp, credential: &str) -> ResourceId {
    let id = resource_id(&app.admin().new_resource(credential).await);
    let patch = read::<model::resource::ResourcePatch>(json!({"isActive": true}));
    app.db.update_resource(&actor(ORG), id, &patch.into(), &Precondition::None, app.now()).await.unwrap();
    id
}

/// The refusal with which an operation must have ended.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Refusal {
    match result {
        Err(StoreError::Refused(refusal)) => refusal,
        other => panic!("no refusal: {other:?}"),
    }
}

/// How a table differs from an earlier reading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) added: BTreeSet<At>,
    pub(crate) removed: BTreeSet<At>,
    pub(crate) changed: BTreeSet<At>,
}

pub(crate) fn difference(before: &Table, after: &Table) -> Difference {
    let missing_in =
        |from: &Table, other: &Table| from.keys().filter(|at| !other.contains_key(*at)).cloned().collect();
    let changed = after.iter().filter(|(at, item)| before.get(*at).is_some_and(|old| old != *item));
    Difference {
        added: missing_in(after, before),
        removed: missing_in(before, after),
        changed: changed.map(|(at, _)| at.clone()).collect(),
    }
}

pub(crate) fn is_audit(at: &At) -> bool {
    at.0 == keys::audit_partition(&org(ORG))
}

/// Of a resource or role: what a start asks in its place. Those of one that is gone stay for an hour (`shards`).
pub(crate) fn is_shard(at: &At) -> bool {
    at.1 == "#SHARD"
}

/// The audit rows of changes among some items, as event and the object's id.
pub(crate) fn audited(table: &Table) -> Vec<(String, String)> {
    let text = |item: &Value, name: &str| item["data"][name].as_str().unwrap().to_owned();
    let rows = table.iter().filter(|(at, item)| is_audit(at) && item["data"]["result"] == "SUCCESS");
    rows.map(|(_, item)| (text(item, "eventType"), text(item, "resourceId"))).collect()
}

/// The difference, of which exactly one added item must be an audit row of this event; that one is left out, and so are shards.
pub(crate) fn audited_difference(before: &Table, after: &Table, event: &str) -> Difference {
    let mut found = difference(before, after);
    let rows: Vec<_> = found.added.iter().filter(|at| is_audit(at)).cloned().collect();
    let [row] = rows.as_slice() else { panic!("audit rows: {rows:?}") };
    assert_eq!(after[row]["data"]["eventType"], event);
    found.added.remove(row);
    found.added.retain(|at| !is_shard(at));
    found.changed.retain(|at| !is_shard(at));
    found
}

/// The keys of the items, audit rows and shards aside, that name something in any way.
pub(crate) fn naming(table: &Table, name: &str) -> Vec<At> {
    let names =
        |at: &At, item: &Value| at.0.contains(name) || at.1.contains(name) || item.to_string().contains(name);
    let found = table.iter().filter(|(at, item)| !is_audit(at) && !is_shard(at) && names(at, item));
    found.map(|(at, _)| at.clone()).collect()
}

/// Every item as text, audit rows and shards aside: for looking up many names.
pub(crate) fn unaudited_text(table: &Table) -> String {
    let items = table.iter().filter(|(at, _)| !is_audit(at) && !is_shard(at));
    items.map(|(at, item)| format!("{at:?} {item}\n")).collect()
}

/// How many resources a credential counts, and how many reference items it has: these must be equal.
pub(crate) fn usage(table: &Table, credential: &str) -> (u64, usize) {
    let key = at(&keys::credential(&org(ORG), credential_id(credential)));
    let references = table.keys().filter(|(pk, sk)| *pk == key.0 && *sk != key.1).count();
    (table[&key]["usage"].as_u64().unwrap(), references)
}

/// An item as DynamoDB has it.
pub(crate) async fn raw(app: &TestApp, key: &Key) -> HashMap<String, AttributeValue> {
    let call = app.dynamodb.get_item().table_name(&app.table).consistent_read(true);
    let call = call.key("pk", AttributeValue::S(key.pk.clone())).key("sk", AttributeValue::S(key.sk.clone()));
    call.send().await.unwrap().item.unwrap()
}

/// Writes items past the store.
pub(crate) async fn put_raw(app: &TestApp, items: Vec<HashMap<String, AttributeValue>>) {
    for some in items.chunks(25) {
        let put = |item: &HashMap<String, AttributeValue>| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let writes = some.iter().map(put).collect();
        let reply = app.dynamodb.batch_write_item().request_items(&app.table, writes).send().await.unwrap();
        assert!(reply.unprocessed_items.unwrap_or_default().is_empty());
    }
}

/// A PUT that renames a credential and keeps its secret.
pub(crate) async fn rename(admin: &Client, credential: &str, name: &str) -> support::Reply {
    admin.put(&format!("/credentials/{credential}/"), json!({"name": name, "value": null})).await
}

/// Many resources like one that exists, under the same credential. They are written past the store, because a race
/// over hundreds of resources should spend its time on the race.
pub(crate) async fn copies(app: &TestApp, of: ResourceId, count: usize) -> Vec<ResourceId> {
    let org = org(ORG);
    let resource = raw(app, &keys::resource(&org, of)).await;
    let credential = credential_id(resource["data"].as_m().unwrap()["credentialId"].as_s().unwrap());
    let reference = raw(app, &keys::reference(&org, credential, of)).await;
    let ids: Vec<_> = (0..count).map(|_| ResourceId::generate(app.now())).collect();
    let mut items = Vec::new();
    for id in &ids {
        items.extend([&resource, &reference].map(|item| renamed(item, &of.to_string(), &id.to_string())));
    }
    let mut used = raw(app, &keys::credential(&org, credential)).await;
    let usage = used["usage"].as_n().unwrap().parse::<usize>().unwrap() + count;
    used.insert("usage".into(), AttributeValue::N(usage.to_string()));
    items.push(used);
    put_raw(app, items).await;
    ids
}

fn renamed(item: &HashMap<String, AttributeValue>, from: &str, to: &str) -> HashMap<String, AttributeValue> {
    let value = |value: &AttributeValue| match (value.as_s(), value.as_m()) {
        (Ok(text), _) => AttributeValue::S(text.replace(from, to)),
        (_, Ok(members)) => AttributeValue::M(renamed(members, from, to)),
        _ => value.clone(),
    };
    item.iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect()
}
