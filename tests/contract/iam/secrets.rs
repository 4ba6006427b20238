//! `CallerPolicy`: every function that asks who calls has it, and no other.

use serde_yaml_ng::Value as Yaml;
use std::collections::BTreeSet;
use web::access::Level;

use crate::repository::{resources, template, yaml};

const POLICY: &str = "CallerPolicy";

fn text(value: &Yaml) -> &str {
    value.as_str().unwrap()
}

#[test]
fn functions_that_ask_who_calls_have_the_policy_and_no_others_have_it() {
    let named = |function: &Yaml| -> Vec<String> {
        let policies = function["Policies"].as_sequence().into_iter().flatten();
        policies.filter_map(Yaml::as_str).map(String::from).collect()
    };
    let functions = resources("template.yaml", "AWS::Serverless::Function");
    let with_names: Vec<_> = functions
        .iter()
        .map(|(id, function)| (id.as_str(), named(function)))
        .filter(|(_, of)| !of.is_empty())
        .collect();
    assert!(with_names.iter().all(|(_, of)| *of == [POLICY]), "{with_names:?}");
    let ask: BTreeSet<_> = functions::all()
        .into_iter()
        .filter_map(|(name, endpoint)| (endpoint.level != Level::Anyone).then_some(name))
        .collect();
    let functions = template().functions;
    let expected = functions.iter().filter(|function| ask.contains(function.binary()));
    let expected: BTreeSet<_> = expected.map(|function| function.logical_id.as_str()).collect();
    assert_eq!(with_names.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), expected);
    assert!(
        functions
            .iter()
            .all(|function| !function.actions.iter().any(|action| action.starts_with("secretsmanager:")))
    );
}

#[test]
fn the_permission_is_to_read_the_secrets_that_were_named() {
    let policy = &yaml("template.yaml")["Resources"][POLICY]["Properties"]["PolicyDocument"];
    let [_, conditional] = policy["Statement"].as_sequence().unwrap().as_slice() else {
        panic!("the statement of the rate limit and that of the secrets")
    };
    let [condition, statement, otherwise] = conditional.as_sequence().unwrap().as_slice() else {
        panic!("a condition with two outcomes")
    };
    assert_eq!([condition, otherwise].map(text), ["HasSecret", "AWS::NoValue"]);
    assert_eq!((text(&statement["Effect"]), statement.as_mapping().unwrap().len()), ("Allow", 3));
    let actions: Vec<_> = statement["Action"].as_sequence().unwrap().iter().map(text).collect();
    assert_eq!(actions, ["secretsmanager:GetSecretValue"]);
    let resources: Vec<_> = statement["Resource"].as_sequence().unwrap().iter().collect();
    let expected = [("HasJwtSecret", "JwtSecretName"), ("HasEdgeSecret", "EdgeSecretName")];
    assert_eq!(resources.len(), expected.len());
    for (resource, (condition, name)) in resources.into_iter().zip(expected) {
        let arn = format!(
            "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:${{{name}}}-??????"
        );
        assert_eq!([&resource[0], &resource[1], &resource[2]].map(text), [condition, &arn, "AWS::NoValue"]);
    }
}
