//! The whole table: what a transaction that happened in part would leave in it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use crate::server::{ORG, Server};

const TABLE: &str = "postern";

type Table = BTreeMap<(String, String), Value>;

async fn read(server: &Server) -> Table {
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .http_client(https::Https::default())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(&server.dynamodb);
    #[expect(clippy::disallowed_methods, reason = "a test looks at the whole table")]
    let pages =
        Client::from_conf(config.build()).scan().table_name(TABLE).consistent_read(true).into_paginator();
    let items: Vec<Value> = pages
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .unwrap()
        .into_iter()
        .map(|mut item| {
            // What is sealed has no form in JSON.
            item.retain(|_, value| !value.is_b());
            serde_dynamo::from_item(item).unwrap()
        })
        .collect();
    let key = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    items.into_iter().map(|item| ((key(&item, "pk"), key(&item, "sk")), item)).collect()
}

/// What is half done.
pub(crate) async fn half_done(server: &Server) -> Vec<String> {
    let table = read(server).await;
    let mut wrong = names(&table);
    wrong.extend(links(&table));
    wrong.extend(counts(&table));
    wrong.extend(audit(&table));
    wrong
}

fn of_kind<'t>(table: &'t Table, kind: &'t str) -> impl Iterator<Item = (&'t (String, String), &'t Value)> {
    table.iter().filter(move |(_, item)| item["entity"] == kind)
}

/// Every role guards its name, and no name is guarded for nobody.
fn names(table: &Table) -> Vec<String> {
    let text = |name: &Value| name.as_str().unwrap().to_owned();
    let roles: BTreeSet<String> =
        of_kind(table, "ROLE").map(|(_, role)| text(&role["data"]["name"])).collect();
    let prefix = format!("ORG#{ORG}#ROLE_NAME#");
    let guards = table.keys().filter_map(|(pk, _)| pk.strip_prefix(&prefix).map(String::from));
    let guards: BTreeSet<String> = guards.collect();
    assert!(!roles.is_empty());
    roles
        .symmetric_difference(&guards)
        .map(|name| format!("the name {name:?} is a role's or guarded"))
        .collect()
}

/// Every link stands with both that it links.
fn links(table: &Table) -> Vec<String> {
    let (roles, resources) = (format!("ORG#{ORG}#ROLE#"), format!("ORG#{ORG}#RESOURCE#"));
    let mut wrong = Vec::new();
    for (pk, sk) in table.keys() {
        let sides = [(&roles, &resources, "RESOURCE#", "ROLE#"), (&resources, &roles, "ROLE#", "RESOURCE#")];
        for (own, other, here, there) in sides {
            let (Some(from), Some(to)) = (pk.strip_prefix(own.as_str()), sk.strip_prefix(here)) else {
                continue;
            };
            if !table.contains_key(&(format!("{other}{to}"), format!("{there}{from}"))) {
                wrong.push(format!("{pk} {sk} has no counterpart"));
            }
        }
    }
    wrong
}

/// A resource counts its live rows, and a credential its references.
fn counts(table: &Table) -> Vec<String> {
    let mut live: BTreeMap<String, i64> = BTreeMap::new();
    for (_, session) in of_kind(table, "SESSION") {
        for row in session["rows"].as_object().unwrap().values() {
            let states = row["claims"].as_array().unwrap().iter();
            if states.clone().any(|claim| claim["state"] != "FAILED" && claim["state"] != "REMOVED") {
                *live.entry(row["resourceId"].as_str().unwrap().into()).or_default() += 1;
            }
        }
    }
    let mut wrong = Vec::new();
    for (_, resource) in of_kind(table, "RESOURCE") {
        let id = resource["data"]["id"].as_str().unwrap();
        let rows = live.get(id).copied().unwrap_or_default();
        let shards = format!("{}#SHARD#", resource["pk"].as_str().unwrap());
        let shards = of_kind(table, "SHARD").filter(|((pk, _), _)| pk.starts_with(&shards));
        let on_shards: i64 = shards.filter_map(|(_, shard)| shard["live"].as_i64()).sum();
        let reserved = if resource["shards"].is_null() { 0 } else { 1_000_000 };
        let counted = resource["live"].as_i64().unwrap() - reserved + on_shards;
        if counted != rows {
            wrong.push(format!("{id} counts {counted} rows and has {rows}"));
        }
    }
    for ((pk, _), credential) in of_kind(table, "CREDENTIAL") {
        let references = table.keys().filter(|(of, sk)| of == pk && sk.starts_with("RESOURCE#")).count();
        if credential["usage"] != references {
            wrong.push(format!("{pk} counts {} and has {references}", credential["usage"]));
        }
    }
    wrong
}

/// Whatever was made is on record once, and so is whatever was deleted.
fn audit(table: &Table) -> Vec<String> {
    let mut rows: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (_, row) in of_kind(table, "AUDIT") {
        let text = |name| row["data"][name].as_str().unwrap_or_default();
        *rows.entry((text("eventType"), text("resourceId"))).or_default() += 1;
    }
    let exists = |id: &str| table.contains_key(&(format!("ORG#{ORG}#ROLE#{id}"), "#ROLE".into()));
    let made: BTreeSet<&str> =
        rows.keys().filter(|(event, _)| *event == "ROLE_CREATE").map(|(_, id)| *id).collect();
    let mut wrong = Vec::new();
    for (_, role) in of_kind(table, "ROLE") {
        let id = role["data"]["id"].as_str().unwrap();
        if !made.contains(id) {
            wrong.push(format!("{id} is not on record"));
        }
    }
    for id in made {
        let count = |event| rows.get(&(event, id)).copied().unwrap_or_default();
        if count("ROLE_CREATE") != 1 || count("ROLE_DELETE") != usize::from(!exists(id)) {
            wrong.push(format!(
                "{id}: {} times made, {} deleted",
                count("ROLE_CREATE"),
                count("ROLE_DELETE")
            ));
        }
    }
    wrong
}
