//! Who may read the secrets of tokens and of the edge: every function that asks who calls, and nobody else.

use serde_yaml_ng::Value as Yaml;
use std::collections::BTreeSet;
use web::access::Level;

use crate::repository::{resources, template, yaml};

fn text(value: &Yaml) -> &str {
    value.as_str().unwrap()
}

fn policies() -> Vec<Yaml> {
    let policies = resources("template.yaml", "AWS::IAM::ManagedPolicy");
    policies.into_iter().map(|(_, policy)| policy).filter(|policy| policy.get("Roles").is_some()).collect()
}

#[test]
fn who_asks_who_calls_may_read_the_two_secrets_and_nobody_else_may() {
    let [policy] = policies().try_into().unwrap();
    let roles = policy["Roles"].as_sequence().unwrap();
    let readers: BTreeSet<_> = roles.iter().map(|role| text(role).to_owned()).collect();
    let ask: BTreeSet<_> = functions::all()
        .into_iter()
        .filter_map(|(name, endpoint)| (endpoint.level != Level::Anyone).then_some(name))
        .collect();
    let functions = template().functions;
    let expected = functions.iter().filter(|function| ask.contains(function.binary()));
    assert_eq!(readers, expected.map(|function| format!("{}Role", function.logical_id)).collect());
    assert_eq!(readers.len(), roles.len());
    assert!(
        functions
            .iter()
            .all(|function| !function.actions.iter().any(|action| action.starts_with("secretsmanager:")))
    );
}

#[test]
fn the_permission_is_to_read_the_secrets_that_were_named() {
    let [policy] = policies().try_into().unwrap();
    assert_eq!(yaml("template.yaml")["Resources"]["SecretsPolicy"]["Condition"], "HasSecret");
    let [statement] = policy["PolicyDocument"]["Statement"].as_sequence().unwrap().as_slice() else {
        panic!("one statement")
    };
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
