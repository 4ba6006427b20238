//! The form of a credential's value for a cloud.

use serde_json::{Map, Value};

use super::CredentialType;
use crate::id::OrgId;
use crate::json::{self, LEVELS_MAX};
use crate::provider::aws;
use crate::secret::SecretJson;

/// The value of a credential, ready for its type. A text is parsed as JSON, because forms can only send texts.
///
/// # Errors
/// One sentence that repeats nothing of the value.
pub(super) fn usable(kind: CredentialType, value: &SecretJson, org: &OrgId) -> Result<SecretJson, String> {
    let within = serde_json::from_str::<String>(value.expose());
    let value = within.map_or_else(|_| value.clone(), SecretJson::new);
    let members = object(&value).ok_or_else(|| match kind {
        CredentialType::AccessKey => String::from(
            "The value of an ACCESS_KEY must be a JSON object with accessKeyId and secretAccessKey.",
        ),
        CredentialType::AssumeRole => {
            String::from("The value of an ASSUME_ROLE must be a JSON object with roleArn.")
        }
    })?;
    let fault = match kind {
        CredentialType::AccessKey => access_key_fault(&members),
        CredentialType::AssumeRole => role_fault(&members).or_else(|| aws::external_id_fault(&value, org)),
    };
    fault.map_or(Ok(value), Err)
}

fn object(value: &SecretJson) -> Option<Map<String, Value>> {
    let value: Value = serde_json::from_str(value.expose()).ok()?;
    let is_shallow = json::levels(&value) <= LEVELS_MAX;
    match value {
        Value::Object(members) if is_shallow => Some(members),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    }
}

fn access_key_fault(members: &Map<String, Value>) -> Option<String> {
    // They become headers of a signed request.
    let is_word = |value: &Value| {
        value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()))
    };
    let lacking =
        ["accessKeyId", "secretAccessKey"].into_iter().find(|name| !members.get(*name).is_some_and(is_word));
    let token = members.get("sessionToken").filter(|token| !token.is_null());
    let is_token_wrong = token.is_some_and(|token| !is_word(token));
    let lacking = lacking.map(|name| format!("{name} must be a text without spaces."));
    lacking
        .or_else(|| is_token_wrong.then(|| "sessionToken must be a text without spaces, or left out.".into()))
}

fn role_fault(members: &Map<String, Value>) -> Option<String> {
    let is_role = members.get("roleArn").and_then(Value::as_str).is_some_and(aws::is_role_arn);
    (!is_role)
        .then(|| "roleArn must be the ARN of a role, such as arn:aws:iam::123456789012:role/postern.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: CredentialType, value: &Value) -> Result<Value, String> {
        let org = OrgId::parse("acme").unwrap();
        let read = usable(kind, &SecretJson::new(value.to_string()), &org)?;
        Ok(serde_json::from_str(read.expose()).unwrap())
    }

    #[test]
    fn a_text_is_read_as_the_json_in_it() {
        let key = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s/+=", "sessionToken": null});
        let role = json!({"roleArn": "arn:aws:iam::123456789012:role/postern"});
        for (kind, value) in [(CredentialType::AccessKey, key), (CredentialType::AssumeRole, role)] {
            assert_eq!(read(kind, &value), Ok(value.clone()));
            assert_eq!(read(kind, &json!(value.to_string())), Ok(value.clone()));
            assert_eq!(read(kind, &json!(format!("\n {value} "))), Ok(value.clone()));
            let twice = json!(json!(value.to_string()).to_string());
            assert!(read(kind, &twice).unwrap_err().contains("must be a JSON object"));
        }
    }

    #[test]
    fn what_no_cloud_can_be_asked_with_is_refused() {
        use CredentialType::{AccessKey, AssumeRole};
        let role = "arn:aws:iam::123456789012:role/r";
        let deep = (0..32).fold(json!(1), |value, _| json!([value]));
        let too_deep = json!({"accessKeyId": "a", "secretAccessKey": "b", "x": deep});
        for (kind, value, words) in [
            (AccessKey, json!("s3cret"), "JSON object with accessKeyId and secretAccessKey"),
            (AccessKey, json!([]), "JSON object"),
            (AccessKey, json!(5), "JSON object"),
            (AccessKey, too_deep, "JSON object"),
            (AccessKey, json!({}), "accessKeyId must"),
            (AccessKey, json!({"accessKeyId": "", "secretAccessKey": "b"}), "accessKeyId must"),
            (AccessKey, json!({"accessKeyId": "a b", "secretAccessKey": "b"}), "accessKeyId must"),
            (AccessKey, json!({"accessKeyId": "a\n", "secretAccessKey": "b"}), "accessKeyId must"),
            (AccessKey, json!({"accessKeyId": "a", "secretAccessKey": 5}), "secretAccessKey must"),
            (
                AccessKey,
                json!({"accessKeyId": "a", "secretAccessKey": "b", "sessionToken": ""}),
                "sessionToken must",
            ),
            (AssumeRole, json!("s3cret"), "JSON object with roleArn"),
            (AssumeRole, json!({}), "roleArn must"),
            (AssumeRole, json!({"roleArn": "postern"}), "roleArn must"),
            (AssumeRole, json!({"roleArn": 5}), "roleArn must"),
            (AssumeRole, json!({"roleArn": role, "externalId": ""}), "externalId must be \"postern:acme\""),
            (AssumeRole, json!({"roleArn": role, "externalId": "x"}), "externalId must"),
        ] {
            let fault = read(kind, &value).unwrap_err();
            assert!(fault.contains(words) && !fault.contains("s3cret"), "{value}: {fault}");
            assert_eq!(read(kind, &json!(value.to_string())).unwrap_err(), fault, "as a text: {value}");
        }
    }
}
