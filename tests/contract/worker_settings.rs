//! How Lambda hands over the work that no request asks for.

use serde_yaml_ng::Value as Yaml;

use crate::repository::yaml;

fn function(name: &str) -> Yaml {
    yaml("template.yaml")["Resources"][name]["Properties"].clone()
}

#[test]
fn a_slow_group_does_not_hold_up_its_part_of_the_stream() {
    let changes = &function("RuleWorkerFunction")["Events"]["Changes"]["Properties"];
    assert!((2..=10).contains(&changes["ParallelizationFactor"].as_u64().unwrap()));
    assert_eq!(changes["MaximumRecordAgeInSeconds"], 600, "the sweeper comes first");
}

/// Only one sweep runs at a time. One that is longer than a minute must not let the next one expire as a failure.
#[test]
fn a_sweep_waits_for_the_one_before_it() {
    let sweeper = function("SessionSweeperFunction");
    let age = sweeper["EventInvokeConfig"]["MaximumEventAgeInSeconds"].as_u64().unwrap();
    assert!(age > 60 + sweeper["Timeout"].as_u64().unwrap());
}
