//! Objects that a path can name by `{id}`, and how each is called in every place.

/// A kind of object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// The first part of its paths.
    pub(crate) segment: &'static str,
    /// The method of the store that reads one, its key in `store::keys`, and its name in sentences.
    pub(crate) noun: &'static str,
    /// Its id's type.
    pub(crate) id_type: &'static str,
    /// What is answered where there is none, of `model::refusal::Refusal`.
    pub(crate) refusal: &'static str,
    /// Its kind in the audit log, of `model::audit::AuditSubject`.
    pub(crate) subject: &'static str,
    /// Whether the id is copied, and not lent.
    pub(crate) is_copied: bool,
    /// The action that its read needs.
    pub(crate) read: &'static str,
    /// Its id among the parameters of `api/openapi.yaml`.
    pub(crate) parameter: &'static str,
    /// Its id among the placeholders of events.
    pub(crate) placeholder: &'static str,
}

/// Those of which a skeleton can name one. Sessions, rules, API keys and credentials each have a promise of their own (who may
/// see them, what they may do in which state, two spellings), which a skeleton cannot keep.
pub(crate) const FAMILIES: [Family; 3] = [
    Family {
        segment: "roles",
        noun: "role",
        id_type: "RoleId",
        refusal: "RoleNotFound",
        subject: "Role",
        is_copied: true,
        read: "dynamodb:Query",
        parameter: "Id",
        placeholder: "{{roleId}}",
    },
    Family {
        segment: "users",
        noun: "user",
        id_type: "UserId",
        refusal: "UserNotFound",
        subject: "User",
        is_copied: false,
        read: "dynamodb:GetItem",
        parameter: "UserId",
        placeholder: "{{userId}}",
    },
    Family {
        segment: "resources",
        noun: "resource",
        id_type: "ResourceId",
        refusal: "ResourceNotFound",
        subject: "Resource",
        is_copied: true,
        read: "dynamodb:GetItem",
        parameter: "Id",
        placeholder: "{{resourceId}}",
    },
];

impl Family {
    /// How the id is given to a function that only looks at it.
    pub(crate) fn lent(&self) -> &'static str {
        if self.is_copied { "id" } else { "&id" }
    }

    /// How the id is given away where it is needed once more.
    pub(crate) fn given(&self) -> &'static str {
        if self.is_copied { "id" } else { "id.clone()" }
    }
}
