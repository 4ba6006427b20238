//! A stand-in for Secrets Manager: secrets by their names, in memory.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Canned;

/// The secrets, and how often one was asked for.
#[derive(Clone, Default)]
pub(super) struct Secrets(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    current: HashMap<String, SecretString>,
    reads: usize,
}

impl Secrets {
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, name: &str, text: SecretString) {
        self.with(|state| drop(state.current.insert(name.into(), text)));
    }

    pub(super) fn remove(&self, name: &str) {
        self.with(|state| drop(state.current.remove(name)));
    }

    pub(super) fn reads(&self) -> usize {
        self.with(|state| state.reads)
    }

    /// Answers `GetSecretValue`, the one operation that a function uses.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Canned {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        if operation != "GetSecretValue" {
            return Canned::error("InvalidRequestException", "only GetSecretValue is answered here");
        }
        self.with(|state| {
            state.reads += 1;
            let Some(text) = state.current.get(name) else {
                return Canned::error("ResourceNotFoundException", "there is no secret of this name");
            };
            let body =
                json!({"Name": name, "SecretString": text.expose_secret(), "VersionStages": ["AWSCURRENT"]});
            Canned { status: 200, body: body.to_string() }
        })
    }
}
