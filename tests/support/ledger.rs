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
    /// Whether its rows hear how their rules stand. Those of a session that cannot be read, or could not, hear nothing: only its
    /// counts must agree with the ledger.
    is_readable: bool,
}

/// What this version reads.
const SHAPE: i64 = 1;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn ingress(address: &str, opening: &Value) -> Ingress {
    Ingress { address: address.parse().unwrap(), opening: serde_json::from_value(opening.clone()).unwrap() }
}

/// Whether an item is an organization's.
fn is_of(org: &str, pk: &str) -> bool {
    pk.strip_prefix("ORG#").and_then(|rest| rest.strip_prefix(org)).is_some_and(|rest| rest.starts_with('#'))
}

/// The items of an organization.
fn items_of(table: &Table, org: &str) -> Table {
    let own = table.iter().filter(|((pk, _), _)| is_of(org, pk));
    own.map(|(key, item)| (key.clone(), item.clone())).collect()
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
        // One that was repaired is settled by the next sweep.
        let waits = |head: &Value| !head["evicted"].is_null() || (is_ended && !head["duePk"].is_null());
        let is_readable =
            item["shape"] == SHAPE && head.is_none_or(|head| head["shape"] == SHAPE && !waits(head));
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
                is_readable,
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
    may_vanish: bool,
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
                may_vanish: item["found"]["mayVanish"] == true,
                provider_rule_id: item["found"]["providerRuleId"].as_str().map(String::from),
                sets: ["holders", "fresh", "leaving"].into_iter().map(set).collect(),
            }
        })
        .collect()
}

/// A Postern seen as one of its organizations.
struct Books<'a> {
    app: &'a TestApp,
    org: &'a str,
    table: Table,
    /// The id with which the deployment marks its rules, once it has made one.
    deployment: Option<String>,
}

/// What is wrong at any time.
pub async fn faults(app: &TestApp) -> Vec<String> {
    faults_of(app, &[ORG]).await
}

/// The same for several organizations, by one look at the table.
pub async fn faults_of(app: &TestApp, orgs: &[&str]) -> Vec<String> {
    let table = app.db_table().await;
    let mut wrong = Vec::new();
    for org in orgs {
        let books = Books::of(app, org, &table);
        wrong.extend(books.faults());
        wrong.extend(books.missing(|entry| !books.is_of_somebody_else(entry)));
    }
    wrong
}

/// What the next two runs of the sweeper must have put right for an organization: rules that sessions count on and that are missing,
/// because somebody else's rule that carried them went away, and sessions of people who were deactivated or deleted.
pub async fn unmet_of(app: &TestApp, org: &str) -> Vec<String> {
    let books = Books::open(app, org).await;
    // Of a rule without any Postern's mark the hourly comparison tells.
    let mut wrong = books.missing(|entry| entry.presence != "FOREIGN" || entry.may_vanish);
    wrong.extend(owner_faults(&books.table, org));
    wrong
}

impl<'a> Books<'a> {
    async fn open(app: &'a TestApp, org: &'a str) -> Self {
        Self::of(app, org, &app.db_table().await)
    }

    fn of(app: &'a TestApp, org: &'a str, table: &Table) -> Self {
        let deployment = table.get(&("DEPLOYMENT".into(), "#DEPLOYMENT".into()));
        let deployment = deployment.map(|item| text(&item["data"]["id"]));
        Self { app, org, table: items_of(table, org), deployment }
    }

    /// Whether a rule is or was ever ours: by its tag, or by the ids that the cloud gave out.
    fn is_ours(&self, rule: &CloudRule) -> bool {
        rule.tag.as_ref().is_some_and(|tag| self.is_own(tag)) || self.has_made(&rule.id)
    }

    fn is_own(&self, tag: &RuleTag) -> bool {
        tag.org == self.org && (tag.deployment.is_none() || tag.deployment == self.deployment)
    }

    fn has_made(&self, id: &str) -> bool {
        self.app.cloud.given_out(id).is_some_and(|tag| self.is_own(&tag))
    }

    /// Whether an entry stands on a rule that is known not to be its organization's.
    fn is_of_somebody_else(&self, entry: &Entry) -> bool {
        entry.presence == "FOREIGN" && entry.provider_rule_id.as_ref().is_some_and(|id| !self.has_made(id))
    }

    /// Rules in the cloud of which the ledger knows nothing, rows and entries that disagree, and wrong counts.
    fn faults(&self) -> Vec<String> {
        let (rows, entries) = (rows(&self.table), entries(&self.table));
        let mut wrong = Vec::new();
        for (group, rules) in self.app.cloud.groups() {
            for rule in rules.iter().filter(|rule| self.is_ours(rule)) {
                let known = |entry: &Entry| {
                    let is_marked = rule.tag.as_ref().is_some_and(|tag| tag.rule == entry.id);
                    let is_known = entry.provider_rule_id.as_ref() == Some(&rule.id);
                    entry.group == group && (rule.ingress == Some(entry.ingress) || is_marked || is_known)
                };
                if !entries.iter().any(known) {
                    wrong.push(format!("{group} has {rule:?}, of which the ledger knows nothing"));
                }
            }
        }
        for row in rows.iter().filter(|row| row.is_readable) {
            wrong.extend(self.disagreements(row, &entries));
        }
        wrong.extend(count_faults(&self.table, &rows));
        wrong
    }

