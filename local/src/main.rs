//! `cargo run`: Postern on this machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the program of the command line")]

use auth::{JwtKeys, JwtSettings, Mint, Verifier, mint};
use clap::Parser;
use firewall::simulated::SimulatedCloud;
use local::cloud::Cloud;
use local::crew::Crew;
use local::demo::{self, Demo, Tokens};
use local::gateway::Gateway;
use local::options::{
    Command, Options, Serve, Token, edge, jwt_settings, origins, rate_limit, session_limits,
};
use local::template::Template;
use local::{Fault, server};
use model::principal::ORG_ADMIN;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use store::{Kms, Store, Vault};
use timers::InMemory;
use web::{App, HttpFetch, Parts, clock};

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
        Some(Command::Token(wish)) => print_token(&wish),
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

fn print_token(wish: &Token) -> Result<(), Fault> {
    for (option, is_id) in [
        ("--sub", model::id::UserId::parse(&wish.sub).is_ok()),
        ("--org", model::id::OrgId::parse(&wish.org).is_ok()),
    ] {
        if !is_id {
            return Err(Fault::new(format!("{option} has a length or a character that an id cannot have")));
        }
    }
    let settings = jwt_settings()?;
    verifier(&settings)?;
    let roles = &wish.roles;
    let wish = Mint { sub: &wish.sub, org: &wish.org, roles, email: None, name: None, ttl_seconds: wish.ttl };
    println!("{}", mint(&settings, &wish, clock::now()).map_err(Fault::of("the token"))?);
    Ok(())
}

fn verifier(settings: &JwtSettings) -> Result<Verifier, Fault> {
    Verifier::new(settings, Arc::new(HttpFetch::default())).map_err(Fault::of("the environment"))
}

async fn run(options: &Serve) -> Result<(), Fault> {
    let jwt = jwt_settings()?;
    let listener = server::listen((LOOPBACK, options.port), "--port").await?;
    let dynamodb = match options.dynamodb_port {
        Some(port) => Some(server::listen((options.dynamodb_address, port), "--dynamodb-port").await?),
        None => None,
    };
    let cloud = Cloud::open(options.data.as_deref(), dynamodb).await?;
    let template = Template::built_in()?;
    cloud.ensure_table(&template, TABLE)?;
    if let JwtKeys::Secret(secret) = &jwt.keys {
        cloud.put_secret(JWT_SECRET, secret.clone());
    }
    let sky = SimulatedCloud::with_every_group();
    let clock = if options.clock_rate == 1 { clock::system() } else { clock::hurried(options.clock_rate) };
    let timers = InMemory::new(Arc::clone(&clock));
    let app = App::new(Parts {
        store: Store::new(cloud.dynamodb(), TABLE),
        verifier: Some(verifier(&jwt)?),
        vault: Some(Vault::new(Kms::new(&cloud.sdk_config()), KMS_KEY)),
        firewall: Some(Arc::new(sky.clone())),
        timers: Some(Arc::new(timers.clone())),
        sessions: session_limits()?,
        rate: rate_limit()?,
        origins: origins()?,
        edge: edge()?.into(),
        clock,
    });
    let crew = Crew::new(&template, app.clone(), (cloud.clone(), TABLE), timers)?;
    crew.skip().await?;
    let gateway = Arc::new(Gateway::new(&template, app)?.with_slash(options.trailing_slash));
    let address = listener.local_addr().map_err(Fault::of("the listener"))?;
    let base = format!("http://{address}");
    // Who cannot sign tokens cannot hand any out.
    let demo = if options.no_demo || !matches!(jwt.keys, JwtKeys::Secret(_)) {
        None
    } else {
        Some(demo_script(&gateway, &jwt, &base, options.clock_rate).await?)
    };

    println!("Postern is listening on {base}");
    if options.dynamodb_port.is_some() {
        println!(
            "DynamoDB, KMS and Secrets Manager answer on {}, table {TABLE}, key {KMS_KEY}, secret {JWT_SECRET}",
            cloud.endpoint()
        );
    }
    if let Some(script) = demo {
        println!(
            "\nThe demo organization {:?}: paste what follows into another shell. The tokens are its administrator's and a person's, for a day.\n\n{script}",
            demo::ORG
        );
    }
    tokio::select! {
        () = crew.work(options.clock_rate) => Ok(()),
        served = server::serve(listener, gateway, sky, stop_signal()) => served,
    }
}

async fn demo_script(
    gateway: &Gateway,
    jwt: &JwtSettings,
    base: &str,
    clock_rate: u32,
) -> Result<String, Fault> {
    let admin = demo_token(jwt, demo::ADMIN, &[ORG_ADMIN.into()], clock_rate)?;
    let person = demo_token(jwt, demo::PERSON, &[], clock_rate)?;
    let demo = Demo::prepare(gateway, &admin).await?;
    Ok(demo.script(base, &Tokens { admin, person }))
}

fn demo_token(jwt: &JwtSettings, sub: &str, roles: &[String], clock_rate: u32) -> Result<String, Fault> {
    let email = format!("{}@demo.example", sub.trim_start_matches("demo-"));
    let wish = Mint {
        sub,
        org: demo::ORG,
        roles,
        email: Some(&email),
        name: Some(if roles.is_empty() { "Demo person" } else { "Demo admin" }),
        ttl_seconds: DEMO_TOKEN_SECONDS * i64::from(clock_rate),
    };
    mint(jwt, &wish, clock::now()).map_err(Fault::of("the demo's token"))
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
