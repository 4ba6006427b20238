//! What the template allows, and whether it allows what a function does.

use local::template::{Function, TEMPLATE};
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter, Result};

use crate::repository::template;

/// Actions that change an item.
const WRITES: [&str; 3] = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

/// An action for which AWS asks, such as `dynamodb:Query Table/index/listing`, and of a write the partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) action: String,
    pub(super) partition: Option<String>,
}

impl From<&str> for Call {
    fn from(action: &str) -> Self {
        Self { action: action.into(), partition: None }
    }
}

/// An action that a statement allows, and of a write a pattern of partitions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Permission {
    pub(super) action: String,
    pub(super) partitions: Option<String>,
}

impl Permission {
    pub(super) fn new(action: &str, partitions: Option<&str>) -> Self {
        Self { action: action.into(), partitions: partitions.map(String::from) }
    }

    /// The narrowest permission for a call.
    pub(super) fn narrowest(call: &Call) -> Self {
        Self { action: call.action.clone(), partitions: call.partition.as_deref().map(shape) }
    }

    pub(super) fn allows(&self, call: &Call) -> bool {
        let is_there = match (&self.partitions, &call.partition) {
            (None, None) => true,
            (Some(pattern), Some(partition)) => is_like(pattern.as_bytes(), partition.as_bytes()),
            (None, Some(_)) | (Some(_), None) => false,
        };
        self.action == call.action && is_there
    }
}

impl Display for Permission {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let partitions = self.partitions.as_deref();
        write!(f, "{}{}", self.action, partitions.map_or_else(String::new, |of| format!(" on {of}")))
    }
}

pub(super) fn is_write(action: &str) -> bool {
    WRITES.contains(&action)
}

/// IAM's `StringLike`.
pub(super) fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| is_like(rest, &text[skip..])),
        (Some((wanted, pattern)), Some((found, text))) => {
            (wanted == found || *wanted == b'?') && is_like(pattern, text)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The pattern of the partitions of one kind: its word, for every organization and every id.
pub(super) fn shape(partition: &str) -> String {
    match partition.splitn(4, '#').collect::<Vec<_>>().as_slice() {
        ["RATE", ..] => "RATE#*".into(),
        ["DEPLOYMENT"] => partition.into(),
        ["ORG", _, kind] => format!("ORG#*#{kind}"),
        ["ORG", _, kind, _] => format!("ORG#*#{kind}#*"),
        _ => panic!("{partition} is of no kind that this test knows"),
    }
}

/// Whether a pattern is that of one kind of partitions, and no wider.
fn is_of_one_kind(pattern: &str) -> bool {
    let kind = pattern.strip_prefix("ORG#*#").map(|rest| rest.strip_suffix("#*").unwrap_or(rest));
    let is_word = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    ["RATE#*", "DEPLOYMENT"].contains(&pattern) || kind.is_some_and(|kind| !kind.is_empty() && is_word(kind))
}

/// What an ARN in the template stands for: `ActiveTable.Value` and `${ActiveTable.Value}/index/listing` are `Table` and
/// `Table/index/listing`.
fn target(resource: &Yaml) -> String {
    let text = resource.as_str().unwrap_or("?").replace("ActiveTable.Value", "Table");
    text.replace("${", "").replace('}', "").replace(".Arn", "")
}

fn texts(of: &Yaml) -> Vec<&str> {
    of.as_sequence().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn statements(function: &Yaml) -> impl Iterator<Item = &Yaml> {
    let policies = function["Properties"].get("Policies").and_then(Yaml::as_sequence).into_iter().flatten();
    policies.filter_map(|policy| policy.get("Statement")?.as_sequence()).flatten()
}

/// The patterns of the partitions to which a statement is limited.
///
/// `ForAllValues` holds for a request that names no key, so that `Null` has to ask for one.
pub(super) fn limits(statement: &Yaml) -> Option<Vec<&str>> {
    let condition = statement.get("Condition")?;
    let patterns = texts(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    let names_a_key = condition["Null"]["dynamodb:LeadingKeys"].as_str() == Some("false");
    let is_nothing_else = condition.as_mapping().is_some_and(|condition| condition.len() == 2);
    (names_a_key && is_nothing_else && !patterns.is_empty()).then_some(patterns)
}

/// What a statement allows, or what is wrong with it.
pub(super) fn read(statement: &Yaml) -> std::result::Result<BTreeSet<Permission>, String> {
    if statement["Effect"] != "Allow" {
        return Err("has a statement that allows nothing".into());
    }
    let (actions, patterns) = (texts(&statement["Action"]), limits(statement));
    let writes = actions.iter().filter(|action| is_write(action)).count();
    let target = target(&statement["Resource"]);
    let permission = |action: &&str, pattern| Permission::new(&format!("{action} {target}"), pattern);
    match patterns {
        None if statement.get("Condition").is_some() => {
            Err("has a condition that this test cannot read".into())
        }
        None if writes > 0 => Err(format!("may write every item of the table: {actions:?}")),
        None => Ok(actions.iter().map(|action| permission(action, None)).collect()),
        Some(_) if writes < actions.len() => Err(format!("has partitions for what is no write: {actions:?}")),
        Some(patterns) => match patterns.iter().find(|pattern| !is_of_one_kind(pattern)) {
            Some(wide) => Err(format!("may write to {wide}, which is no kind of partition")),
            None => Ok(actions
                .iter()
                .flat_map(|action| patterns.iter().map(move |pattern| permission(action, Some(pattern))))
                .collect()),
        },
    }
}

/// What the template allows, by function, and what is wrong with its statements.
pub(super) fn allowed() -> (BTreeMap<String, BTreeSet<Permission>>, Vec<String>) {
    let yaml: Yaml = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let (mut allowed, mut wrong) = (BTreeMap::new(), Vec::new());
    for function in template().functions {
        let mut permissions = BTreeSet::new();
        for statement in statements(&yaml["Resources"][function.logical_id.as_str()]) {
            match read(statement) {
                Ok(read) => permissions.extend(read),
                Err(fault) => wrong.push(format!("{} {fault}", function.logical_id)),
            }
        }
        if wrong.is_empty() {
            assert_read_alike(&function, &permissions);
        }
        allowed.insert(function.binary().into(), permissions);
    }
    (allowed, wrong)
}

/// `Function::actions` says what the file says.
fn assert_read_alike(function: &Function, permissions: &BTreeSet<Permission>) {
    let read: BTreeSet<_> = function.actions.iter().map(String::as_str).collect();
    let named = permissions.iter().map(|permission| permission.action.split(' ').next().unwrap()).collect();
    assert_eq!(read, named, "{}", function.logical_id);
}
