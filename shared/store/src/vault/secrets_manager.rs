//! Secrets Manager: the one call that a function makes (AWS Secrets Manager API Reference, "GetSecretValue").

use aws_config::SdkConfig;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::fmt;

use crate::vault::service::{BoxError, Service, ServiceError};

/// Secrets Manager in a function's region.
#[derive(Clone)]
pub struct SecretsManager {
    service: Service<SecretString>,
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsManager")
    }
}

/// Why a secret cannot be read: AWS's error code, without anything of the secret.
#[derive(Debug)]
pub struct UnreadSecret(String);

impl fmt::Display for UnreadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SecretsManager {
    /// Secrets Manager as a function sees it: where `config` says, or in its region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { service: Service::new(config, "secretsmanager", text) }
    }

    /// The text of a secret's current version, by the secret's name.
    ///
    /// # Errors
    /// [`UnreadSecret`].
    pub async fn current(&self, name: &str) -> Result<SecretString, UnreadSecret> {
        let body = json!({"SecretId": name, "VersionStage": "AWSCURRENT"});
        let answer = self.service.call("secretsmanager.GetSecretValue", body).await;
        answer.map_err(|error| UnreadSecret(reason(&error)))
    }
}

fn reason(error: &ServiceError) -> String {
    let code = error.as_service_error().and_then(|error| error.code());
    code.map_or_else(|| "Secrets Manager gave no answer that can be read".into(), String::from)
}

fn text(body: &[u8]) -> Result<SecretString, BoxError> {
    // An error of the parser would quote what it cannot read.
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| "an answer that is no JSON")?;
    match answer.get_mut("SecretString").map(Value::take) {
        Some(Value::String(text)) => Ok(text.into()),
        _ => Err("a secret without a text".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn an_answer_is_a_text_that_no_log_shows() {
        let secret =
            text(br#"{"Name": "n", "SecretString": "PLANTED", "VersionStages": ["AWSCURRENT"]}"#).unwrap();
        assert_eq!(secret.expose_secret(), "PLANTED");
        assert!(!format!("{secret:?}").contains("PLANTED"));
    }

    #[test]
    fn an_answer_without_a_text_is_refused_and_not_repeated() {
        for broken in
            ["", "PLANTED", "{}", r#"{"SecretBinary": "UExBTlRFRA=="}"#, r#"{"SecretString": ["PLANTED"]}"#]
        {
            let error = text(broken.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("PLANTED"), "{error:?}");
        }
    }
}
