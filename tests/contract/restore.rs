//! A restored table takes the place of the stack's own everywhere, and the switch stops everything that runs by itself.

use local::template::TEMPLATE;
use serde_yaml_ng::Value as Yaml;

use crate::repository::{assert_nothing_wrong, yaml};

/// Where the stack's own table may stand without the condition: as what the condition chooses, and as what other stacks import.
fn is_chosen(line: &str) -> bool {
    line.contains("!If [IsRestored, ")
        || line.trim() == "Value: !Ref Table"
        || line.trim() == "- !GetAtt Table.Arn"
}

#[test]
fn nothing_names_the_stacks_own_table_where_a_restored_one_may_stand() {
    let names = ["!Ref Table", "!GetAtt Table.", "${Table."];
    let is_own = |line: &&str| {
        names.iter().any(|name| {
            line.split_once(name)
                .is_some_and(|(_, rest)| name.ends_with('.') || !rest.starts_with(char::is_alphanumeric))
        })
    };
    let lines: Vec<_> = TEMPLATE.lines().filter(is_own).collect();
    assert!(lines.len() > 5, "the table is named");
    let wrong = lines.iter().filter(|line| !is_chosen(line));
    let wrong = wrong.map(|line| {
        format!("template.yaml: {}: name ActiveTable.Value, or choose by IsRestored", line.trim())
    });
    assert_nothing_wrong(&wrong.collect::<Vec<_>>());
    assert_eq!(lines.iter().filter(|line| line.trim() == "Value: !Ref Table").count(), 1, "one export");
}

/// What stands under `IsStopped`: the values with the switch and without.
fn switched(value: &Yaml) -> Option<(Yaml, Yaml)> {
    let Yaml::Tagged(tagged) = value else { return None };
    let parts = tagged.value.as_sequence()?;
    (tagged.tag == "If" && parts.first()? == "IsStopped").then(|| (parts[1].clone(), parts[2].clone()))
}

#[test]
fn the_switch_stops_everything_that_runs_by_itself() {
    let template = yaml("template.yaml");
    let (mut wrong, mut stopped) = (Vec::new(), 0);
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        let events = resource["Properties"].get("Events").and_then(Yaml::as_mapping);
        for (_, event) in events.into_iter().flatten() {
            let (member, off, on): (_, Yaml, Yaml) = match event["Type"].as_str().unwrap() {
                "HttpApi" => continue,
                "ScheduleV2" => ("State", "DISABLED".into(), "ENABLED".into()),
                _ => ("Enabled", false.into(), true.into()),
            };
            stopped += 1;
            let found = event["Properties"].get(member).and_then(switched);
            if found != Some((off, on)) {
                wrong.push(format!("template.yaml: {name:?} goes on under IsStopped: set {member}"));
            }
        }
    }
    assert_eq!(stopped, 4);
    assert_nothing_wrong(&wrong);
    let stage = &template["Resources"]["Api"]["Properties"]["DefaultRouteSettings"];
    for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
        assert_eq!(switched(&stage[limit]).map(|(off, _)| off), Some(0.into()), "{limit}");
    }
}
