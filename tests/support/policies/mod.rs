//! What the template allows each function to do at AWS, as IAM decides it: docs/adr/0044.

mod calls;

pub use calls::{calls, replaces_an_audit_row};

use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::sync::LazyLock;

use crate::TEMPLATE;
use local::template::Route;

/// Actions that change an item.
const WRITES: [&str; 3] = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

/// An action for which AWS asks, such as `dynamodb:Query Table/index/listing`, and what conditions look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwsCall {
    /// The action and what it is done to, as the template names it.
    pub action: String,
    /// Of a write the partition, of KMS the names of the encryption context.
    pub key: Option<String>,
}

impl From<&str> for AwsCall {
    fn from(action: &str) -> Self {
        Self { action: action.into(), key: None }
    }
}

/// An action that a statement allows, and a pattern of the keys that it allows it for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action and what it may be done to.
    pub action: String,
    /// Of a write a pattern of partitions, of KMS the names of the encryption context.
    pub keys: Option<String>,
}

impl Permission {
    /// A permission.
    #[must_use]
    pub fn new(action: &str, keys: Option<&str>) -> Self {
        Self { action: action.into(), keys: keys.map(String::from) }
    }

    /// The narrowest permission for a call.
    #[must_use]
    pub fn narrowest(call: &AwsCall) -> Self {
        let key = call.key.as_deref();
        let keys = if is_write_of(&call.action) { key.map(shape) } else { key.map(String::from) };
        Self { action: call.action.clone(), keys }
    }

    /// Whether IAM allows a call for it. A statement without a condition allows every call of its action.
    #[must_use]
    pub fn allows(&self, call: &AwsCall) -> bool {
        let fits = match (&self.keys, &call.key) {
            (None, _) => true,
            (Some(pattern), Some(key)) => is_like(pattern.as_bytes(), key.as_bytes()),
            (Some(_), None) => false,
        };
        self.action == call.action && fits
    }
}

impl Display for Permission {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let keys = self.keys.as_deref();
        write!(f, "{}{}", self.action, keys.map_or_else(String::new, |of| format!(" on {of}")))
    }
}

fn is_write(action: &str) -> bool {
    WRITES.contains(&action)
}

/// The same of an action with what it is done to.
fn is_write_of(action: &str) -> bool {
    action.split(' ').next().is_some_and(is_write)
}

/// IAM's `StringLike`.
#[must_use]
pub fn is_like(pattern: &[u8], text: &[u8]) -> bool {
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
#[must_use]
pub fn shape(partition: &str) -> String {
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

/// The patterns of the keys to which a statement is limited.
///
/// `ForAllValues` holds for a request that names no key, so that `Null` has to ask for one.
fn limits(statement: &Yaml) -> Option<Vec<String>> {
    let condition = statement.get("Condition")?;
    if condition.as_mapping().is_none_or(|condition| condition.len() != 2) {
        return None;
    }
    let needed = condition["Null"].as_mapping()?;
    let needed = needed.iter().map(|(key, is_absent)| (is_absent.as_str() == Some("false")).then_some(key));
    let needed: Vec<&str> = needed.map(|key| key.and_then(Yaml::as_str)).collect::<Option<_>>()?;
    let like = texts(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    if needed == ["dynamodb:LeadingKeys"] && !like.is_empty() {
        return Some(like.into_iter().map(String::from).collect());
    }
    encryption_context(&needed, &texts(&condition["ForAllValues:StringEquals"]["kms:EncryptionContextKeys"]))
        .map(|names| vec![names])
}

/// The names of an encryption context where a statement requires each of them, and allows no other.
fn encryption_context(needed: &[&str], allowed: &[&str]) -> Option<String> {
    let needed = needed.iter().map(|key| key.strip_prefix("kms:EncryptionContext:"));
    let needed: BTreeSet<&str> = needed.collect::<Option<_>>()?;
    let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
    (needed == allowed && !needed.is_empty()).then(|| joined(needed))
}

fn joined<'t>(names: impl IntoIterator<Item = &'t str>) -> String {
    names.into_iter().collect::<Vec<_>>().join("+")
}

/// What a statement allows, or what is wrong with it.
///
/// # Errors
/// A sentence without its subject, which is the function.
pub fn read(statement: &Yaml) -> Result<BTreeSet<Permission>, String> {
    if statement["Effect"] != "Allow" {
        return Err("has a statement that allows nothing".into());
    }
    let (actions, patterns) = (texts(&statement["Action"]), limits(statement));
    let target = target(&statement["Resource"]);
    let is_limited = |action: &&&str| is_write(action) || action.starts_with("kms:");
    let limited = actions.iter().filter(is_limited).count();
    let is_of_kms = actions.iter().any(|action| action.starts_with("kms:"));
    let permission = |action: &&str, pattern| Permission::new(&format!("{action} {target}"), pattern);
    match patterns {
        None if statement.get("Condition").is_some() => {
            Err("has a condition that this test cannot read".into())
        }
        None if is_of_kms => Err(format!("may use the key without an encryption context: {actions:?}")),
        None if limited > 0 => Err(format!("may write every item of the table: {actions:?}")),
        None => Ok(actions.iter().map(|action| permission(action, None)).collect()),
        Some(_) if limited < actions.len() => {
            Err(format!("has a condition for what asks for none: {actions:?}"))
        }
        Some(patterns) => match patterns.iter().find(|pattern| !is_of_kms && !is_of_one_kind(pattern)) {
            Some(wide) => Err(format!("may write to {wide}, which is no kind of partition")),
            None => Ok(actions
                .iter()
                .flat_map(|action| patterns.iter().map(move |pattern| permission(action, Some(pattern))))
                .collect()),
        },
    }
}

/// What the template says.
#[derive(Debug)]
pub struct Policies {
    /// What each function may do.
    pub allowed: BTreeMap<String, BTreeSet<Permission>>,
    /// What is wrong with its statements.
    pub wrong: Vec<String>,
    /// The function of each route, such as `GET /api/v1/roles/{id}`.
    pub routes: BTreeMap<String, String>,
}

/// Those of the template.
pub static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    let mut policies = Policies { allowed: BTreeMap::new(), wrong: Vec::new(), routes: BTreeMap::new() };
    for function in &TEMPLATE.functions {
        let mut permissions = BTreeSet::new();
        for statement in &function.statements {
            match read(statement) {
                Ok(read) => permissions.extend(read),
                Err(fault) => policies.wrong.push(format!("{} {fault}", function.logical_id)),
            }
        }
        let keys = function.routes.iter().map(Route::key);
        policies.routes.extend(keys.map(|key| (key, function.binary().to_owned())));
        policies.allowed.insert(function.binary().into(), permissions);
    }
    policies
});

/// Why IAM denies a function a call, if it does.
#[must_use]
pub fn denial(function: &str, call: &AwsCall) -> Option<String> {
    let allowed = POLICIES.allowed.get(function);
    let is_allowed = allowed.is_some_and(|of| of.iter().any(|permission| permission.allows(call)));
    (!is_allowed).then(|| {
        let key = call.key.as_deref().map_or_else(String::new, |key| format!(" on {key}"));
        format!("{function} may not {}{key}: its policy in template.yaml does not allow it", call.action)
    })
}
