//! What a setting may be, for the message about a wrong one.

use auth::{BadKeys, JwtKeys, JwtSettings, KeySource};
use model::rate::{BURST_MAX, PER_MINUTE_MAX};
use model::session::{DURATION_HOURS_MAX, PER_PERSON_MAX};
use std::fmt;

use super::{BadSetting, Lookup};

/// Most characters of a value that a message quotes.
const SAID_MAX: usize = 200;

/// A message about a missing or wrong setting. It has the name, the value unless that is a secret, and what the setting may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault(String);

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingFault {}

/// Whether a message quotes the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Value,
    /// The value is a secret, or as long as a file.
    Nothing,
}

/// What a setting may be.
fn form(name: &str) -> Option<(Quote, String)> {
    let minutes = DURATION_HOURS_MAX * 60;
    let text = match name {
        "POSTERN_TABLE" => "the name of the table".into(),
        "POSTERN_KMS_KEY_ID" => "the id, the ARN or the alias of a KMS key".into(),
        "POSTERN_SESSION_ENDS_QUEUE_URL" => "the URL of the queue of timers".into(),
        "POSTERN_SESSION_DEFAULT_MINUTES" | "POSTERN_SESSION_MAX_MINUTES" => {
            format!("a whole number of minutes from 1 to {minutes}")
        }
        "POSTERN_SESSIONS_PER_PERSON" => format!("a whole number from 1 to {PER_PERSON_MAX}"),
        "POSTERN_RATE_PER_MINUTE" => {
            format!("a whole number from 0 to {PER_MINUTE_MAX}, where 0 is no limit")
        }
        "POSTERN_RATE_BURST" => format!("a whole number from 1 to {BURST_MAX}"),
        "POSTERN_KEYS_MAX_AGE_SECONDS" => "a whole number of seconds from 1 to 3600".into(),
        "POSTERN_CORS_ORIGINS" => {
            "origins such as https://app.example.com, in lower case, without a path, with commas between them"
                .into()
        }
        "POSTERN_EDGE_SECRET" => {
            "one secret of 32 to 256 visible characters, or two with a comma between them".into()
        }
        "POSTERN_EDGE_SECRET_NAME" | "POSTERN_JWT_SECRET_NAME" => {
            "the name of a secret in Secrets Manager".into()
        }
        "POSTERN_JWT_ISSUER" => {
            "the iss of accepted tokens, which is an https URL unless the keys are given".into()
        }
        "POSTERN_JWT_AUDIENCE" => "the aud of accepted tokens".into(),
        "POSTERN_JWT_SECRET" => "a secret of at least 32 bytes".into(),
        "POSTERN_JWKS" => "the text of a JSON Web Key Set with public keys".into(),
        "POSTERN_JWKS_URL" => "an https URL, or an http URL on this machine".into(),
        "POSTERN_JWT_CLAIM_SUBJECT"
        | "POSTERN_JWT_CLAIM_ORG"
        | "POSTERN_JWT_CLAIM_ROLES"
        | "POSTERN_JWT_CLAIM_EMAIL"
        | "POSTERN_JWT_CLAIM_NAME"
        | "POSTERN_JWT_CLAIM_AUDIENCE" => "the name of a claim".into(),
        "POSTERN_JWT_ADMIN_ROLE" => "the name of a role".into(),
        "AWS_REGION" => "a region such as eu-central-1".into(),
        "AWS_ENDPOINT_URL" => "a URL".into(),
        "AWS_USE_FIPS_ENDPOINT" | "POSTERN_JWT_EMAILS_ARE_VERIFIED" => "true or false".into(),
        _ => return None,
    };
    let is_told = !matches!(name, "POSTERN_JWT_SECRET" | "POSTERN_EDGE_SECRET" | "POSTERN_JWKS");
    Some((if is_told { Quote::Value } else { Quote::Nothing }, text))
}

impl BadSetting {
    /// The message, with the present value.
    #[must_use]
    pub fn with_value(self, get: Lookup<'_>) -> SettingFault {
        SettingFault(match form(self.0) {
            Some((quote, form)) => sentence(self.0, (quote, &form), get(self.0).as_deref()),
            None => format!("The environment variable {}", self.0),
        })
    }
}

fn sentence(name: &str, (quote, form): (Quote, &str), value: Option<&str>) -> String {
    let is = match (value, quote) {
        (None, _) => "is not set".into(),
        (Some(_), Quote::Nothing) => "is set to something else".into(),
        (Some(value), Quote::Value) => {
            let said: String = value.chars().take(SAID_MAX).collect();
            let more = if said.len() < value.len() { "…" } else { "" };
            format!("is {said:?}{more}")
        }
    };
    format!("The environment variable {name} {is}. It must be {form}")
}

/// The message about unusable keys. It names their setting.
#[must_use]
pub fn keys_fault(settings: &JwtSettings, bad: &BadKeys) -> SettingFault {
    let name = match &settings.keys {
        JwtKeys::Secret(_) => "POSTERN_JWT_SECRET",
        JwtKeys::Stored(_) => "POSTERN_JWT_SECRET_NAME",
        JwtKeys::Inline(_) => "POSTERN_JWKS",
        JwtKeys::Remote(KeySource::Url(_)) => "POSTERN_JWKS_URL",
        JwtKeys::Remote(KeySource::Discovery { .. }) => "POSTERN_JWT_ISSUER",
    };
    let form = form(name).map(|(_, form)| form).unwrap_or_default();
    SettingFault(format!("The environment variable {name} cannot be used: {bad}. It must be {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &'static str, value: Option<&str>) -> String {
        BadSetting(name).with_value(&|_| value.map(String::from)).to_string()
    }

    #[test]
    fn a_message_names_setting_value_and_form() {
        for (name, value, expected) in [
            (
                "POSTERN_RATE_BURST",
                Some("many"),
                "The environment variable POSTERN_RATE_BURST is \"many\". It must be a whole number from 1 to 10000",
            ),
            (
                "POSTERN_TABLE",
                None,
                "The environment variable POSTERN_TABLE is not set. It must be the name of the table",
            ),
            (
                "POSTERN_EDGE_SECRET",
                Some("hunter2"),
                "The environment variable POSTERN_EDGE_SECRET is set to something else. It must be one secret of 32 to 256 visible \
                 characters, or two with a comma between them",
            ),
            (
                super::super::ONE_EDGE,
                Some("hunter2"),
                "The environment variable POSTERN_EDGE_SECRET or POSTERN_EDGE_SECRET_NAME can be set, and not both",
            ),
        ] {
            assert_eq!(told(name, value), expected);
        }
        let long = told("POSTERN_RATE_BURST", Some(&"9".repeat(1000)));
        assert!(long.contains("9\"…. It must") && long.len() < 400, "{long}");
    }

    #[test]
    fn every_setting_has_a_form() {
        let source = include_str!("../settings.rs");
        let is_of_name = |c: char| c.is_ascii_uppercase() || c == '_';
        let quoted = source.split('"').skip(1).step_by(2);
        let names = quoted.filter(|text| text.chars().all(is_of_name) && text.contains('_'));
        let mut count = 0;
        for name in names {
            // A wrong setting of the log counts as missing.
            let is_of_log = name.starts_with("AWS_LAMBDA_LOG_") || name == "RUST_LOG";
            assert!(is_of_log || form(name).is_some(), "{name}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn no_message_quotes_a_secret() {
        for name in ["POSTERN_JWT_SECRET", "POSTERN_EDGE_SECRET", "POSTERN_JWKS"] {
            assert!(!told(name, Some("hunter2")).contains("hunter2"), "{name}");
        }
    }
}
