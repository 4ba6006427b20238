//! `cargo run`: Postern on this machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the program of the command line")]

use auth::{JwtKeys, JwtSettings, Mint, Verifier, mint};
use clap::Parser;
use firewall::Firewall;
use firewall::simulated::SimulatedCloud;
use local::aws::LocalAws;
use local::clock::LocalClock;
use local::demo::{self, Demo, Tokens};
use local::folder::DataFolder;
use local::gateway::Gateway;
use local::kept_cloud::KeptCloud;
use local::options::{
    Command, Options, Serve, Token, edge, jwt_settings, origins, rate_limit, session_limits,
};
use local::scheduler::Scheduler;
use local::template::Template;
use local::{LocalError, server};
use model::principal::ORG_ADMIN;
use model::rate::RateLimit;
use model::session::SessionLimits;
use model::time::Timestamp;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use store::{Kms, Store, Vault};
use timers::InMemory;
use tokio::net::TcpListener;
use web::{App, Edge, HttpFetch, Origins, Parts};

/// The API is for this machine alone.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const TABLE: &str = "postern";
const KMS_KEY: &str = "alias/postern";
/// The name of the secret that signs tokens.
const JWT_SECRET: &str = "postern/jwt";
const DEMO_TOKEN_SECONDS: i64 = 24 * 3600;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).init();
    let options = Options::parse();
    let outcome = match options.command {
        Some(Command::Token(options)) => print_token(&options),
        None => run(&options.serve).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn print_token(options: &Token) -> Result<(), LocalError> {
    for (option, is_id) in [
        ("--sub", model::id::UserId::parse(&options.sub).is_ok()),
        ("--org", model::id::OrgId::parse(&options.org).is_ok()),
    ] {
        if !is_id {
            return Err(LocalError::new(format!(
                "{option} has a length or a character that an id cannot have"
            )));
        }
    }
    // A server would take no notice of it.
    if options.email.as_deref().is_some_and(|email| !model::user::is_email(email)) {
        return Err(LocalError::new("--email is not a valid email"));
    }
    let settings = jwt_settings()?;
    let given = match &settings.keys {
        JwtKeys::Secret(_) => None,
        JwtKeys::Inline(_) => Some("POSTERN_JWKS"),
        JwtKeys::Stored(_) | JwtKeys::Remote(_) => Some("POSTERN_JWKS_URL"),
    };
    if let Some(name) = given {
        return Err(LocalError::new(format!(
            "The environment variable {name} names public keys, which sign nothing: the issuer who has the private ones makes the \
             tokens. Without {name} this machine signs with a secret of its own"
        )));
    }
    verifier(&settings)?;
    // By the time of the server that is to accept it, and for as long as was wished by the time on the wall.
    let (now, rate) = local::clock::of_server();
    let (roles, ttl_seconds) = (&options.roles, options.ttl.saturating_mul(i64::from(rate)));
    let (email, name) = (options.email.as_deref(), options.name.as_deref());
    let (sub, org, email_verified) = (&options.sub, &options.org, options.email_verified);
    let options = Mint { sub, org, roles, email, email_verified, name, ttl_seconds };
    println!("{}", mint(&settings, &options, now).map_err(LocalError::of("the token"))?);
    Ok(())
}

fn verifier(settings: &JwtSettings) -> Result<Verifier, LocalError> {
    let verifier = Verifier::new(settings, Arc::new(HttpFetch::default()));
    verifier.map_err(|bad| LocalError::new(web::keys_fault(settings, &bad).to_string()))
}

/// What the environment sets. All of it is read before anything is begun.
struct Settings {
    jwt: JwtSettings,
    verifier: Verifier,
    sessions: SessionLimits,
    rate: Option<RateLimit>,
    origins: Origins,
    edge: Edge,
}

fn settings() -> Result<Settings, LocalError> {
    let jwt = jwt_settings()?;
    let verifier = verifier(&jwt)?;
    let (sessions, rate) = (session_limits()?, rate_limit()?);
    Ok(Settings { jwt, verifier, sessions, rate, origins: origins()?, edge: edge()? })
}

/// The listeners of the API and, where it is wished for, of DynamoDB.
async fn listeners(options: &Serve) -> Result<(TcpListener, Option<TcpListener>), LocalError> {
    let api = server::listen((LOOPBACK, options.port), ("--port", None)).await?;
    let Some(port) = options.dynamodb_port else { return Ok((api, None)) };
    let names = ("--dynamodb-port", Some("--dynamodb-address"));
    Ok((api, Some(server::listen((options.dynamodb_address, port), names).await?)))
}

async fn run(options: &Serve) -> Result<(), LocalError> {
    let Settings { jwt, verifier, sessions, rate, origins, edge } = settings()?;
    let folder = options.data.as_deref().map(DataFolder::take).transpose()?;
    let (listener, dynamodb) = listeners(options).await?;
    let aws = LocalAws::open(options.data.as_deref(), dynamodb).await?;
    let template = Template::built_in()?;
    aws.ensure_table(&template, TABLE)?;
    if let JwtKeys::Secret(secret) = &jwt.keys {
        aws.put_secret(JWT_SECRET, secret.clone());
    }
    let cloud = SimulatedCloud::with_every_group();
    let firewall: Arc<dyn Firewall> = match &folder {
        Some(folder) => Arc::new(KeptCloud::open(cloud.clone(), folder)?),
        None => Arc::new(cloud.clone()),
    };
    let time = LocalClock::start(folder.as_ref(), options.clock_rate)?;
    let timers = InMemory::new(time.clock());
    let app = App::new(Parts {
        store: Store::new(aws.dynamodb(), TABLE),
        verifier: Some(verifier),
        vault: Some(Vault::new(Kms::new(&aws.sdk_config()), KMS_KEY)),
        firewall: Some(firewall),
        timers: Some(Arc::new(timers.clone())),
        sessions,
        rate,
        origins,
        edge: edge.into(),
        clock: time.clock(),
    });
    let scheduler = Scheduler::new(&template, app.clone(), (aws.clone(), TABLE), timers)?;
    scheduler.skip().await?;
    let gateway = Arc::new(Gateway::new(&template, app)?.with_slash(options.trailing_slash));
    let address = listener.local_addr().map_err(LocalError::of("the listener"))?;
    let base = format!("http://{address}");
    // Who cannot sign tokens cannot hand any out.
    let demo = if options.no_demo || !matches!(jwt.keys, JwtKeys::Secret(_)) {
        None
    } else {
        Some(demo_script(&gateway, &jwt, &base, (time.clock()(), options.clock_rate)).await?)
    };
    let dynamodb = options.dynamodb_port.map(|_| aws.endpoint());
    say_what_is_there(&base, dynamodb, demo.as_deref());
    tokio::select! {
        () = scheduler.work(options.clock_rate) => {}
        () = time.keep() => {}
        served = server::serve(listener, gateway, cloud, stop_signal()) => served?,
    }
    time.stop()
}

fn say_what_is_there(base: &str, dynamodb: Option<&str>, demo: Option<&str>) {
    println!("Postern is listening on {base}");
    println!("Every operation, in a browser: {base}/docs");
    if let Some(endpoint) = dynamodb {
        println!(
            "DynamoDB, KMS and Secrets Manager answer on {endpoint}, table {TABLE}, key {KMS_KEY}, secret {JWT_SECRET}"
        );
    }
    if let Some(script) = demo {
        println!(
            "\nThe demo organization {:?}: paste what follows into another shell. The tokens are its administrator's and a person's, for a day.\n\n{script}",
            demo::ORG
        );
    }
}

async fn demo_script(
    gateway: &Gateway,
    jwt: &JwtSettings,
    base: &str,
    time: (Timestamp, u32),
) -> Result<String, LocalError> {
    let admin = demo_token(jwt, demo::ADMIN, &[ORG_ADMIN.into()], time)?;
    let person = demo_token(jwt, demo::PERSON, &[], time)?;
    let demo = Demo::prepare(gateway, &admin).await?;
    Ok(demo.script(base, &Tokens { admin, person }))
}

/// A token for a day by the wall's clock, from now on by the server's.
fn demo_token(
    jwt: &JwtSettings,
    sub: &str,
    roles: &[String],
    (now, clock_rate): (Timestamp, u32),
) -> Result<String, LocalError> {
    let email = format!("{}@demo.example", sub.trim_start_matches("demo-"));
    let options = Mint {
        sub,
        org: demo::ORG,
        roles,
        email: Some(&email),
        email_verified: false,
        name: Some(if roles.is_empty() { "Demo person" } else { "Demo admin" }),
        ttl_seconds: DEMO_TOKEN_SECONDS * i64::from(clock_rate),
    };
    mint(jwt, &options, now).map_err(LocalError::of("the demo's token"))
}

/// Ctrl-C, or what a supervisor sends.
async fn stop_signal() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = termination() => {}
    }
}

#[cfg(unix)]
async fn termination() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn termination() {
    std::future::pending().await
}
