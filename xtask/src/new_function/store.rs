//! The store's part of a function that changes something: so far one row of the audit log, in a transaction of its own.

use super::function::{Function, Method};

/// `shared/store/src/directory/NAME.rs`.
pub(crate) fn source(function: &Function) -> String {
    let (route, uses, body) = (function.route(), uses(function), body(function));
    let (snake, arguments, errors) = (function.snake(), arguments(function), errors(function));
    format!(
        "//! `{route}`: so far nothing but its row in the audit log.\n\n{uses}\nimpl Store {{\n    \
         /// Puts itself on record. What it is for goes into the same transaction, before the row.\n    ///\n    \
         /// # Errors\n    /// {errors}\n    pub async fn {snake}(&self, actor: &Actor, {arguments}now: Timestamp) \
         -> Result<(), StoreError> {{\n{body}    }}\n}}\n\n{}",
        entry(function)
    )
}

fn errors(function: &Function) -> String {
    let missing = function.family.map(|family| format!("`{}`; ", family.refusal)).unwrap_or_default();
    let stale = if expects(function) { "`PreconditionFailed`; " } else { "" };
    let text = format!("{missing}{stale}busy or defect.");
    super::function::capitalized(&text)
}

/// Whether the state of an object is asked for.
fn expects(function: &Function) -> bool {
    function.family.is_some() && function.method.takes_if_match()
}

fn arguments(function: &Function) -> String {
    let id = function.family.map(|family| format!("id: {}, ", family.id_type)).unwrap_or_default();
    let expected = if expects(function) { "expected: &Precondition, " } else { "" };
    format!("{id}{expected}")
}

fn uses(function: &Function) -> String {
    let mut uses = vec!["use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};".to_owned()];
    if let Some(family) = function.family {
        uses.push(format!("use model::id::{};", family.id_type));
    }
    if expects(function) {
        uses.push("use model::precondition::Precondition;".into());
    }
    uses.push("use model::principal::Actor;".into());
    if function.family.is_some() {
        uses.push("use model::refusal::Refusal;".into());
    }
    let store = if function.family.is_some() { "" } else { "use crate::table::Store;\n" };
    uses.push(format!(
        "use model::time::Timestamp;\nuse serde_json::Map;\n\n{store}use crate::table::error::StoreError;"
    ));
    if function.family.is_some() {
        uses.push("use crate::table::expression::Expression;".into());
    }
    if expects(function) {
        uses.push("use crate::table::tag::require;".into());
    }
    let failed = if function.family.is_some() { "{Failed, Transaction}" } else { "Transaction" };
    uses.push(format!("use crate::table::transaction::{failed};"));
    if function.family.is_some() {
        uses.push("use crate::table::{Store, keys};".into());
    }
    uses.join("\n") + "\n"
}

fn body(function: &Function) -> String {
    let (mut body, entry) = (String::new(), entry_call(function));
    if let Some(family) = function.family {
        let (refusal, given, noun, lent) = (family.refusal, family.given(), family.noun, family.lent());
        body += &format!("        let missing = Refusal::{refusal}({given});\n");
        if expects(function) {
            body += &format!(
                "        let {noun} = self.{noun}(&actor.org, {lent}).await?.ok_or_else(|| missing.clone())?;\n        \
                 require(expected, || {noun}.tag())?;\n"
            );
        }
        body += "MAKE";
        body += &format!(
            "        tx.require(&keys::{noun}(&actor.org, {lent}), &Expression::exists(), move |_| Failed::Refuse(missing.clone()));\n"
        );
    } else {
        body += "MAKE";
    }
    body += &format!("        tx.commit(actor, &{entry}, now).await?.certain().map(drop)\n");
    if function.method == Method::Post {
        let body =
            body.replace("MAKE", "        let mut tx = Transaction::idempotent(self, actor, &(), now)?;\n");
        let body = if function.family.is_none() { body.replace("let mut tx", "let tx") } else { body };
        return format!("        self.idempotent(actor, now, async {{\n{body}        }}).await\n");
    }
    let maker = if function.family.is_some() { "let mut tx" } else { "let tx" };
    body.replace("MAKE", &format!("        {maker} = Transaction::new(self);\n"))
}

fn entry_call(function: &Function) -> &'static str {
    match function.family {
        Some(family) if family.is_copied => "entry(id)",
        Some(_) => "entry(&id)",
        None => "entry()",
    }
}

/// The row.
fn entry(function: &Function) -> String {
    let (argument, id) = match function.family {
        Some(family) if family.is_copied => (format!("id: {}", family.id_type), "id.to_string()".into()),
        Some(family) => (format!("id: &{}", family.id_type), "id.to_string()".into()),
        None => (String::new(), format!("String::from(\"{}\")", function.path)),
    };
    let subject = function.family.map_or("Request", |family| family.subject);
    let event = function.camel();
    format!(
        "fn entry({argument}) -> AuditEntry {{\n    AuditEntry {{\n        event: AuditEvent::{event},\n        \
         subject: AuditSubject::{subject},\n        subject_id: {id},\n        subject_name: None,\n        \
         result: AuditResult::Success,\n        details: Map::new(),\n    }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(method: &str, path: &str) -> String {
        source(&Function::read("thing-do", method, path).unwrap())
    }

    #[test]
    fn a_change_asks_for_what_it_must() {
        let post = text("POST", "/roles/{id}/archive");
        assert!(
            post.contains("Transaction::idempotent(self, actor, &(), now)?") && !post.contains("expected")
        );
        assert!(post.contains("Failed::Refuse(missing.clone())") && post.contains("AuditSubject::Role"));
        let delete = text("DELETE", "/users/{id}/archive");
        assert!(
            delete.contains("require(expected, || user.tag())?") && delete.contains("Transaction::new(self)")
        );
        assert!(delete.contains("Refusal::UserNotFound(id.clone())") && delete.contains("entry(&id)"));
    }

    #[test]
    fn a_change_of_no_object_is_about_its_request() {
        let put = text("PUT", "/settings");
        assert!(put.contains("AuditSubject::Request") && put.contains("\"/api/v1/settings\""));
        assert!(!put.contains("MAKE") && !put.contains("expected") && !put.contains("Refusal"));
    }
}
