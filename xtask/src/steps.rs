//! Runs programs one after the other, each under a heading with the time that it took.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::failure::Failure;

/// Prints a line on standard error, where it stands between the lines of the programs.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Does something under a heading.
#[expect(clippy::disallowed_methods, reason = "a developer is told how long a step took")]
pub(crate) fn step(heading: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let began = Instant::now();
    say(&format!("\n== {heading}"));
    work()?;
    say(&format!("-- {heading}: {} s", began.elapsed().as_secs()));
    Ok(())
}

/// Cargo, as it was called to run this program.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root);
    // What describes this package is not for the commands that it runs.
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let called = format!("{name} {}", arguments.join(" "));
    let status = command.status().map_err(|error| format!("{called}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{called} ended with {status}")) }
}

/// Whether a command of Cargo is installed.
pub(crate) fn has_cargo_command(root: &Path, name: &str) -> bool {
    let status = cargo(root, &[name, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
