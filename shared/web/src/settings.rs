//! Settings, from the function's environment. The only place that reads it.

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

/// What a deployment sets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `POSTERN_TABLE`: the table's name.
    pub table: String,
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. Functions that open or seal none have no such setting.
    pub kms_key_id: Option<String>,
    /// `POSTERN_SESSION_DEFAULT_MINUTES`, `POSTERN_SESSION_MAX_MINUTES`: how long sessions last; `POSTERN_SESSIONS_PER_PERSON`: how
    /// many of one person may run.
    pub sessions: SessionLimits,
    /// `POSTERN_RATE_PER_MINUTE`, `POSTERN_RATE_BURST`: how often a caller may call.
    pub rate: Option<RateLimit>,
    /// `POSTERN_CORS_ORIGINS`: web pages that may call.
    pub origins: Origins,
    /// `POSTERN_EDGE_SECRET` or `POSTERN_EDGE_SECRET_NAME`: what the distribution in front of the API shows.
    pub edge: EdgeSetting,
    /// Whose tokens are accepted: [`jwt_settings`].
    pub jwt: JwtSettings,
    /// `POSTERN_KEYS_MAX_AGE_SECONDS`: after how long keys and secrets that come from elsewhere are read anew.
    pub keys_max_age: i64,
    /// Where AWS is.
    pub aws: AwsSettings,
}

/// What the distribution in front of the API shows.
#[derive(Debug, Clone)]
pub enum EdgeSetting {
    /// One of these secrets, if there are any.
    Given(Edge),
    /// What the secret of this name accepts.
    Stored(String),
}

/// Where AWS is.
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
    /// `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets, or else `RUST_LOG`: the least level that is written, INFO by default and at the
    /// finest. What is finer is none of this code's, but of libraries, which log whole requests and items there.
    pub(crate) level: LevelFilter,
    /// `AWS_LAMBDA_LOG_FORMAT`, which Lambda sets: whether lines are JSON.
    pub(crate) is_json: bool,
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
    /// `POSTERN_KMS_KEY_ID`: the key that seals credentials. What a queue wakes opens none.
    pub kms_key_id: Option<String>,
    /// `POSTERN_SESSION_ENDS_QUEUE_URL`: the queue of timers. Only what sets timers has such a setting.
    pub session_ends_queue_url: Option<String>,
    /// Where AWS is.
    pub aws: AwsSettings,
}

/// Ways of which only one may be set.
const ONE_EDGE: &str = "POSTERN_EDGE_SECRET or POSTERN_EDGE_SECRET_NAME can be set, and not both";
const ONE_KEY: &str = "POSTERN_JWT_SECRET, POSTERN_JWT_SECRET_NAME, POSTERN_JWKS or POSTERN_JWKS_URL can be set, and only one of them";

/// Where settings are looked up, by name. An empty one is none.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

impl WorkerSettings {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first setting that is missing.
    pub fn from_env(source: EventSource) -> Result<Self, SettingFault> {
        Self::read(&environment, source).map_err(|bad| bad.seen(&environment))
    }

    /// Reads the settings of a worker that is woken in some way.
    ///
    /// # Errors
    /// The first that is missing.
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
    /// The first setting that is missing. A function that is not configured does not start.
    pub fn from_env() -> Result<Self, SettingFault> {
        Self::read(&environment).map_err(|bad| bad.seen(&environment))
    }

