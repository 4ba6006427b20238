//! Settings, from the function's environment. Nothing else reads it.

use auth::{ClaimNames, JwtKeys, JwtSettings, KeySource, REFRESH_SECONDS};
use model::rate::{BURST_DEFAULT, BURST_MAX, PER_MINUTE_DEFAULT, PER_MINUTE_MAX, RateLimit};
use model::session::{DURATION_HOURS_MAX, PER_PERSON_MAX, SessionLimits};
use secrecy::SecretString;
use std::fmt;
use tracing::level_filters::LevelFilter;

mod forms;

pub use forms::{SettingFault, keys_fault};

use crate::edge::Edge;
use crate::event::EventSource;
use crate::headers::Origins;

/// The settings of a function with callers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. Only functions that seal or open credentials have it.
    pub kms_key_id: Option<String>,
    /// `POSTERN_SESSION_DEFAULT_MINUTES`, `POSTERN_SESSION_MAX_MINUTES`, `POSTERN_SESSIONS_PER_PERSON`.
    pub sessions: SessionLimits,
    /// `POSTERN_RATE_PER_MINUTE`, `POSTERN_RATE_BURST`: how often a caller may call.
    pub rate: Option<RateLimit>,
    /// `POSTERN_CORS_ORIGINS`: web pages that may call.
    pub origins: Origins,
    /// `POSTERN_EDGE_SECRET` or `POSTERN_EDGE_SECRET_NAME`: the secret that the distribution in front of the API sends.
    pub edge: EdgeSetting,
    /// Which tokens are accepted: [`jwt_settings`].
    pub jwt: JwtSettings,
    /// `POSTERN_KEYS_MAX_AGE_SECONDS`: after how long fetched keys and secrets are read again.
    pub keys_max_age: i64,
    /// How AWS is reached.
    pub aws: AwsSettings,
}

/// The secrets of the distribution in front of the API.
#[derive(Debug, Clone)]
pub enum EdgeSetting {
    /// Given in the setting.
    Given(Edge),
    /// Stored in Secrets Manager under this name.
    Stored(String),
}

