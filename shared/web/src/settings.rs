//! Settings, from the function's environment. The only place that reads it.

use auth::JwtSettings;
use secrecy::SecretString;
use std::fmt;

/// What a deployment sets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. Functions that open or seal none have no such setting.
    pub kms_key_id: Option<String>,
    /// `POSTERN_JWT_SECRET`, `POSTERN_JWT_ISSUER`, `POSTERN_JWT_AUDIENCE`: whose tokens are accepted.
    pub jwt: JwtSettings,
}

/// A setting that is missing or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSetting(pub &'static str);

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is not set", self.0)
    }
}

impl std::error::Error for BadSetting {}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing. A function that is not configured does not start.
    pub fn from_env() -> Result<Self, BadSetting> {
        Ok(Self {
            table: required("POSTERN_TABLE")?,
            kms_key_id: optional("POSTERN_KMS_KEY_ID"),
            jwt: JwtSettings {
                secret: SecretString::from(required("POSTERN_JWT_SECRET")?),
                issuer: required("POSTERN_JWT_ISSUER")?,
                audience: required("POSTERN_JWT_AUDIENCE")?,
            },
        })
    }
}

fn optional(name: &'static str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

fn required(name: &'static str) -> Result<String, BadSetting> {
    optional(name).ok_or(BadSetting(name))
}
