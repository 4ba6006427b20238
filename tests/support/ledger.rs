//! What must be true of the table and the cloud at any time, and after everything has come to rest.

use crate::{ORG, TestApp};
use firewall::{CloudRule, GroupRef, RuleTag};
use model::ingress::Ingress;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Table = BTreeMap<(String, String), Value>;

/// A row of a session as it stands in the table.
struct Row {
    resource: String,
    group: GroupRef,
    address: String,
    /// By what it opens: the state.
    claims: Vec<(Ingress, String)>,
    holder: String,
    is_ended: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn ingress(address: &str, opening: &Value) -> Ingress {
    Ingress { address: address.parse().unwrap(), opening: serde_json::from_value(opening.clone()).unwrap() }
}

fn rows(table: &Table) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((pk, sk), item) in table {
        let block = match item["entity"].as_str() {
            Some("SESSION") => 0,
            Some("SESSION_ROWS") => sk.trim_start_matches("ROWS#").parse::<u16>().unwrap(),
            _ => continue,
        };
        let session = pk.rsplit('#').next().unwrap();
        let head = table.get(&(pk.clone(), "#SESSION".into()));
        let is_ended = head.is_none_or(|head| !head["data"]["endedReason"].is_null());
        for (name, row) in item["rows"].as_object().unwrap() {
            let address = text(&row["address"]);
            let claims = row["claims"].as_array().unwrap().iter();
            rows.push(Row {
                resource: text(&row["resourceId"]),
                group: serde_json::from_value(row["group"].clone()).unwrap(),
                claims: claims
                    .map(|claim| (ingress(&address, &claim["opening"]), text(&claim["state"])))
                    .collect(),
                address,
                holder: format!("{session}:{block}:{}", name.trim_start_matches('r')),
                is_ended,
            });
        }
    }
    rows
}

/// A rule of the ledger as it stands in the table.
struct Entry {
    group: GroupRef,
    ingress: Ingress,
    id: String,
    presence: String,
    provider_rule_id: Option<String>,
    sets: BTreeMap<&'static str, BTreeSet<String>>,
}

fn entries(table: &Table) -> Vec<Entry> {
    let rules = table.values().filter(|item| item["entity"] == "RULE");
    rules
        .map(|item| {
            let set = |name: &'static str| {
                let members = item[name].as_array().cloned().unwrap_or_default();
                (name, members.iter().map(text).collect())
            };
            let data = &item["data"]["ingress"];
            Entry {
                group: serde_json::from_value(item["data"]["group"].clone()).unwrap(),
                ingress: ingress(data["address"].as_str().unwrap(), &data["opening"]),
                id: text(&item["data"]["id"]),
                presence: text(&item["found"]["presence"]),
                provider_rule_id: item["found"]["providerRuleId"].as_str().map(String::from),
                sets: ["holders", "fresh", "leaving"].into_iter().map(set).collect(),
            }
        })
        .collect()
}

/// Whether a rule is or was ever ours: by its tag, or by the ids that the cloud gave out.
fn is_ours(app: &TestApp, table: &Table, rule: &CloudRule) -> bool {
    let deployment =
        table.get(&("DEPLOYMENT".into(), "#DEPLOYMENT".into())).map(|item| text(&item["data"]["id"]));
    let is_own = |tag: &RuleTag| tag.org == ORG && (tag.deployment.is_none() || tag.deployment == deployment);
    rule.tag.as_ref().is_some_and(is_own) || app.sky.given_out(&rule.id).is_some_and(|tag| is_own(&tag))
}

/// What is wrong at any time.
pub async fn faults(app: &TestApp) -> Vec<String> {
    faults_in(app, &app.db_table().await)
}

fn faults_in(app: &TestApp, table: &Table) -> Vec<String> {
    let cloud = app.sky.groups();
    let (rows, entries) = (rows(table), entries(table));
    let mut wrong = Vec::new();
    for (group, rules) in &cloud {
        for rule in rules.iter().filter(|rule| is_ours(app, table, rule)) {
            let known = |entry: &Entry| {
                let is_marked = rule.tag.as_ref().is_some_and(|tag| tag.rule == entry.id);
                let is_known = entry.provider_rule_id.as_ref() == Some(&rule.id);
                entry.group == *group && (rule.ingress == Some(entry.ingress) || is_marked || is_known)
            };
            if !entries.iter().any(known) {
                wrong.push(format!("{group} has {rule:?}, of which the ledger knows nothing"));
            }
        }
    }
    let in_cloud = |group: &GroupRef, ingress: &Ingress| {
        let found = cloud.iter().find(|(found, _)| found == group);
        found.is_some_and(|(_, rules)| rules.iter().any(|rule| rule.ingress.as_ref() == Some(ingress)))
    };
    for row in &rows {
        for (ingress, state) in &row.claims {
            if state == "APPLIED" && !row.is_ended && !in_cloud(&row.group, ingress) {
                wrong.push(format!("{} needs {ingress} in {}, and it is missing", row.holder, row.group));
            }
            let entry = entries.iter().find(|entry| entry.group == row.group && entry.ingress == *ingress);
            let member = |set| entry.is_some_and(|entry| entry.sets[set].contains(&row.holder));
            let is_right = match state.as_str() {
                "PENDING" | "APPLIED" => member("holders") || !is_armed(table, &row.holder),
                "REMOVING" => member("leaving"),
                _ => !member("holders") && !member("leaving"),
            };
            if !is_right {
                wrong.push(format!("{} is {state} at {ingress}, and the ledger says otherwise", row.holder));
            }
        }
    }
    wrong.extend(count_faults(table, &rows));
    wrong
}

