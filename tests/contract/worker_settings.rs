//! How Lambda hands over the work of those whom nobody calls.

use crate::repository::read;

/// What the template says of a function.
fn function(name: &str) -> String {
    let template = read("template.yaml");
    let (_, rest) = template.split_once(&format!("\n  {name}:\n")).unwrap();
    rest.split_once("\n\n").map_or(rest, |(own, _)| own).to_owned()
}

/// The number of a setting.
fn number(function: &str, setting: &str) -> u32 {
    let line = function.lines().find_map(|line| line.trim().strip_prefix(&format!("{setting}: ")));
    line.unwrap_or_else(|| panic!("no {setting}")).parse().unwrap()
}

#[test]
fn a_slow_group_does_not_hold_up_its_part_of_the_stream() {
    let worker = function("RuleWorkerFunction");
    assert!((2..=10).contains(&number(&worker, "ParallelizationFactor")));
    assert_eq!(number(&worker, "MaximumRecordAgeInSeconds"), 600, "the sweeper comes first");
}

/// Only one sweep runs at a time. One that is longer than a minute must not let the next one expire as a failure.
#[test]
fn a_sweep_waits_for_the_one_before_it() {
    let sweeper = function("SessionSweeperFunction");
    assert!(number(&sweeper, "MaximumEventAgeInSeconds") > 60 + number(&sweeper, "Timeout"));
}
