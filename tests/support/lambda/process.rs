//! The process of one function: its real bootstrap in the environment that Lambda would give it.

use serde_json::Value;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::runtime_api::{Answer, Invocation, Report, RuntimeApi};
use crate::planted;

/// The longest that a bootstrap may take to answer or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is started, and where its log goes.
#[derive(Debug, Clone)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// What runs, with its first arguments.
    pub command: Vec<PathBuf>,
    /// The file that takes the log.
    pub log: PathBuf,
}

impl Program {
    /// A function's bootstrap, below `POSTERN_LAMBDA_DIR` or where `cargo lambda build` puts it, with a log in a folder.
    #[must_use]
    pub fn built(name: &str, logs: &Path) -> Self {
        fs::create_dir_all(logs).expect("a folder for the logs");
        Self { name: name.into(), command: vec![executable(name)], log: logs.join(format!("{name}.log")) }
    }
}

/// A running function. Its process ends with it.
pub struct Bootstrap {
    name: String,
    api: RuntimeApi,
    process: Child,
    log: PathBuf,
    /// When the process was started.
    pub started: Instant,
}

impl Bootstrap {
    /// Starts a function with these settings of its own.
    pub async fn start(program: Program, settings: &HashMap<String, String>) -> Self {
        let Program { name, command, log } = program;
        let api = RuntimeApi::open(&name).await;
        let file = File::create(&log).expect("a log file");
        let [executable, arguments @ ..] = command.as_slice() else { panic!("{name} has no command") };
        let started = Instant::now();
        let process = Command::new(executable)
            .args(arguments)
            .env_clear()
            .envs(lambda_environment(&name, &api.address))
            .envs(settings)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle of the log"))
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Self { name, api, process, log, started }
    }

    /// When the function asked for its first event: its start ends there.
    pub async fn first_asked(&mut self) -> Instant {
        let asked = timeout(PATIENCE, async {
            tokio::select! {
                asked = self.api.first_asked() => Ok(asked),
                status = self.process.wait() => Err(status),
            }
        });
        match asked.await {
            Ok(Ok(asked)) => asked,
            other => panic!("{} asked for nothing: {other:?}\n{}", self.name, self.log()),
        }
    }

    /// The process's id, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// The function's response to an event, as API Gateway would get it.
    pub async fn invoke(&mut self, event: String) -> Value {
        let answer = self.answer(event).await;
        serde_json::from_str(&answer.body).expect("a response in JSON")
    }

    /// The function's answer to an event, with its times.
    pub async fn answer(&mut self, event: String) -> Answer {
        let id = uuid::Uuid::now_v7().to_string();
        self.api.invoke(Invocation { id: id.clone(), event });
        let outcome = timeout(PATIENCE, async {
            tokio::select! {
                report = self.api.report() => Ok(report),
                status = self.process.wait() => Err(status),
            }
        });
        match outcome.await {
            Ok(Ok(Report::Answer(answer))) => {
                assert_eq!(answer.id, id, "{} answered another invocation", self.name);
                answer
            }
            Ok(Ok(Report::Failure(failure))) => panic!("{} reported an error {failure}", self.name),
            Ok(Err(status)) => panic!("{} ended with {status:?}:\n{}", self.name, self.log()),
            Err(_) => panic!("{} did not answer within {PATIENCE:?}:\n{}", self.name, self.log()),
        }
    }

    /// Lets the process end by itself: there are no more events for it.
    pub async fn finish(mut self) -> Option<ExitStatus> {
        self.api.close();
        self.end().await
    }

    /// How the process ended; none when it said something first or outlived our patience.
    pub async fn end(&mut self) -> Option<ExitStatus> {
        timeout(PATIENCE, self.process.wait()).await.ok().map(|status| status.expect("a child of ours"))
    }

    /// That the process waits for the next event and has nothing more to say.
    pub fn assert_idle(&mut self) {
        let ended = self.process.try_wait().expect("a child of ours");
        assert!(ended.is_none(), "{} ended with {ended:?}:\n{}", self.name, self.log());
        let report = self.api.unread_report();
        assert!(report.is_none(), "{} went on to report {report:?}", self.name);
    }

    /// What the function has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log")
    }
}

impl Drop for Bootstrap {
    /// What the function has logged until now has no secret in it: [`planted`].
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let log = self.log();
            let line = log.lines().find(|line| planted::secret_in(line).is_some());
            assert_eq!(line, None, "{} has logged a secret", self.name);
        }
    }
}

/// What Lambda itself sets, but for credentials that are none.
fn lambda_environment(name: &str, runtime_api: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "test".into()),
        ("AWS_REGION", local::aws::REGION.into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
        ("LAMBDA_TASK_ROOT", "/var/task".into()),
        ("_HANDLER", "bootstrap".into()),
    ]
}

/// A function's bootstrap, below `POSTERN_LAMBDA_DIR` or where `cargo lambda build` puts it.
fn executable(name: &str) -> PathBuf {
    let target = || std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let folder = std::env::var("POSTERN_LAMBDA_DIR").unwrap_or_else(|_| format!("{}/lambda", target()));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join(name).join("bootstrap");
    assert!(
        file.is_file(),
        "There is no {}. Build the functions with `infra/context.sh cargo lambda build --release -p functions`, and set \
         POSTERN_LAMBDA_DIR where they are elsewhere.",
        file.display()
    );
    file
}
