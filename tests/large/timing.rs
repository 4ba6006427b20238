//! Times of operations in the large organization against those in an empty one, in turns.

use serde_json::json;
use std::time::{Duration, Instant};
use support::{Client, TestApp};

use crate::filling::Large;

/// Repetitions of each operation.
const TIMES: usize = 40;
/// A time in the large organization may be so many times that in the empty one: what a run on a busy machine may differ
/// by, and far below what any step that looks at the whole organization would cost.
const RATIO_MAX: f64 = 2.0;

/// Prints a figure.
pub(crate) fn print(figure: &str) {
    #[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
    {
        println!("{figure}");
    }
}

/// What the operations are about, in one organization.
struct Place<'a> {
    app: &'a TestApp,
    admin: Client,
    role: String,
    resource: String,
    credential: String,
}

impl<'a> Place<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let admin = app.admin();
        let credential = admin.new_credential("Of the measured").await;
        let (role, resource) = (admin.new_role("Measured").await, admin.new_resource(&credential).await);
        Self { app, admin, role, resource, credential }
    }

    /// An operation's time and calls. Those that need an object of their own make it before.
    async fn run(&self, operation: &str, number: usize) -> (Duration, Vec<String>) {
        let link = format!("/roles/{}/resources/{}", self.role, self.resource);
        let renamed = json!({"name": format!("Measured {number}")});
        let mut own = String::new();
        if operation == "DELETE resource" {
            own = self.admin.new_resource(&self.credential).await;
            let _ = self.admin.post_empty(&format!("/roles/{}/resources/{own}", self.role)).await.expect(200);
        }
        self.app.proxy.take_calls();
        #[expect(clippy::disallowed_methods, reason = "what is measured is time")]
        let began = Instant::now();
        let reply = match operation {
            "assign" => self.admin.post_empty(&link).await,
            "unassign" => self.admin.delete(&link).await,
            "PATCH resource" => self.admin.patch(&format!("/resources/{}", self.resource), renamed).await,
            "PATCH role" => self.admin.patch(&format!("/roles/{}", self.role), renamed).await,
            _ => self.admin.delete(&format!("/resources/{own}")).await,
        };
        let took = began.elapsed();
        assert!(reply.status.is_success(), "{operation}: {}", reply.text);
        (took, self.app.proxy.take_calls())
    }
}

/// The time that a tenth of the runs stay below. Growth shows in each run; other programs interrupt the same operation of a
/// round many times in a row, so that a median shows them.
fn unhindered(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 10]
}

/// Measures in turns, prints the ratios, and fails for one that grows with the organization.
pub(crate) async fn compare_with_an_empty_one(large: &Large) {
    let nothing = TestApp::new().await;
    let (large, empty) = (Place::new(&large.app).await, Place::new(&nothing).await);
    let mut grown = Vec::new();
    let operations = ["assign", "unassign", "PATCH resource", "PATCH role", "DELETE resource"];
    let mut times = vec![(Vec::new(), Vec::new()); operations.len()];
    for number in 0..TIMES {
        for (operation, (of_large, of_empty)) in operations.iter().zip(&mut times) {
            let ((in_large, calls), (in_empty, expected)) =
                (large.run(operation, number).await, empty.run(operation, number).await);
            assert_eq!(calls, expected, "{operation}");
            of_large.push(in_large);
            of_empty.push(in_empty);
        }
    }
    for (operation, (of_large, of_empty)) in operations.into_iter().zip(times) {
        let (of_large, of_empty) = (unhindered(of_large), unhindered(of_empty));
        let ratio = of_large.as_secs_f64() / of_empty.as_secs_f64();
        print(&format!(
            "{operation}: {of_large:.2?} in the large one, {of_empty:.2?} in an empty one, ratio {ratio:.2}"
        ));
        if ratio > RATIO_MAX {
            grown.push(operation);
        }
    }
    assert!(grown.is_empty(), "these grow with the organization: {grown:?}");
}