    /// Reads settings.
    ///
    /// # Errors
    /// The first that is missing, or is not what it should be.
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

/// Whose tokens are accepted: `POSTERN_JWT_ISSUER`, `POSTERN_JWT_AUDIENCE`, and one of `POSTERN_JWT_SECRET`, `POSTERN_JWT_SECRET_NAME`
/// (of Secrets Manager), `POSTERN_JWKS` (the text of a set of keys) and `POSTERN_JWKS_URL`; without any, the keys are where the issuer's discovery document says.
/// `POSTERN_JWT_CLAIM_…` and `POSTERN_JWT_ADMIN_ROLE` rename claims, and `POSTERN_JWT_EMAILS_ARE_VERIFIED` says that no token has an email
/// which the provider has not verified (docs/guides/identity-providers.md).
///
/// # Errors
/// The first that is missing; two ways to verify a token; a flag that is neither true nor false.
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

/// How often a caller may call: `POSTERN_RATE_PER_MINUTE`, of which 0 is no limit, and `POSTERN_RATE_BURST`.
///
/// # Errors
/// A number out of range.
pub fn rate_limit(get: Lookup<'_>) -> Result<Option<RateLimit>, BadSetting> {
    const RATE: &str = "POSTERN_RATE_PER_MINUTE";
    const BURST: &str = "POSTERN_RATE_BURST";
    let per_minute = number(get, RATE, 0..=PER_MINUTE_MAX)?.unwrap_or(PER_MINUTE_DEFAULT);
    let burst = number(get, BURST, 1..=BURST_MAX)?.unwrap_or(BURST_DEFAULT);
    // 0 is no limit: the one number in range that is none.
    Ok(RateLimit::new(per_minute, burst))
}

/// What the distribution in front of the API shows: `POSTERN_EDGE_SECRET`, one secret or two with a comma between them.
///
/// # Errors
/// A secret that has not 32 to 256 visible characters; three of them.
pub fn edge(get: Lookup<'_>) -> Result<Edge, BadSetting> {
    const SECRET: &str = "POSTERN_EDGE_SECRET";
    let text = get(SECRET).map(SecretString::from);
    text.map_or_else(|| Ok(Edge::default()), |text| Edge::parse(&text).map_err(|_| BadSetting(SECRET)))
}

/// The same, or the name of a secret of Secrets Manager: `POSTERN_EDGE_SECRET_NAME`.
fn edge_setting(get: Lookup<'_>) -> Result<EdgeSetting, BadSetting> {
    const NAME: &str = "POSTERN_EDGE_SECRET_NAME";
    match (get(NAME), get("POSTERN_EDGE_SECRET")) {
        (Some(_), Some(_)) => Err(BadSetting(ONE_EDGE)),
        (Some(name), None) => Ok(EdgeSetting::Stored(name)),
        (None, _) => edge(get).map(EdgeSetting::Given),
    }
}

/// After how many seconds an issuer's keys and secrets of Secrets Manager are read anew: `POSTERN_KEYS_MAX_AGE_SECONDS`.
fn keys_max_age(get: Lookup<'_>) -> Result<i64, BadSetting> {
    let set = number(get, "POSTERN_KEYS_MAX_AGE_SECONDS", 1..=3600)?;
    Ok(set.map_or(REFRESH_SECONDS, i64::from))
}

/// Web pages that may call: `POSTERN_CORS_ORIGINS`, with commas between them.
///
/// # Errors
/// A text that is no origin.
pub fn origins(get: Lookup<'_>) -> Result<Origins, BadSetting> {
    const ORIGINS: &str = "POSTERN_CORS_ORIGINS";
    Origins::parse(&get(ORIGINS).unwrap_or_default()).map_err(|_| BadSetting(ORIGINS))
}

/// The same, from the environment.
///
/// # Errors
/// A text that is no origin.
pub(crate) fn origins_from_env() -> Result<Origins, SettingFault> {
    origins(&environment).map_err(|bad| bad.seen(&environment))
}

/// Where AWS is: `AWS_REGION`, `AWS_ENDPOINT_URL` and `AWS_USE_FIPS_ENDPOINT` (AWS SDKs and Tools Reference Guide).
///
/// # Errors
/// No region; a FIPS setting that is neither true nor false.
fn aws_settings(get: Lookup<'_>) -> Result<AwsSettings, BadSetting> {
    let use_fips = flag(get, "AWS_USE_FIPS_ENDPOINT")?;
    Ok(AwsSettings { region: required(get, "AWS_REGION")?, endpoint_url: get("AWS_ENDPOINT_URL"), use_fips })
}

impl LogSettings {
    /// Reads the environment. What cannot be understood is as if it were not set: a log is never worth an answer.
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

/// Minutes, 1 to a year's, of which the default is not longer than the maximum; and the number of a person's sessions.
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

/// `true` or `false` in any case; false where it is not set.
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