fn is_armed(table: &Table, holder: &str) -> bool {
    let mut parts = holder.split(':');
    let (session, block) = (parts.next().unwrap(), parts.next().unwrap().parse::<u16>().unwrap());
    let key = (format!("ORG#{ORG}#SESSION#{session}"), format!("ROWS#{block:04}"));
    block == 0 || table.get(&key).is_some_and(|item| item["armed"] == true)
}

/// Each resource counts its live rows, and what is deleted has none.
fn count_faults(table: &Table, rows: &[Row]) -> Vec<String> {
    let mut live: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows {
        if row.claims.iter().any(|(_, state)| state != "FAILED" && state != "REMOVED") {
            *live.entry(&row.resource).or_default() += 1;
        }
    }
    let mut wrong = Vec::new();
    for item in table.values().filter(|item| item["entity"] == "RESOURCE") {
        let (id, counted) = (item["data"]["id"].as_str().unwrap(), item["live"].as_i64().unwrap());
        let expected = live.remove(id).unwrap_or(0);
        if counted != expected {
            wrong.push(format!("{id} counts {counted} rows and has {expected}"));
        }
    }
    wrong.extend(live.into_iter().map(|(id, rows)| format!("{id} is deleted and has {rows} live rows")));
    wrong
}

/// Sessions that run although their owner is inactive, absent, or was so since their start.
fn owner_faults(table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((pk, _), session) in table.iter().filter(|(_, item)| item["entity"] == "SESSION") {
        let data = &session["data"];
        let owner = (format!("ORG#{ORG}#USER#{}", text(&data["userId"])), String::from("#USER"));
        let owner = table.get(&owner).filter(|owner| owner["data"]["isActive"] == true);
        let is_of_now = owner.is_some_and(|owner| owner["data"]["activation"] == data["activation"]);
        if data["endedReason"].is_null() && holds_something(session) && !is_of_now {
            wrong.push(format!("{pk} runs, and its owner was deactivated or deleted"));
        }
    }
    wrong
}

fn holds_something(session: &Value) -> bool {
    let rows = session["rows"].as_object().unwrap().values();
    let mut claims = rows.flat_map(|row| row["claims"].as_array().unwrap());
    claims.any(|claim| claim["state"] != "FAILED" && claim["state"] != "REMOVED")
}

/// What is wrong when everything has come to rest: the cloud has exactly what running sessions need, and what is not ours.
pub async fn unrest(app: &TestApp) -> Vec<String> {
    let table = app.db_table().await;
    let mut wrong = faults_in(app, &table);
    let (rows, entries) = (rows(&table), entries(&table));
    let mut needed: BTreeSet<(GroupRef, Ingress)> = BTreeSet::new();
    for row in &rows {
        for (ingress, state) in &row.claims {
            match (row.is_ended, state.as_str()) {
                (_, "FAILED" | "REMOVED") => {}
                (false, "APPLIED") => drop(needed.insert((row.group.clone(), *ingress))),
                _ => wrong.push(format!("{} for {} is still {state}", row.holder, row.address)),
            }
        }
    }
    wrong.extend(owner_faults(&table));
    let ledger: BTreeSet<_> = entries.iter().map(|entry| (entry.group.clone(), entry.ingress)).collect();
    if ledger != needed {
        wrong.push(format!("the ledger has {ledger:?} and needs {needed:?}"));
    }
    for entry in entries.iter().filter(|entry| !["PRESENT", "FOREIGN"].contains(&entry.presence.as_str())) {
        wrong.push(format!("{} is {}", entry.ingress, entry.presence));
    }
    for (group, rules) in app.sky.groups() {
        for rule in rules.iter().filter(|rule| is_ours(app, &table, rule)) {
            if !rule.ingress.is_some_and(|ingress| needed.contains(&(group.clone(), ingress))) {
                wrong.push(format!("{group} still has {rule:?}"));
            }
        }
    }
    let late: Vec<_> =
        table.values().filter(|item| item["duePk"].as_str().is_some_and(|pk| pk.contains("SWEEP"))).collect();
    let has_rules = |credential: &str| {
        let mut rules = table.values().filter(|item| item["entity"] == "RULE");
        rules.any(|rule| rule["credentialId"] == credential)
    };
    for item in late {
        let is_running_session = item["entity"] == "SESSION" && item["data"]["endedReason"].is_null();
        let owner = item["pk"].as_str().unwrap().rsplit('#').next().unwrap();
        // A former value stays for as long as rules may need it.
        let is_needed_value = item["entity"] == "VALUE_CHANGE" && has_rules(owner);
        // Somebody else's rule is looked at for as long as a session stands on it.
        let is_looked_at = item["entity"] == "RULE" && item["found"]["mayVanish"] == true;
        if !is_running_session && !is_needed_value && !is_looked_at {
            wrong.push(format!("{} {} is still due", item["pk"], item["sk"]));
        }
    }
    wrong
}
