//! Settings, from the function's environment. The only place that reads it.

use auth::JwtSettings;
use model::session::{DURATION_HOURS_MAX, SessionLimits};
use secrecy::SecretString;
use std::fmt;

/// What a deployment sets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. Functions that open or seal none have no such setting.
    pub kms_key_id: Option<String>,
    /// `POSTERN_SESSION_DEFAULT_MINUTES`, `POSTERN_SESSION_MAX_MINUTES`: how long sessions last.
    pub sessions: SessionLimits,
    /// `POSTERN_JWT_SECRET`, `POSTERN_JWT_ISSUER`, `POSTERN_JWT_AUDIENCE`: whose tokens are accepted.
    pub jwt: JwtSettings,
}

/// A setting that is missing, empty, or not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSetting(pub &'static str);

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is not set, or not to something that it can be", self.0)
    }
}

impl std::error::Error for BadSetting {}

/// What a deployment sets for a function without callers.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials.
    pub kms_key_id: String,
}

impl WorkerSettings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing.
    pub fn from_env() -> Result<Self, BadSetting> {
        Ok(Self { table: required("POSTERN_TABLE")?, kms_key_id: required("POSTERN_KMS_KEY_ID")? })
    }
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing. A function that is not configured does not start.
    pub fn from_env() -> Result<Self, BadSetting> {
        Ok(Self {
            table: required("POSTERN_TABLE")?,
            kms_key_id: optional("POSTERN_KMS_KEY_ID"),
            sessions: session_limits()?,
            jwt: JwtSettings {
                secret: SecretString::from(required("POSTERN_JWT_SECRET")?),
                issuer: required("POSTERN_JWT_ISSUER")?,
                audience: required("POSTERN_JWT_AUDIENCE")?,
            },
        })
    }
}

/// Minutes, 1 to a year's; the default is not longer than the maximum.
fn session_limits() -> Result<SessionLimits, BadSetting> {
    let usual = SessionLimits::default();
    let max_minutes = minutes("POSTERN_SESSION_MAX_MINUTES")?.unwrap_or(usual.max_minutes);
    let default_minutes = minutes("POSTERN_SESSION_DEFAULT_MINUTES")?.unwrap_or(usual.default_minutes);
    Ok(SessionLimits { default_minutes: default_minutes.min(max_minutes), max_minutes })
}

fn minutes(name: &'static str) -> Result<Option<u32>, BadSetting> {
    let minutes = optional(name).map(|text| text.parse().map_err(|_| BadSetting(name))).transpose()?;
    match minutes {
        Some(minutes) if !(1..=DURATION_HOURS_MAX * 60).contains(&minutes) => Err(BadSetting(name)),
        minutes => Ok(minutes),
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
