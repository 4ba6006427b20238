//! Alarms, the target account's role and the routes of `cargo lambda watch`: what the templates say beside the functions.

use firewall::ec2::{DEPLOYMENT_TAG, ORG_TAG};
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{
    all_routes, asked_routes, assert_nothing_wrong, function_folders, read, resources, template, yaml,
};

/// The log lines that metrics count are said by workers, in these words.
#[test]
fn metrics_count_lines_that_somebody_logs() {
    let functions = function_folders().into_iter().map(|folder| format!("functions/{folder}/mod.rs"));
    let sources: String =
        functions.chain(["shared/workers/src/group.rs".into()]).map(|path| read(&path)).collect();
    let filters = resources("template.yaml", "AWS::Logs::MetricFilter");
    assert!(!filters.is_empty());
    for (name, filter) in filters {
        let pattern = filter["FilterPattern"].as_str().unwrap();
        if let Some(field) = number_field(pattern) {
            assert_eq!(
                filter["MetricTransformations"][0]["MetricValue"],
                format!("$.fields.{field}"),
                "{name}"
            );
            for (worker, _) in functions::workers() {
                let source = read(&format!("functions/{}/mod.rs", worker.replace('-', "_")));
                let line = source.lines().find(|line| line.contains("tracing::info!(")).unwrap();
                assert!(line.contains(field), "{worker} does not say how much {field}");
            }
            continue;
        }
        let words = pattern.split('"').nth(1).unwrap();
        assert_eq!(pattern, format!("{{ $.fields.message = \"{words}\" }}"), "{name}");
        assert!(sources.contains(&format!("\"{words}\");")), "{name}: nobody logs {words:?}");
    }
}

/// The field of a pattern that takes lines whose number is not zero.
fn number_field(pattern: &str) -> Option<&str> {
    pattern.strip_prefix("{ $.fields.")?.strip_suffix(" > 0 }")
}

/// Who looks into a failed sign-in finds its request in the gateway's log, and from where it came: no function's log has addresses.
#[test]
fn the_gateways_log_has_the_request_and_the_address() {
    let apis = resources("template.yaml", "AWS::Serverless::HttpApi");
    assert!(!apis.is_empty());
    for (name, api) in apis {
        let format = api["AccessLogSettings"]["Format"].as_str().unwrap();
        let line: Value = serde_json::from_str(format).unwrap();
        for (member, variable) in [
            ("requestId", "$context.requestId"),
            ("ip", "$context.identity.sourceIp"),
            ("status", "$context.status"),
        ] {
            assert_eq!(line[member], variable, "{name}");
        }
    }
}

/// A worker that is stopped must be stopped before another one may take its group: the template's time is shorter than the lease.
#[test]
fn workers_are_stopped_before_their_lease_ends() {
    let workers = functions::workers();
    let functions = resources("template.yaml", "AWS::Serverless::Function");
    for (worker, _) in workers {
        let uri = format!("target/lambda/{worker}/");
        let (_, function) =
            functions.iter().find(|(_, function)| function["CodeUri"] == uri.as_str()).unwrap();
        let timeout = function["Timeout"].as_i64().unwrap();
        assert!(
            timeout < store::LEASE_SECONDS,
            "{worker}: {timeout} s, and a lease is {} s",
            store::LEASE_SECONDS
        );
    }
}

/// The deployment names the roles that functions may assume. There is no default, because accounts differ.
#[test]
fn no_default_lets_the_functions_into_every_account() {
    for file in ["template.yaml", "infra/target-role.yaml"] {
        for (name, parameter) in yaml(file)["Parameters"].as_mapping().unwrap() {
            let default = parameter["Default"].as_str().unwrap_or_default();
            assert!(!default.contains("::*:"), "{file}: {name:?} has {default:?}");
        }
    }
    let template = yaml("template.yaml");
    let roles = &template["Parameters"]["TargetRoles"];
    assert!(roles["Default"].is_null() && roles["Type"] == "CommaDelimitedList");
    // One account, spelled out, and one role.
    assert_eq!(roles["AllowedPattern"], "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]+");
    let external_id = yaml("infra/target-role.yaml");
    let external_id = &external_id["Parameters"]["ExternalId"];
    assert!(external_id["Default"].is_null());
    assert_eq!(external_id["AllowedPattern"], "[A-Za-z0-9+=,.@:/_-]+");
    let shortest = usize::try_from(external_id["MinLength"].as_i64().unwrap()).unwrap();
    for org in ["a", "acme", &"~".repeat(64)] {
        let id = model::provider::aws::external_id(&model::id::OrgId::parse(org).unwrap());
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@:/_-".contains(&b);
        assert!(id.len() >= shortest && id.bytes().all(fits), "{id}");
    }
}

/// What stands in the queue in memory is what the template says of the queue, and of its worker.
#[test]
fn the_queue_of_timers_is_the_same_everywhere() {
    let number = |properties: &Yaml, name: &str| properties[name].as_i64().unwrap();
    let of = |kind: &str, name: &str| {
        let found = resources("template.yaml", kind).into_iter().find(|(found, _)| found == name);
        found.unwrap().1
    };
    let queue = of("AWS::SQS::Queue", "SessionEnds");
    let ender = of("AWS::Serverless::Function", "SessionEnderFunction");
    assert_eq!(number(&queue, "VisibilityTimeout"), timers::VISIBILITY_SECONDS);
    assert_eq!(number(&queue["RedrivePolicy"], "maxReceiveCount"), i64::from(timers::RECEIVES_MAX));
    assert!(timers::VISIBILITY_SECONDS >= 6 * number(&ender, "Timeout"), "Lambda wants six times as long");
    assert_eq!(
        number(&ender["Events"]["Timers"]["Properties"], "BatchSize"),
        10,
        "as local::scheduler has it"
    );
    let alarm = of("AWS::CloudWatch::Alarm", "SessionEndsLateAlarm");
    let threshold = number(&alarm, "Threshold");
    assert!(threshold > workers::AHEAD_SECONDS, "a message waits for so long when all is well");
}

