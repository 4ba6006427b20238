//! The command line and the environment of `cargo run`.

use auth::JwtSettings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Parser, Subcommand};
use model::rate::RateLimit;
use model::session::SessionLimits;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use web::{BadSetting, Edge, Origins};

use crate::gateway::TrailingSlash;
use crate::{LocalError, keys};

/// Postern on this machine: the API with an embedded DynamoDB, no AWS.
///
/// Environment: POSTERN_JWT_SECRET (at least 32 bytes; else one is generated and kept), or POSTERN_JWKS or POSTERN_JWKS_URL;
/// POSTERN_JWT_ISSUER, POSTERN_JWT_AUDIENCE, POSTERN_JWT_CLAIM_SUBJECT and its like, POSTERN_JWT_ADMIN_ROLE,
/// POSTERN_JWT_EMAILS_ARE_VERIFIED;
/// POSTERN_RATE_PER_MINUTE (0: no limit), POSTERN_RATE_BURST; POSTERN_SESSIONS_PER_PERSON; POSTERN_CORS_ORIGINS;
/// POSTERN_EDGE_SECRET.
#[derive(Debug, Parser)]
#[command(name = "postern", version)]
pub struct Options {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
}

/// Options of the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Port of the API on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub port: u16,
    /// Keep the data in this folder; without it, it is gone at the end
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Make no demo organization
    #[arg(long)]
    pub no_demo: bool,
    /// Let time pass so many times as fast: 60 makes a minute of a second
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub clock_rate: u32,
    /// What the gateway does with a path that ends in a slash: API Gateway leaves it open
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub trailing_slash: TrailingSlash,
    /// Also answer DynamoDB's (and KMS's) calls on this port, for real binaries
    #[arg(long, value_name = "N")]
    pub dynamodb_port: Option<u16>,
    /// The address of this port, which must be one of this machine: that of a bridge, where containers are to reach it
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), requires = "dynamodb_port")]
    pub dynamodb_address: IpAddr,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a token that a server started here accepts, and nothing else
    Token(Token),
}

/// Options of `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// The user: 1-128 letters, digits or -._~!$&'()*+;=:@|/\
    #[arg(long, value_name = "USER")]
    pub sub: String,
    /// The organization: 1-64 URL-safe characters
    #[arg(long, value_name = "ORG")]
    pub org: String,
    /// A role, such as ORG_ADMIN; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Their email
    #[arg(long, value_name = "EMAIL")]
    pub email: Option<String>,
    /// The identity provider verified the email, which claims an invitation
    #[arg(long, requires = "email")]
    pub email_verified: bool,
    /// Their name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Seconds until it expires
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(i64).range(1..=31_536_000))]
    pub ttl: i64,
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place of this program")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

/// What is wrong with a setting, with its value.
fn told(bad: BadSetting) -> LocalError {
    LocalError::new(bad.with_value(&variable).to_string())
}

/// Whose tokens this machine accepts: those signed with a secret that is kept here, unless the environment names another way.
///
/// # Errors
/// When no secret can be kept, or the environment says what cannot be.
pub fn jwt_settings() -> Result<JwtSettings, LocalError> {
    if variable("POSTERN_JWT_SECRET_NAME").is_some() {
        let sentence = "The environment variable POSTERN_JWT_SECRET_NAME is for functions, which read it from Secrets Manager. \
                        Here it must be POSTERN_JWT_SECRET, with the secret itself";
        return Err(LocalError::new(sentence));
    }
    let ways = ["POSTERN_JWT_SECRET", "POSTERN_JWKS", "POSTERN_JWKS_URL"];
    let kept = match ways.into_iter().find_map(variable) {
        Some(_) => None,
        None => Some(URL_SAFE_NO_PAD.encode(keys::kept_in(&keys::jwt_secret_file())?)),
    };
    let usual = |name: &str| match name {
        "POSTERN_JWT_SECRET" => kept.clone(),
        "POSTERN_JWT_ISSUER" => Some("https://postern.local".into()),
        "POSTERN_JWT_AUDIENCE" => Some("postern".into()),
        _ => None,
    };
    web::jwt_settings(&|name| variable(name).or_else(|| usual(name))).map_err(told)
}

/// How often a caller may call this machine.
///
/// # Errors
/// When the environment says what cannot be.
pub fn rate_limit() -> Result<Option<RateLimit>, LocalError> {
    web::rate_limit(&variable).map_err(told)
}

/// What a distribution in front of this machine shows.
///
/// # Errors
/// When the environment says what cannot be.
pub fn edge() -> Result<Edge, LocalError> {
    web::edge(&variable).map_err(told)
}

/// How long sessions last on this machine, and how many of one person may run.
///
/// # Errors
/// When the environment says what cannot be.
pub fn session_limits() -> Result<SessionLimits, LocalError> {
    let per_person = web::sessions_per_person(&variable).map_err(told)?;
    Ok(SessionLimits { per_person, ..SessionLimits::default() })
}

/// Web pages that may call this machine.
///
/// # Errors
/// When the environment says what cannot be.
pub fn origins() -> Result<Origins, LocalError> {
    web::origins(&variable).map_err(told)
}
