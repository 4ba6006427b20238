//! Starts real bootstraps on a Runtime API of its own, in turns, and measures them: start, first answer, warm answers, memory.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench that is not right should end loudly"
)]
#![allow(clippy::disallowed_methods, reason = "it measures time, and knows the machine that it runs on")]

mod instructions;
mod measure;
mod report;
mod subject;
mod wire;
mod workshop;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use workshop::Workshop;

/// What is measured.
#[derive(Parser)]
struct Arguments {
    /// Where `cargo lambda build` put the bootstraps.
    #[arg(long, env = "POSTERN_LAMBDA_DIR", default_value = "target/lambda")]
    lambda: PathBuf,
    /// Where the functions are that make what is measured on, if they are elsewhere.
    #[arg(long)]
    makers: Option<PathBuf>,
    /// The folder that takes results and logs.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Times starts and answers of all, one after the other, round by round.
    Times {
        /// How often each is started.
        #[arg(long, default_value_t = 21)]
        rounds: usize,
        /// How many further events each start answers.
        #[arg(long, default_value_t = 40)]
        warm: usize,
        /// The folder with the peers' bootstraps; without it, only what is written in Rust.
        #[arg(long)]
        peers: Option<PathBuf>,
        /// Only these, by name.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Counts instructions of a start and of an answer with valgrind's callgrind.
    Instructions {
        /// Whose, by name.
        #[arg(default_values = ["hello", "hello-sdk", "resource-delete"])]
        of: Vec<String>,
    },
}

#[tokio::main]
async fn main() {
    let Arguments { lambda, makers, out, command } = Arguments::parse();
    std::fs::create_dir_all(&out).expect("a folder for the results");
    let lambda = lambda.canonicalize().expect("a folder with bootstraps");
    let makers = makers.map_or_else(|| lambda.clone(), |folder| folder.canonicalize().expect("the makers"));
    let mut workshop = Workshop::open(&makers, &out).await;
    match command {
        Command::Times { rounds, warm, peers, only } => {
            let peers = peers.map(|folder| folder.canonicalize().expect("the peers"));
            let subjects = subject::all(&lambda, peers.as_deref(), &only);
            let results = measure::all(&mut workshop, subjects, rounds, warm, &out).await;
            report::write(&results);
        }
        Command::Instructions { of } => {
            instructions::count(&mut workshop, &subject::all(&lambda, None, &of), &out).await;
        }
    }
}
