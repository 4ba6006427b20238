//! Who is measured.

use std::path::{Path, PathBuf};

/// What an event of a subject needs to be answered well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A resource that may be deleted.
    DeleteResource,
    /// A resource, and another name for it.
    UpdateResource,
    /// A resource and a role that are not linked.
    Assign,
    /// A resource and a role that are linked.
    Unassign,
    /// A credential, and another text for it.
    UpdateCredential,
}

/// One that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// As the tables name it.
    pub(crate) name: String,
    /// The function whose settings it gets.
    pub(crate) function: &'static str,
    /// What is started.
    pub(crate) executable: PathBuf,
    /// What its events ask for.
    pub(crate) work: Work,
}

/// The floors, the five functions that the API grew from, and the peers; all of them, or those with these names.
pub(crate) fn all(lambda: &Path, peers: Option<&Path>, only: &[String]) -> Vec<Subject> {
    let built = |name: &'static str, function, work| Subject {
        name: name.into(),
        function,
        executable: lambda.join(name).join("bootstrap"),
        work,
    };
    let mut subjects = vec![
        // The floors delete nothing. Their events are made as those of what stands on them, so that the processor's caches are as
        // cold when one comes.
        built("hello", "resource-delete", Work::DeleteResource),
        built("hello-sdk", "resource-delete", Work::DeleteResource),
        built("hello-calls", "resource-delete", Work::DeleteResource),
        built("resource-delete", "resource-delete", Work::DeleteResource),
        built("resource-update", "resource-update", Work::UpdateResource),
        built("role-resource-assign", "role-resource-assign", Work::Assign),
        built("role-resource-unassign", "role-resource-unassign", Work::Unassign),
        built("credential-update", "credential-update", Work::UpdateCredential),
    ];
    for peer in peers.into_iter().flat_map(|folder| ["node", "python"].map(|name| folder.join(name))) {
        subjects.push(Subject {
            name: peer.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            function: "resource-delete",
            executable: peer.join("bootstrap"),
            work: Work::DeleteResource,
        });
    }
    subjects.retain(|subject| only.is_empty() || only.contains(&subject.name));
    subjects
}
