//! The commands of a developer. `cargo xtask` lists them.
//!
//! A command calls the scripts and the Cargo commands that exist: `.ci/run` and the workflows in `.github` call the same.

mod commands;
mod failure;
mod generate;
mod new_function;
mod steps;
mod text;

use clap::{CommandFactory as _, Parser, Subcommand};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use failure::Failure;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The commands of a developer of Postern")]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Format, generated files, lints, unit and contract tests: three minutes at most
    Check,
    /// Format, generated files and lints: the first part of `check`
    Lint,
    /// Every test that needs no AWS, with nextest where it is installed; arguments go to the test runner
    Test {
        /// Such as the name of a test
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Deploy to an emulated AWS and walk through a session; `keys`, `real` and `restore` are other walks
    E2e {
        /// Of tests/e2e.sh
        arguments: Vec<String>,
    },
    /// Measure starts, sizes and costs, and write them into docs/performance.md
    Bench {
        /// Of bench/run.sh
        arguments: Vec<String>,
    },
    /// Build the documentation of the code, and run the commands of the documents; --all also runs what deploys
    Docs {
        /// Of .ci/docs
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the files that follow from the list of functions, template.yaml and the API description
    Generate {
        /// Write nothing, and fail when a file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write the skeleton of a function, which passes the tests as it is
    NewFunction {
        /// The name, noun first: role-archive
        name: String,
        /// GET, POST, PUT, PATCH or DELETE
        method: String,
        /// The path below /api/v1: /reports, or /roles/{id}/archive
        path: String,
    },
    /// Build the archives of a release for x86-64 and arm64, with checksums, into target/release-archives
    Release,
}

fn main() -> ExitCode {
    let Some(command) = Options::parse().command else {
        let help = Options::command().render_help().to_string();
        return ended(std::io::stdout().write_all(help.as_bytes()).map_err(|error| error.to_string()));
    };
    ended(run(&root(), command))
}

fn run(root: &Path, command: Command) -> Result<(), Failure> {
    match command {
        Command::Check => commands::check(root),
        Command::Lint => commands::lint(root),
        Command::Test { arguments } => commands::test(root, &arguments),
        Command::E2e { arguments } => commands::script(root, "tests/e2e.sh", &arguments),
        Command::Bench { arguments } => commands::script(root, "bench/run.sh", &arguments),
        Command::Docs { arguments } => commands::docs(root, &arguments),
        Command::Generate { check } => generate::run(root, check),
        Command::NewFunction { name, method, path } => new_function::run(root, &name, &method, &path),
        Command::Release => commands::script(root, "tools/release.sh", &[]),
    }
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    steps::say(&failure);
    ExitCode::FAILURE
}

/// The root of the workspace.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("xtask"), PathBuf::from);
    package.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
