//! The external id with which Postern assumes an organization's roles (AWS IAM User Guide, "The confused deputy problem").
//!
//! It belongs to the organization, and nobody chooses it. A role that trusts one organization's id cannot be assumed for another one,
//! even by people who know the role.

use serde_json::{Map, Value};

use crate::id::OrgId;
use crate::secret::SecretJson;

const PREFIX: &str = "postern:";

const MEMBER: &str = "externalId";

/// An organization in the characters that AWS Security Token Service takes. They include all of an organization's characters except for
/// `~`, which becomes `=7E`. No organization's name contains `=`, so no two names become the same.
#[must_use]
pub fn as_sts_text(org: &OrgId) -> String {
    org.as_str().replace('~', "=7E")
}

/// The external id of an organization.
#[must_use]
pub fn external_id(org: &OrgId) -> String {
    format!("{PREFIX}{}", as_sts_text(org))
}

/// Whether an external id is one that Postern has for another organization.
#[must_use]
pub fn is_external_id_of_another(id: &str, org: &OrgId) -> bool {
    id.starts_with(PREFIX) && id != external_id(org)
}

/// The external id for people to see. An id that the organization chose itself, with an earlier version, may be secret and is not shown.
#[must_use]
pub fn told_external_id(id: &str) -> String {
    if id.starts_with(PREFIX) {
        format!("the external id {id}")
    } else {
        "the credential's external id".into()
    }
}

/// What is wrong with the external id of a role's credential; `None` if it is valid. The message does not repeat the sent value.
#[must_use]
pub fn external_id_fault(value: &SecretJson, org: &OrgId) -> Option<String> {
    let members: Map<String, Value> = serde_json::from_str(value.expose()).unwrap_or_default();
    let own = external_id(org);
    match members.get(MEMBER) {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if *id == own => None,
        Some(_) => Some(format!("{MEMBER} must be \"{own}\", or left out.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(name: &str) -> OrgId {
        OrgId::parse(name).unwrap()
    }

    #[test]
    fn every_organization_has_an_external_id_of_its_own_that_sts_takes() {
        let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
        for name in [&all[..64], &all[3..], "a", "~", "7E", "a~7E", "a~~"] {
            let id = external_id(&org(name));
            let is_taken = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
            assert!((2..=1224).contains(&id.len()) && id.bytes().all(is_taken), "{id}");
            assert!(!is_external_id_of_another(&id, &org(name)));
        }
        let names =
            ["~", "7E", "~7E", "=7E", "a~", "a"].into_iter().filter_map(|name| OrgId::parse(name).ok());
        let ids: std::collections::BTreeSet<_> = names.map(|org| external_id(&org)).collect();
        assert_eq!(ids.len(), 5);
        assert!(is_external_id_of_another("postern:globex", &org("acme")));
        assert!(!is_external_id_of_another("a-random-one", &org("acme")));
    }

    #[test]
    fn a_value_names_the_organizations_external_id_or_none() {
        let fault = |value: &str| external_id_fault(&SecretJson::new(value.into()), &org("acme"));
        for value in [
            r#"{"roleArn": "r"}"#,
            r#"{"roleArn": "r", "externalId": null}"#,
            r#"{"roleArn": "r", "externalId": "postern:acme"}"#,
            r#""a text""#,
            "5",
        ] {
            assert_eq!(fault(value), None, "{value}");
        }
        let expected = Some("externalId must be \"postern:acme\", or left out.".to_owned());
        for value in [
            r#"{"externalId": "postern:globex"}"#,
            r#"{"externalId": ""}"#,
            r#"{"externalId": 5}"#,
            r#"{"externalId": ["postern:acme"]}"#,
            r#"{"externalId": "postern:acme", "externalId": "x"}"#,
        ] {
            assert_eq!(fault(value), expected, "{value}");
        }
    }
}
