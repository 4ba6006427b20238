//! The embedded cloud, and the objects that events speak of. They are made by Postern's own functions, so that every subject
//! finds what a deployment would have.

use local::aws::LocalAws;
use local::template::Template;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use support::lambda::{Bootstrap, Program, administrator, filled_event, unlimited};

use crate::subject::{Subject, Work};
use crate::wire::Wire;

const TABLE: &str = "postern";

/// What makes objects: none of them is measured here.
const MAKERS: [&str; 5] =
    ["credential-create", "role-create", "resource-create", "role-resource-assign", "role-resource-unassign"];

/// Where the credential is known of resources that are made to be deleted. The floors leave them, and what updates the other
/// credential is not to read them all.
const OF_THE_DELETED: &str = "credentialOfTheDeleted";

/// Updates of a credential, before another one takes its place.
const UPDATES_MAX: usize = 7;

/// The place where events are made.
pub(crate) struct Workshop {
    /// Runs in this process, for as long as the workshop is open.
    _cloud: LocalAws,
    makers: HashMap<&'static str, Bootstrap>,
    known: HashMap<&'static str, String>,
    number: usize,
    /// Updates of the present credential.
    updates: usize,
    is_linked: bool,
    /// What measured functions take for DynamoDB.
    pub(crate) wire: Wire,
}

impl Workshop {
    /// Opens it, with a credential, a role and a resource in it.
    pub(crate) async fn open(lambda: &Path, out: &Path) -> Self {
        let cloud = LocalAws::in_memory().await.expect("an embedded cloud");
        cloud
            .ensure_table(&Template::built_in().expect("the template").without_stream(), TABLE)
            .expect("the table");
        let wire = Wire::open(cloud.endpoint()).await;
        let mut makers = HashMap::new();
        for name in MAKERS {
            let executable = lambda.join(name).join("bootstrap");
            let program = Program {
                name: name.into(),
                command: vec![executable],
                log: out.join(format!("maker-{name}.log")),
            };
            makers.insert(name, Bootstrap::start(program, &unlimited(name, cloud.endpoint(), TABLE)).await);
        }
        let known = HashMap::from([("token", administrator(6 * 3600)), ("org", support::ORG.into())]);
        let mut workshop =
            Self { _cloud: cloud, makers, known, number: 0, updates: 0, is_linked: false, wire };
        for (name, placeholder) in [
            ("credential-create", "credentialId"),
            ("credential-create", OF_THE_DELETED),
            ("role-create", "roleId"),
            ("resource-create", "resourceId"),
        ] {
            workshop.make(name, placeholder).await;
        }
        workshop
    }

    /// The settings of a subject.
    pub(crate) fn settings(&self, subject: &Subject) -> HashMap<String, String> {
        let mut settings = unlimited(subject.function, &self.wire.address, TABLE);
        #[expect(clippy::disallowed_methods, reason = "peers find their packages below the home folder")]
        let home = std::env::var("HOME").unwrap_or_default();
        settings.insert("HOME".into(), home);
        settings
    }

    /// An event that its function answers with success.
    pub(crate) async fn event(&mut self, subject: &Subject) -> String {
        self.number += 1;
        match subject.work {
            Work::UpdateResource => {}
            // A credential keeps eight former values at most.
            Work::UpdateCredential if self.updates == UPDATES_MAX => {
                self.updates = 1;
                self.make("credential-create", "credentialId").await;
                self.make("resource-create", "resourceId").await;
            }
            Work::UpdateCredential => self.updates += 1,
            Work::DeleteResource => {
                let kept = self.known.clone();
                self.known.insert("credentialId", kept[OF_THE_DELETED].clone());
                self.make("resource-create", "resourceId").await;
                let event = filled_event("resource-delete", &self.known);
                self.known = kept;
                return event;
            }
            Work::Assign if self.is_linked => self.link("role-resource-unassign").await,
            Work::Unassign if !self.is_linked => self.link("role-resource-assign").await,
            Work::Assign | Work::Unassign => {}
        }
        // The subject itself turns the link over.
        self.is_linked =
            matches!(subject.work, Work::Assign) || self.is_linked && subject.work != Work::Unassign;
        self.numbered(subject.function)
    }

    /// An event with a text that no other one had, so that it changes something.
    fn numbered(&self, function: &str) -> String {
        filled_event(function, &self.known)
            .replace("Production bastion, port 2222", &format!("Production bastion {}", self.number))
            .replace("Rotated each quarter.", &format!("Rotated {} times.", self.number))
    }

    async fn link(&mut self, maker: &'static str) {
        let event = filled_event(maker, &self.known);
        let answer = self.makers.get_mut(maker).expect("a maker").invoke(event).await;
        assert!(answer["statusCode"].as_u64().is_some_and(|status| status < 300), "{maker}: {answer}");
        self.is_linked = !self.is_linked;
    }

    async fn make(&mut self, maker: &'static str, placeholder: &'static str) {
        let event = filled_event(maker, &self.known);
        let answer = self.makers.get_mut(maker).expect("a maker").invoke(event).await;
        assert_eq!(answer["statusCode"], 201, "{maker}: {answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
        self.known.insert(placeholder, body["id"].as_str().expect("an id").into());
    }
}