    /// The claims of a row that the ledger does not bear out.
    fn disagreements(&self, row: &Row, entries: &[Entry]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (ingress, state) in &row.claims {
            let entry = entries.iter().find(|entry| entry.group == row.group && entry.ingress == *ingress);
            let member = |set| entry.is_some_and(|entry| entry.sets[set].contains(&row.holder));
            let is_right = match state.as_str() {
                "PENDING" | "APPLIED" => member("holders") || !self.is_armed(&row.holder),
                "REMOVING" => member("leaving"),
                _ => !member("holders") && !member("leaving"),
            };
            if !is_right {
                wrong.push(format!("{} is {state} at {ingress}, and the ledger says otherwise", row.holder));
            }
        }
        wrong
    }

    /// Rules that rows have by what they say, and that no group has.
    fn missing(&self, counts: impl Fn(&Entry) -> bool) -> Vec<String> {
        let (cloud, entries) = (self.app.cloud.groups(), entries(&self.table));
        let in_cloud = |group: &GroupRef, ingress: &Ingress| {
            let found = cloud.iter().find(|(found, _)| found == group);
            found.is_some_and(|(_, rules)| rules.iter().any(|rule| rule.ingress.as_ref() == Some(ingress)))
        };
        let mut wrong = Vec::new();
        for row in rows(&self.table).iter().filter(|row| row.is_readable && !row.is_ended) {
            for (ingress, _) in row.claims.iter().filter(|(_, state)| state == "APPLIED") {
                let entry =
                    entries.iter().find(|entry| entry.group == row.group && entry.ingress == *ingress);
                if !in_cloud(&row.group, ingress) && entry.is_none_or(&counts) {
                    wrong.push(format!("{} needs {ingress} in {}, and it is missing", row.holder, row.group));
                }
            }
        }
        wrong
    }

    fn is_armed(&self, holder: &str) -> bool {
        let mut parts = holder.split(':');
        let (session, block) = (parts.next().unwrap(), parts.next().unwrap().parse::<u16>().unwrap());
        let key = (format!("ORG#{}#SESSION#{session}", self.org), format!("ROWS#{block:04}"));
        block == 0 || self.table.get(&key).is_some_and(|item| item["armed"] == true)
    }
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
        let (id, counted) = (item["data"]["id"].as_str().unwrap(), counted(table, item));
        let expected = live.remove(id).unwrap_or(0);
        if counted != expected {
            wrong.push(format!("{id} counts {counted} rows and has {expected}"));
        }
    }
    wrong.extend(live.into_iter().map(|(id, rows)| format!("{id} is deleted and has {rows} live rows")));
    wrong
}

/// The rows that a resource counts: on its own item, beside what is reserved there, and on its shards.
#[must_use]
pub fn counted(table: &Table, resource: &Value) -> i64 {
    let shards = format!("{}#SHARD#", resource["pk"].as_str().unwrap());
    let shards = table.iter().filter(|((pk, _), _)| pk.starts_with(&shards));
    let on_shards: i64 = shards.filter_map(|(_, shard)| shard["live"].as_i64()).sum();
    let reserved = if resource["shards"].is_null() { 0 } else { 1_000_000 };
    resource["live"].as_i64().unwrap() - reserved + on_shards
}

/// Sessions that run although their owner is inactive, absent, or was so since their start.
fn owner_faults(table: &Table, org: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((pk, _), session) in table.iter().filter(|(_, item)| item["entity"] == "SESSION") {
        let data = &session["data"];
        let owner = (format!("ORG#{org}#USER#{}", text(&data["userId"])), String::from("#USER"));
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
    unrest_of(app, ORG).await
}

/// The same for another organization.
pub async fn unrest_of(app: &TestApp, org: &str) -> Vec<String> {
    let books = Books::open(app, org).await;
    let mut wrong = books.faults();
    wrong.extend(books.missing(|_| true));
    let (table, rows, entries) = (&books.table, rows(&books.table), entries(&books.table));
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
    wrong.extend(owner_faults(table, org));
    let ledger: BTreeSet<_> = entries.iter().map(|entry| (entry.group.clone(), entry.ingress)).collect();
    if ledger != needed {
        wrong.push(format!("the ledger has {ledger:?} and needs {needed:?}"));
    }
    for entry in entries.iter().filter(|entry| !["PRESENT", "FOREIGN"].contains(&entry.presence.as_str())) {
        wrong.push(format!("{} is {}", entry.ingress, entry.presence));
    }
    for (group, rules) in app.cloud.groups() {
        for rule in rules.iter().filter(|rule| books.is_ours(rule)) {
            if !rule.ingress.is_some_and(|ingress| needed.contains(&(group.clone(), ingress))) {
                wrong.push(format!("{group} still has {rule:?}"));
            }
        }
    }
    wrong.extend(still_due(table));
    wrong
}

/// What the sweeper has still to do, beside the ends of running sessions.
fn still_due(table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
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
