//! Ten thousand sessions that expire at the same second.

use firewall::{CloudRule, GroupRef};
use serde_json::{Value, json};
use store::keys::{Key, Round, due_partition, due_shard};
use support::TestApp;
use support::ledger::unrest;

use super::Sample;
use super::filling::{Pattern, id, import};
use crate::place::{Place, address, group};

/// Rules of one group: below the 60 that it takes.
const SESSIONS_A_GROUP: usize = 50;

/// Each run of the sweeper until nothing is left, with its report.
pub(super) async fn runs(sessions: usize) -> Vec<(Sample, Value)> {
    let place = Place::new(TestApp::new().await).await;
    begin(&place, sessions).await;
    place.app.advance_seconds(3601);
    let mut runs = Vec::new();
    loop {
        let (report, sample) = Sample::once(&place.app, ("sweep", runs.len() + 1), place.app.sweep()).await;
        println!("sweep {}: {:.1} s, {report}", runs.len() + 1, sample.millis / 1000.0);
        let is_idle = sample.cost.writes == 0.0;
        let left: usize = place.app.cloud.groups().iter().map(|(_, rules)| rules.len()).sum();
        runs.push((sample, json!({"report": report, "rulesLeft": left})));
        if is_idle {
            break;
        }
        assert!(runs.len() < 100, "the sweep never ends");
        // The schedule's minute.
        place.app.advance_seconds(60);
    }
    let left = unrest(&place.app).await;
    assert!(left.is_empty(), "{left:?}");
    runs
}

/// Sessions with an applied rule each: one is started and applied, and the others are its copies, in the table and in the cloud.
async fn begin(place: &Place, sessions: usize) {
    let (app, first_group) = (&place.app, group(1));
    let resource = place.resource(1).await;
    let person = place.person("grace", std::slice::from_ref(&resource)).await;
    let session = place.start(&person, &resource, 0).await;
    place.work([group(1)]).await;
    let resources = Pattern::read(app, &["RESOURCE", "REFERENCE"], &resource).await;
    let groups = Pattern::read(app, &["GROUP"], &first_group.group_id).await;
    let own = Pattern::read(app, &["SESSION", "SESSION_OF_USER", "RULE"], &session).await;
    let rule = own.text_of("RULE", "listingSk");
    let applied =
        app.cloud.groups().into_iter().find(|(of, _)| *of == first_group).expect("a group").1.remove(0);
    import(
        app,
        (0..(sessions - 1).div_ceil(SESSIONS_A_GROUP)).map(|number| {
            let (resource_id, other_group) = (id(2, number), group(2 + number));
            let count = SESSIONS_A_GROUP.min(sessions - 1 - number * SESSIONS_A_GROUP);
            app.cloud.add_group(other_group.clone());
            let shared =
                [(resource.as_str(), resource_id.as_str()), (&first_group.group_id, &other_group.group_id)];
            let mut items = resources.copies(&shared);
            for item in &mut items {
                if item.get("live").is_some() {
                    item["live"] = json!({"N": count.to_string()});
                }
            }
            items.extend(groups.copies(&shared));
            for within in 0..count {
                let unique = number * SESSIONS_A_GROUP + within;
                let (session_id, rule_id, own_address) = (id(4, unique), id(7, unique), address(1 + within));
                let provider_id = apply(app, (&other_group, &applied), &own_address, &rule_id);
                let mut replaced = shared.to_vec();
                replaced.extend([
                    (session.as_str(), session_id.as_str()),
                    (&rule, &rule_id),
                    (&applied.id, &provider_id),
                ]);
                let first_address = address(0);
                replaced.push((&first_address, &own_address));
                items.extend(own.copies(&replaced));
            }
            items.into_iter().map(in_its_part).collect()
        }),
    );
}

/// Puts a copy of a rule into another group of the cloud: its id there.
fn apply(app: &TestApp, (group, rule): (&GroupRef, &CloudRule), address: &str, entry: &str) -> String {
    let mut copy = rule.clone();
    if let Some(ingress) = &mut copy.ingress {
        ingress.address = address.parse().expect("an address");
    }
    if let Some(tag) = &mut copy.tag {
        tag.rule = entry.to_owned();
    }
    app.cloud.add_rule(group, copy)
}

/// Which part of the index an item is due in follows from its key.
fn in_its_part(mut item: Value) -> Value {
    let text = |item: &Value, name: &str| item[name]["S"].as_str().map(str::to_owned);
    if let Some(part) = text(&item, "duePk") {
        let key = Key { pk: text(&item, "pk").expect("a key"), sk: text(&item, "sk").expect("a key") };
        let round = if part.starts_with("DUE#SWEEP#") { Round::Sweep } else { Round::Reconcile };
        item["duePk"] = json!({"S": due_partition(round, due_shard(&key))});
    }
    item
}
