//! What the template says of a deployment: the boundary of its functions, and the path by which target roles know them.

use serde_yaml_ng::Value as Yaml;
use std::collections::BTreeSet;

use crate::repository::{assert_nothing_wrong, resources, yaml};

fn functions() -> Vec<(String, Yaml)> {
    resources("template.yaml", "AWS::Serverless::Function")
}

/// The actions that the policies of a resource allow, those among them that it names.
fn actions(policies: &Yaml) -> BTreeSet<String> {
    let template = yaml("template.yaml");
    let policies = policies.as_sequence().into_iter().flatten().map(|policy| match policy.as_str() {
        Some(name) => &template["Resources"][name]["Properties"]["PolicyDocument"],
        None => policy,
    });
    let statements = policies.flat_map(|policy| policy["Statement"].as_sequence().into_iter().flatten());
    // A statement under a condition of the stack is the second part of `!If`.
    let statements = statements.map(|statement| statement.as_sequence().map_or(statement, |parts| &parts[1]));
    let actions = statements.flat_map(|statement| statement["Action"].as_sequence().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// A boundary allows nothing by itself, and what it leaves out no policy can allow.
#[test]
fn the_boundary_leaves_room_for_every_policy() {
    let template = yaml("template.yaml");
    let boundary = &template["Resources"]["FunctionBoundary"]["Properties"]["PolicyDocument"];
    let most = actions(&Yaml::Sequence(vec![boundary.clone()]));
    assert!(
        !most.contains("logs:CreateLogGroup"),
        "a late invocation would make the groups of a deleted stack anew"
    );
    assert_eq!(template["Globals"]["Function"]["PermissionsBoundary"], "FunctionBoundary");
    let mut wrong = Vec::new();
    for (name, function) in functions() {
        for action in actions(&function["Policies"]).difference(&most) {
            wrong.push(format!("template.yaml: FunctionBoundary lacks {action}, which {name} needs"));
        }
    }
    // What SAM adds: AWSLambdaDynamoDBExecutionRole, AWSLambdaSQSQueueExecutionRole, AWSXrayWriteOnlyAccess.
    for action in [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ] {
        if !most.contains(action) {
            wrong.push(format!(
                "template.yaml: FunctionBoundary lacks {action}, which AWS's own policies have"
            ));
        }
    }
    assert_nothing_wrong(&wrong);
}

/// Roles of a stack whose name begins in the same way lie elsewhere, however names are cut.
#[test]
fn target_roles_trust_the_functions_that_assume_roles_and_no_other() {
    for (name, function) in functions() {
        let assumes = actions(&function["Policies"]).contains("sts:AssumeRole");
        let path = function["RolePath"].as_str();
        assert_eq!(path, assumes.then_some("/postern/${AWS::StackName}/"), "{name}");
    }
    let target = yaml("infra/target-role.yaml");
    let trust = &target["Resources"]["TargetRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(
        trust["Condition"]["ArnLike"]["aws:PrincipalArn"],
        "arn:${AWS::Partition}:iam::${PosternAccountId}:role/postern/${PosternStackName}/*"
    );
    // No wildcard, so that the path ends where the stack's name does.
    assert_eq!(target["Parameters"]["PosternStackName"]["AllowedPattern"], "[A-Za-z][A-Za-z0-9-]{0,47}");
}

/// Nothing that an account must be asked for first, or that costs, is on unless somebody says so.
#[test]
fn a_first_deployment_asks_nothing_of_the_account() {
    let template = yaml("template.yaml");
    let default = |name: &str| template["Parameters"][name]["Default"].clone();
    assert_eq!(default("ReserveConcurrency"), "false");
    assert_eq!(default("MonthlyBudget"), 0);
    for url in ["JwtIssuer", "JwksUrl", "AlarmTopicArn", "CorsOrigins", "DomainCertificateArn", "BudgetEmail"]
    {
        assert!(
            template["Parameters"][url]["AllowedPattern"].is_string(),
            "{url}: infra/preflight/test.py tries them"
        );
    }
}
