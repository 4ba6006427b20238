//! Secrets Manager: the one call that a function makes (AWS Secrets Manager API Reference, "GetSecretValue").

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use secrecy::SecretString;
use std::fmt;

/// Secrets Manager in a function's region.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: Client,
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
        Self { client: Client::new(config) }
    }

    /// The text of a secret's current version, by the secret's name.
    ///
    /// # Errors
    /// [`UnreadSecret`].
    pub async fn current(&self, name: &str) -> Result<SecretString, UnreadSecret> {
        let answer = self.client.get_secret_value().secret_id(name).version_stage("AWSCURRENT").send().await;
        // The error's own text may quote the answer, so only its code is used.
        text(answer.map_err(|error| {
            UnreadSecret(error.code().unwrap_or("Secrets Manager gave no answer that can be read").into())
        })?)
    }
}

fn text(answer: GetSecretValueOutput) -> Result<SecretString, UnreadSecret> {
    let text = answer.secret_string.map(SecretString::from);
    text.ok_or_else(|| UnreadSecret("a secret without a text".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_secretsmanager::primitives::Blob;
    use secrecy::ExposeSecret as _;

    #[test]
    fn an_answer_is_a_text_that_no_log_shows() {
        let answer = GetSecretValueOutput::builder().name("n").secret_string("PLANTED");
        let secret = text(answer.build()).unwrap();
        assert_eq!(secret.expose_secret(), "PLANTED");
        assert!(!format!("{secret:?}").contains("PLANTED"));
    }

    #[test]
    fn an_answer_without_a_text_is_refused_and_not_repeated() {
        for broken in [
            GetSecretValueOutput::builder(),
            GetSecretValueOutput::builder().secret_binary(Blob::new("PLANTED")),
        ] {
            let error = text(broken.build()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("PLANTED"), "{error:?}");
        }
    }
}
