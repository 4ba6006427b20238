//! The permissions for which AWS asks when it gets a call.

use serde_json::Value;

use super::{AwsCall, is_write, joined};

/// The calls that AWS allows or refuses when it gets one: a transaction is allowed write by write, a batch by tables.
#[must_use]
pub fn calls(target: &str, body: &Value, table: &str) -> Vec<AwsCall> {
    let (service, operation) = target.split_once('.').unwrap_or_default();
    if service == "TrentService" {
        return vec![of_kms(operation, body)];
    }
    if let Some(tables) = body["RequestItems"].as_object() {
        let of =
            |name: &String| AwsCall::from(format!("dynamodb:{operation} {}", resource(name, table)).as_str());
        return tables.keys().map(of).collect();
    }
    let Some(parts) = body["TransactItems"].as_array() else {
        return vec![of_dynamodb(operation, body, table)];
    };
    let part = |part: &Value| {
        let (kind, write) = part.as_object().and_then(|part| part.iter().next()).expect("a write");
        of_dynamodb(&format!("{kind}Item"), write, table)
    };
    parts.iter().map(part).collect()
}

/// A table as the template names it. Nothing is allowed on any other.
fn resource(name: &str, table: &str) -> String {
    if name == table { "Table".into() } else { format!("table {name}") }
}

fn of_dynamodb(operation: &str, body: &Value, table: &str) -> AwsCall {
    let action = format!("dynamodb:{operation}");
    let mut on = resource(body["TableName"].as_str().unwrap_or_default(), table);
    if let Some(index) = body["IndexName"].as_str() {
        on = format!("{on}/index/{index}");
    }
    let item = if body["Item"].is_object() { &body["Item"] } else { &body["Key"] };
    let partition = is_write(&action).then(|| item["pk"]["S"].as_str().expect("a partition").into());
    AwsCall { action: format!("{action} {on}"), key: partition }
}

/// Every test has the one key.
fn of_kms(operation: &str, body: &Value) -> AwsCall {
    let names = body["EncryptionContext"].as_object();
    let mut names: Vec<&str> = names.into_iter().flat_map(|of| of.keys().map(String::as_str)).collect();
    names.sort_unstable();
    let key = (!names.is_empty()).then(|| joined(names));
    AwsCall { action: format!("kms:{operation} CredentialKey"), key }
}

/// Whether a call may put a row of the audit log in the place of another one. IAM cannot tell such a put from one that makes an
/// item: the condition does.
#[must_use]
pub fn replaces_an_audit_row(body: &Value) -> bool {
    let puts = body["TransactItems"].as_array().into_iter().flatten().map(|part| &part["Put"]);
    puts.chain([body]).any(|put| {
        let partition = put["Item"]["pk"]["S"].as_str();
        let is_audit_row = partition.is_some_and(|partition| partition.ends_with("#AUDIT"));
        is_audit_row && put["ConditionExpression"] != "attribute_not_exists(#pk)"
    })
}