/// How AWS is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettings {
    /// `AWS_REGION`, which Lambda sets.
    pub region: String,
    /// `AWS_ENDPOINT_URL`: another endpoint for all services, for emulators.
    pub endpoint_url: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`: whether services are called at their FIPS endpoints.
    pub use_fips: bool,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets, or else `RUST_LOG`. DEBUG and TRACE count as INFO: below INFO, libraries log whole requests
    /// and items.
    pub(crate) level: LevelFilter,
    /// `AWS_LAMBDA_LOG_FORMAT`, which Lambda sets: whether lines are JSON.
    pub(crate) is_json: bool,
}

/// A setting that is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSetting(pub &'static str);

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is missing or wrong", self.0)
    }
}

impl std::error::Error for BadSetting {}

/// The settings of a function without callers.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. The worker of the queue opens none.
    pub kms_key_id: Option<String>,
    /// `POSTERN_SESSION_ENDS_QUEUE_URL`: the queue of timers. Only workers that set timers have it.
    pub session_ends_queue_url: Option<String>,
    /// How AWS is reached.
    pub aws: AwsSettings,
}

/// Settings that exclude each other.
const ONE_EDGE: &str = "POSTERN_EDGE_SECRET or POSTERN_EDGE_SECRET_NAME can be set, and not both";
const ONE_KEY: &str = "POSTERN_JWT_SECRET, POSTERN_JWT_SECRET_NAME, POSTERN_JWKS or POSTERN_JWKS_URL can be set, and only one of them";

/// Looks up a setting by its name. An empty setting counts as missing.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

impl WorkerSettings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn from_env(source: EventSource) -> Result<Self, SettingFault> {
        Self::read(&environment, source).map_err(|bad| bad.with_value(&environment))
    }

    /// Reads the settings of a worker.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn read(get: Lookup<'_>, source: EventSource) -> Result<Self, BadSetting> {
        const KEY: &str = "POSTERN_KMS_KEY_ID";
        const QUEUE: &str = "POSTERN_SESSION_ENDS_QUEUE_URL";
        let needed = match source {
            EventSource::Stream | EventSource::Schedule => KEY,
            EventSource::Queue => QUEUE,
        };
        required(get, needed)?;
        Ok(Self {
            table: required(get, "POSTERN_TABLE")?,
            kms_key_id: get(KEY),
            session_ends_queue_url: get(QUEUE),
            aws: aws_settings(get)?,
        })
    }
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing or wrong. The function does not start.
    pub fn from_env() -> Result<Self, SettingFault> {
        Self::read(&environment).map_err(|bad| bad.with_value(&environment))
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn read(get: Lookup<'_>) -> Result<Self, BadSetting> {
        Ok(Self {
            table: required(get, "POSTERN_TABLE")?,
            kms_key_id: get("POSTERN_KMS_KEY_ID"),
            sessions: session_limits(get)?,
            rate: rate_limit(get)?,
            origins: origins(get)?,
            edge: edge_setting(get)?,
            keys_max_age: keys_max_age(get)?,
            jwt: jwt_settings(get)?,
            aws: aws_settings(get)?,
        })
    }
}

/// Which tokens are accepted: those of `POSTERN_JWT_ISSUER` for `POSTERN_JWT_AUDIENCE`.
///
/// One of `POSTERN_JWT_SECRET`, `POSTERN_JWT_SECRET_NAME` (in Secrets Manager), `POSTERN_JWKS` (the text of a key set) and `POSTERN_JWKS_URL` gives
/// the keys. Without any of them, the issuer's discovery document names the URL of the keys. `POSTERN_JWT_CLAIM_…` and
/// `POSTERN_JWT_ADMIN_ROLE` rename claims. `POSTERN_JWT_EMAILS_ARE_VERIFIED` says that the provider issues only verified emails
/// (docs/guides/identity-providers.md).
///
/// # Errors
/// A missing setting; two sources of keys; a flag that is neither true nor false.
pub fn jwt_settings(get: Lookup<'_>) -> Result<JwtSettings, BadSetting> {
    let issuer = required(get, "POSTERN_JWT_ISSUER")?;
    let given: [Option<JwtKeys>; 4] = [
        get("POSTERN_JWT_SECRET").map(|secret| JwtKeys::Secret(SecretString::from(secret))),
        get("POSTERN_JWT_SECRET_NAME").map(JwtKeys::Stored),
        get("POSTERN_JWKS").map(JwtKeys::Inline),
        get("POSTERN_JWKS_URL").map(|url| JwtKeys::Remote(KeySource::Url(url))),
    ];
    let mut given = given.into_iter().flatten();
    let keys =
        given.next().unwrap_or_else(|| JwtKeys::Remote(KeySource::Discovery { issuer: issuer.clone() }));
    if given.next().is_some() {
        return Err(BadSetting(ONE_KEY));
    }
    Ok(JwtSettings {
        keys,
        issuer,
        audience: required(get, "POSTERN_JWT_AUDIENCE")?,
        claims: claim_names(get)?,
    })
}

fn claim_names(get: Lookup<'_>) -> Result<ClaimNames, BadSetting> {
    let usual = ClaimNames::default();
    let name = |setting, usual| get(setting).map_or(usual, |name| name.as_str().into());
    Ok(ClaimNames {
        subject: name("POSTERN_JWT_CLAIM_SUBJECT", usual.subject),
        org: name("POSTERN_JWT_CLAIM_ORG", usual.org),
        roles: name("POSTERN_JWT_CLAIM_ROLES", usual.roles),
        email: name("POSTERN_JWT_CLAIM_EMAIL", usual.email),
        name: name("POSTERN_JWT_CLAIM_NAME", usual.name),
        audience: name("POSTERN_JWT_CLAIM_AUDIENCE", usual.audience),
        admin_role: get("POSTERN_JWT_ADMIN_ROLE").unwrap_or(usual.admin_role),
        emails_are_verified: flag(get, "POSTERN_JWT_EMAILS_ARE_VERIFIED")?,
    })
}

/// How often a caller may call: `POSTERN_RATE_PER_MINUTE` and `POSTERN_RATE_BURST`.
///
/// # Errors
/// A number out of range.
pub fn rate_limit(get: Lookup<'_>) -> Result<Option<RateLimit>, BadSetting> {
    const RATE: &str = "POSTERN_RATE_PER_MINUTE";
    const BURST: &str = "POSTERN_RATE_BURST";
    let per_minute = number(get, RATE, 0..=PER_MINUTE_MAX)?.unwrap_or(PER_MINUTE_DEFAULT);
    let burst = number(get, BURST, 1..=BURST_MAX)?.unwrap_or(BURST_DEFAULT);
    // 0 disables the limit.
    Ok(RateLimit::new(per_minute, burst))
}

/// The secrets of the distribution in front of the API: `POSTERN_EDGE_SECRET`, one secret or two with a comma between them.
///
/// # Errors
/// A secret without 32 to 256 visible characters; more than two secrets.
pub fn edge(get: Lookup<'_>) -> Result<Edge, BadSetting> {
    const SECRET: &str = "POSTERN_EDGE_SECRET";
    let text = get(SECRET).map(SecretString::from);
    text.map_or_else(|| Ok(Edge::default()), |text| Edge::parse(&text).map_err(|_| BadSetting(SECRET)))
}

/// [`edge`], or the name of a secret of Secrets Manager: `POSTERN_EDGE_SECRET_NAME`.
fn edge_setting(get: Lookup<'_>) -> Result<EdgeSetting, BadSetting> {
    const NAME: &str = "POSTERN_EDGE_SECRET_NAME";
    match (get(NAME), get("POSTERN_EDGE_SECRET")) {
        (Some(_), Some(_)) => Err(BadSetting(ONE_EDGE)),
        (Some(name), None) => Ok(EdgeSetting::Stored(name)),
        (None, _) => edge(get).map(EdgeSetting::Given),
    }
}

/// After how many seconds fetched keys and secrets are read again: `POSTERN_KEYS_MAX_AGE_SECONDS`.
fn keys_max_age(get: Lookup<'_>) -> Result<i64, BadSetting> {
    let set = number(get, "POSTERN_KEYS_MAX_AGE_SECONDS", 1..=3600)?;
    Ok(set.map_or(REFRESH_SECONDS, i64::from))
}

/// The web pages that may call: `POSTERN_CORS_ORIGINS`, with commas between them.
///
/// # Errors
/// A text that is not an origin.
pub fn origins(get: Lookup<'_>) -> Result<Origins, BadSetting> {
    const ORIGINS: &str = "POSTERN_CORS_ORIGINS";
    Origins::parse(&get(ORIGINS).unwrap_or_default()).map_err(|_| BadSetting(ORIGINS))
}

/// [`origins`], from the environment.
///
/// # Errors
/// A text that is not an origin.
pub(crate) fn origins_from_env() -> Result<Origins, SettingFault> {
    origins(&environment).map_err(|bad| bad.with_value(&environment))
}

/// How AWS is reached: `AWS_REGION`, `AWS_ENDPOINT_URL` and `AWS_USE_FIPS_ENDPOINT` (AWS SDKs and Tools Reference Guide).
///
/// # Errors
/// No region; a FIPS setting that is neither true nor false.
fn aws_settings(get: Lookup<'_>) -> Result<AwsSettings, BadSetting> {
    let use_fips = flag(get, "AWS_USE_FIPS_ENDPOINT")?;
    Ok(AwsSettings { region: required(get, "AWS_REGION")?, endpoint_url: get("AWS_ENDPOINT_URL"), use_fips })
}

impl LogSettings {
    /// Reads the environment. A wrong setting counts as missing, so that it stops no function.
    pub(crate) fn from_env() -> Self {
        Self::read(&environment)
    }

    fn read(get: Lookup<'_>) -> Self {
        let level = get("AWS_LAMBDA_LOG_LEVEL").or_else(|| get("RUST_LOG"));
        let level =
            level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO).min(LevelFilter::INFO);
        let is_json = get("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
        Self { level, is_json }
    }
}

/// Times in minutes, up to a year, and the number of a person's sessions. A default above the maximum becomes the maximum.
fn session_limits(get: Lookup<'_>) -> Result<SessionLimits, BadSetting> {
    const MINUTES: std::ops::RangeInclusive<u32> = 1..=DURATION_HOURS_MAX * 60;
    let usual = SessionLimits::default();
    let max_minutes = number(get, "POSTERN_SESSION_MAX_MINUTES", MINUTES)?.unwrap_or(usual.max_minutes);
    let default_minutes =
        number(get, "POSTERN_SESSION_DEFAULT_MINUTES", MINUTES)?.unwrap_or(usual.default_minutes);
    let per_person = sessions_per_person(get)?;
    Ok(SessionLimits { default_minutes: default_minutes.min(max_minutes), max_minutes, per_person })
}

/// How many sessions of one person may run at the same time: `POSTERN_SESSIONS_PER_PERSON`.
///
/// # Errors
/// A number out of range.
pub fn sessions_per_person(get: Lookup<'_>) -> Result<u32, BadSetting> {
    let set = number(get, "POSTERN_SESSIONS_PER_PERSON", 1..=PER_PERSON_MAX)?;
    Ok(set.unwrap_or(SessionLimits::default().per_person))
}

/// `true` or `false` in upper or lower case. A missing flag is false.
fn flag(get: Lookup<'_>, name: &'static str) -> Result<bool, BadSetting> {
    match get(name).map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(BadSetting(name)),
    }
}

fn number(
    get: Lookup<'_>,
    name: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>, BadSetting> {
    let number = get(name).map(|text| text.parse().map_err(|_| BadSetting(name))).transpose()?;
    if number.is_some_and(|number| !range.contains(&number)) { Err(BadSetting(name)) } else { Ok(number) }
}

fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

fn required(get: Lookup<'_>, name: &'static str) -> Result<String, BadSetting> {
    get(name).ok_or(BadSetting(name))
}

#[cfg(test)]
mod tests;
