//! `api/openapi.yaml`.

use super::function::{Function, Method, capitalized};
use crate::failure::Failure;
use crate::text::{before_line, insert};

/// The tags of families that are spelled otherwise than their paths.
const TAGS: [(&str, &str); 2] = [("api-keys", "API keys"), ("audit-logs", "Audit log")];

/// The document with the operation.
pub(crate) fn with_operation(text: &str, function: &Function) -> Result<String, Failure> {
    let tag = tag(function);
    let mut text = text.to_owned();
    if !text.contains(&format!("\n  - name: {tag}\n")) {
        text = before_line(
            &text,
            "  - name: Health\n",
            &format!("  - name: {tag}\n    description: What {} does.\n", function.name),
        )?;
    }
    if function.method != Method::Get {
        text = before_line(&text, "        - ACCESS_DENIED\n", &format!("        - {}\n", function.event()))?;
    }
    let head = format!("\n  {}:\n", function.path);
    if let Some(place) = text.find(&head) {
        let rest = text.get(place + head.len()..).unwrap_or_default();
        let end = rest.find("\n\n").ok_or("api/openapi.yaml: a path does not end")? + 1;
        return Ok(insert(&text, place + head.len() + end, &operation(function, &tag)));
    }
    let parameters = function.family.map(|family| {
        format!("    parameters:\n      - $ref: \"#/components/parameters/{}\"\n", family.parameter)
    });
    let path =
        format!("  {}:\n{}{}\n", function.path, parameters.unwrap_or_default(), operation(function, &tag));
    before_line(&text, "components:\n", &path)
}

fn tag(function: &Function) -> String {
    let known = TAGS.iter().find(|(segment, _)| *segment == function.segment());
    known.map_or_else(|| capitalized(&function.segment().replace('-', " ")), |(_, tag)| (*tag).to_owned())
}

fn operation(function: &Function, tag: &str) -> String {
    let method = function.method.as_str().to_lowercase();
    let does = if function.method == Method::Get {
        "shows nothing"
    } else {
        "does nothing but put itself on record"
    };
    let header = match function.method {
        Method::Get => None,
        Method::Post => Some("IdempotencyKey"),
        Method::Put | Method::Patch | Method::Delete => Some("IfMatch"),
    };
    let parameters = header
        .map(|header| format!("      parameters:\n        - $ref: \"#/components/parameters/{header}\"\n"));
    format!(
        "    {method}:\n      operationId: {}\n      tags: [{tag}]\n      summary: {}\n      \
         description: So far it {does}. A body is not read.\n      x-access: [admin]\n      \
         security: [{{ token: [ORG_ADMIN] }}]\n{}      responses:\n{}{}",
        function.name,
        function.words(),
        parameters.unwrap_or_default(),
        success(function),
        refusals(function)
    )
}

fn success(function: &Function) -> String {
    if function.method == Method::Delete {
        return "        \"204\": { $ref: \"#/components/responses/NoContent\" }\n".into();
    }
    let message = "{ $ref: \"#/components/schemas/Message\" }";
    let (schema, example) = if function.method == Method::Get {
        (format!("{{ type: array, items: {message} }}"), "[]".to_owned())
    } else {
        (message.to_owned(), format!("{{ message: \"{}\" }}", super::sources::message(function)))
    };
    format!(
        "        \"200\":\n          description: What there is to say.\n          headers:\n            \
         x-request-id: {{ $ref: \"#/components/headers/RequestId\" }}\n          content:\n            \
         application/json:\n              schema: {schema}\n              example: {example}\n"
    )
}

/// Every refusal that can be met, in the format of the path.
fn refusals(function: &Function) -> String {
    let format = if function.segment() == "resources" { "Code" } else { "Reason" };
    let statuses = [
        // A parameter of the query that the operation does not have.
        (400, true),
        (401, true),
        (403, true),
        (404, function.family.is_some()),
        (412, function.method.takes_if_match()),
        (414, true),
        (429, true),
        (431, true),
        (500, true),
        (503, true),
    ];
    let met = statuses.into_iter().filter(|(_, is_met)| *is_met);
    met.map(|(status, _)| {
        format!("        \"{status}\": {{ $ref: \"#/components/responses/{format}{status}\" }}\n")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "tags:\n  - name: Roles\n  - name: Health\n\npaths:\n  /api/v1/roles:\n    get:\n      a\n\n  \
                        /api/v1/users:\n    get:\n      b\n\ncomponents:\n  x\n        - ACCESS_DENIED\n";

    fn with(method: &str, path: &str) -> String {
        with_operation(TEXT, &Function::read("thing-do", method, path).unwrap()).unwrap()
    }

    #[test]
    fn a_new_path_stands_behind_the_others() {
        let text = with("GET", "/reports");
        assert!(text.contains("  - name: Reports\n    description: What thing-do does.\n  - name: Health\n"));
        assert!(text.contains("      b\n\n  /api/v1/reports:\n    get:\n      operationId: thing-do\n"));
        assert!(text.contains("Reason503\" }\n\ncomponents:\n") && !text.contains("THING_DO"));
    }

    #[test]
    fn a_new_method_stands_behind_the_others_of_its_path() {
        let text = with("PUT", "/roles");
        assert!(
            text.contains("    get:\n      a\n    put:\n      operationId: thing-do\n      tags: [Roles]\n")
        );
        assert!(
            text.contains("Reason503\" }\n\n  /api/v1/users:\n")
                && text.contains("        - THING_DO\n        - ACCESS")
        );
    }

    #[test]
    fn refusals_have_the_face_of_the_path() {
        let text = with("DELETE", "/resources/{id}/label");
        assert!(
            text.contains("/parameters/Id\"")
                && text.contains("responses/Code412")
                && !text.contains("Reason")
        );
        assert!(with("POST", "/users/{id}/label").contains("/parameters/UserId\""));
    }
}