/// An alarm on a metric that nobody sends is silent, and one that nobody can look up is no help.
#[test]
fn alarms_have_metrics_and_pages() {
    let filters = resources("template.yaml", "AWS::Logs::MetricFilter");
    let ours: Vec<_> =
        filters.iter().map(|(_, filter)| &filter["MetricTransformations"][0]["MetricName"]).collect();
    let operations = read("docs/operations.md");
    let mut wrong = Vec::new();
    for (name, alarm) in resources("template.yaml", "AWS::CloudWatch::Alarm") {
        // An alarm on an expression has its metrics, which are AWS's own, elsewhere: tests/contract/alarms reads them.
        let namespace = alarm["Namespace"].as_str().unwrap_or("AWS/");
        if !namespace.starts_with("AWS/") && !ours.contains(&&alarm["MetricName"]) {
            wrong.push(format!("template.yaml: no metric filter makes what {name} watches"));
        }
        if alarm["AlarmActions"].is_null() || alarm["AlarmDescription"].is_null() {
            wrong.push(format!("template.yaml: {name} tells nobody, or nothing"));
        }
        if !operations.contains(&format!("`{name}`")) {
            wrong.push(format!("docs/operations.md does not say what to do about {name}"));
        }
    }
    assert_nothing_wrong(&wrong);
}

/// The role in a target account allows what the firewall asks of EC2, and nothing else.
#[test]
fn the_target_role_allows_what_the_firewall_does() {
    let source = read("shared/firewall/src/ec2/query.rs");
    let calls = source.split("Self::new(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let mut expected: BTreeSet<_> = calls.map(|call| format!("ec2:{call}")).collect();
    if source.contains("TagSpecification") {
        expected.insert("ec2:CreateTags".into());
    }
    let roles = resources("infra/target-role.yaml", "AWS::IAM::Role");
    let policies = roles.iter().flat_map(|(_, role)| role["Policies"].as_sequence().unwrap());
    let statements = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap());
    let actions = statements.flat_map(|statement| statement["Action"].as_sequence().unwrap());
    let allowed: BTreeSet<_> = actions.map(|action| action.as_str().unwrap().to_owned()).collect();
    assert_eq!(allowed, expected);
}

/// A rule is marked with the tags that the firewall has, and with no other.
#[test]
fn the_target_role_makes_the_firewalls_tags_alone() {
    let roles = resources("infra/target-role.yaml", "AWS::IAM::Role");
    let policies = roles.iter().flat_map(|(_, role)| role["Policies"].as_sequence().unwrap());
    let statements = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap());
    let tagging: Vec<_> = statements.filter(|statement| statement["Action"][0] == "ec2:CreateTags").collect();
    let condition = &tagging[0]["Condition"];
    let keys = condition["ForAllValues:StringEquals"]["aws:TagKeys"].as_sequence().unwrap();
    assert_eq!(keys, &[ORG_TAG, DEPLOYMENT_TAG]);
    assert_eq!((tagging.len(), condition["Null"]["aws:TagKeys"].as_str()), (1, Some("false")));
}

/// What stays behind when the stack is deleted is replaced by no deployment.
#[test]
fn the_stack_policy_guards_what_is_retained() {
    let policy: Value = serde_json::from_str(&read("infra/stack-policy.json")).unwrap();
    let [allow, deny] = &policy["Statement"].as_array().unwrap()[..] else { panic!("{policy}") };
    assert_eq!((&allow["Effect"], &allow["Resource"]), (&json!("Allow"), &json!("*")));
    assert_eq!(
        (&deny["Effect"], &deny["Action"]),
        (&json!("Deny"), &json!(["Update:Replace", "Update:Delete"]))
    );
    let guarded: BTreeSet<_> =
        deny["Resource"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let template = yaml("template.yaml");
    let all = template["Resources"].as_mapping().unwrap();
    let retained = all.iter().filter(|(_, resource)| resource["UpdateReplacePolicy"] == "Retain");
    let retained: BTreeSet<_> =
        retained.map(|(id, _)| format!("LogicalResourceId/{}", id.as_str().unwrap())).collect();
    assert_eq!(guarded, retained);
}

/// `cargo lambda watch` has the template's routes: in the workspace's manifest, where it looks for them.
#[test]
fn cargo_lambda_watch_has_the_routes_of_the_template() {
    let functions = template().functions;
    let owner = |key: &str| {
        let function =
            functions.iter().find(|function| asked_routes(function).iter().any(|route| route == key));
        function.unwrap().binary().to_owned()
    };
    let mut routes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (method, path) in all_routes() {
        let entry = format!(
            "    {{ method = \"{method}\", function = \"{}\" }},\n",
            owner(&format!("{method} {path}"))
        );
        routes.entry(path).or_default().push(entry);
    }
    let routes = routes.iter().map(|(path, entries)| format!("\"{path}\" = [\n{}]\n", entries.concat()));
    let expected = format!("[workspace.metadata.lambda.watch.router]\n{}", routes.collect::<String>());
    assert!(read("Cargo.toml").contains(&expected), "Cargo.toml must have:\n\n{expected}");
}
