//! Which function makes a call, and whether its policy allows it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Mutex, OnceLock};

use crate::policies::{AwsCall, calls, denial, replaces_an_audit_row};

tokio::task_local! {
    static FUNCTION: String;
}

/// Work that a function does. The calls of what runs outside of any, such as a test's own look at the table, are not judged.
pub trait InFunction: Future + Sized {
    /// Does it with the permissions of the function of this name.
    fn in_function(self, name: &str) -> impl Future<Output = Self::Output> {
        FUNCTION.scope(name.to_owned(), self)
    }
}

impl<F: Future> InFunction for F {}

/// What was denied so far.
#[derive(Default)]
pub(super) struct Judge {
    /// The only table that policies are about.
    table: OnceLock<String>,
    denied: Mutex<BTreeSet<String>>,
}

impl Judge {
    pub(super) fn set_table(&self, name: &str) {
        self.table.get_or_init(|| name.to_owned());
    }

    /// Judges a call of DynamoDB or KMS.
    pub(super) fn judge(&self, target: &str, body: &[u8]) {
        let Ok(function) = FUNCTION.try_with(Clone::clone) else { return };
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let table = self.table.get().map_or("", String::as_str);
        for call in calls(target, &body, table) {
            self.note(denial(&function, &call));
        }
        let replaces = replaces_an_audit_row(&body);
        self.note(replaces.then(|| format!("{function} may replace a row of the audit log: {body}")));
    }

    /// Judges a call of a service that the tests have in the process, of which only functions make any.
    pub(super) fn judge_action(&self, action: &str) {
        let function = FUNCTION.try_with(Clone::clone);
        self.note(match function {
            Ok(function) => denial(&function, &AwsCall::from(action)),
            Err(_) => Some(format!("{action}: nobody knows which function this is, in_function says it")),
        });
    }

    fn note(&self, denial: Option<String>) {
        self.denied.lock().unwrap().extend(denial);
    }

    pub(super) fn forget_denied(&self) {
        self.denied.lock().unwrap().clear();
    }

    pub(super) fn assert_nothing_denied(&self) {
        let denied: Vec<String> = self.denied.lock().unwrap().iter().cloned().collect();
        assert!(denied.is_empty(), "AWS would have denied:\n{}", denied.join("\n"));
    }
}
