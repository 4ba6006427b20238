//! The folder of a function: its handler and its event.

use super::function::{Function, Method};

/// `functions/NAME/mod.rs`.
pub(crate) fn handler(function: &Function) -> String {
    let what =
        if function.method == Method::Get { "an empty list" } else { "nothing but a row of the audit log" };
    let head = format!("//! `{}`: so far {what}.\n\n{}\n", function.route(), uses(function));
    let doc = if function.method == Method::Get {
        "Shows nothing yet."
    } else {
        "Does nothing yet but put itself on record."
    };
    let (arguments, reply, body) = (arguments(function), reply_type(function), body(function));
    format!(
        "{head}/// {doc}\n///\n/// # Errors\n/// {}\npub async fn handler(app: App, caller: OrgAdmin{arguments}) -> \
         Result<{reply}, Failure> {{\n{body}}}\n",
        errors(function)
    )
    .replace("app: App, caller", if is_idle(function) { "_app: App, _caller" } else { "app: App, caller" })
}

/// Whether it asks nobody.
fn is_idle(function: &Function) -> bool {
    function.method == Method::Get && function.family.is_none()
}

fn errors(function: &Function) -> &'static str {
    match (function.family.is_some(), function.method.takes_if_match()) {
        (true, true) => "404; 412.",
        (true, false) => "404.",
        (false, true) => "412 for any `ETag`, because there is no object that has one.",
        (false, false) => "None of its own.",
    }
}

fn uses(function: &Function) -> String {
    let mut uses = Vec::new();
    if let Some(family) = function.family {
        uses.push(format!("use model::id::{};", family.id_type));
        if function.method == Method::Get {
            uses.push("use model::refusal::Refusal;".into());
        }
    }
    uses.push("use web::access::OrgAdmin;".into());
    let inputs = match (function.family.is_some(), function.method.takes_if_match()) {
        (true, true) => "use web::input::{IfMatch, Path};",
        (true, false) => "use web::input::Path;",
        (false, true) => "use web::input::IfMatch;",
        (false, false) => "",
    };
    uses.extend((!inputs.is_empty()).then(|| inputs.into()));
    let reply = if function.method == Method::Delete { "NoContent" } else { "{MessageBody, Ok200}" };
    uses.push(format!("use web::reply::{reply};\nuse web::{{App, Failure}};"));
    uses.join("\n") + "\n"
}

fn arguments(function: &Function) -> String {
    let id =
        function.family.map(|family| format!(", Path(id): Path<{}>", family.id_type)).unwrap_or_default();
    let tag = match (function.family.is_some(), function.method.takes_if_match()) {
        (true, true) => ", IfMatch(expected): IfMatch",
        (false, true) => ", if_match: IfMatch",
        _ => "",
    };
    format!("{id}{tag}")
}

fn reply_type(function: &Function) -> &'static str {
    match function.method {
        Method::Get => "Ok200<Vec<MessageBody>>",
        Method::Delete => "NoContent",
        Method::Post | Method::Put | Method::Patch => "Ok200<MessageBody>",
    }
}

fn body(function: &Function) -> String {
    let lent = function.family.map(|family| (family, family.lent()));
    let mut body = String::new();
    if function.method == Method::Get {
        if let Some((family, lent)) = lent {
            let (noun, refusal) = (family.noun, family.refusal);
            body += &format!("    let found = app.store().{noun}(caller.org(), {lent}).await?;\n");
            body += &format!("    found.ok_or(Refusal::{refusal}(id))?;\n");
        }
        return body + "    Ok(Ok200(Vec::new()))\n";
    }
    if function.family.is_none() && function.method.takes_if_match() {
        body += "    if_match.names_no_tag()?;\n";
    }
    let id = if function.family.is_some() { "id, " } else { "" };
    let expected =
        if function.family.is_some() && function.method.takes_if_match() { "&expected, " } else { "" };
    body +=
        &format!("    app.store().{}(&caller.actor(), {id}{expected}app.now).await?;\n", function.snake());
    if function.method == Method::Delete {
        body + "    Ok(NoContent)\n"
    } else {
        body + &format!("    Ok(Ok200(MessageBody {{ message: \"{}\" }}))\n", message(function))
    }
}

/// What is answered where there is nothing to show.
pub(crate) fn message(function: &Function) -> String {
    format!("{}: on record", function.words())
}

/// `functions/NAME/event.json`.
pub(crate) fn event(function: &Function) -> String {
    let placeholder = function.family.map(|family| family.placeholder);
    let path = function.path.replace("{id}", placeholder.unwrap_or_default());
    let parameters = placeholder
        .map(|id| format!("  \"pathParameters\": {{\n    \"id\": \"{id}\"\n  }},\n"))
        .unwrap_or_default();
    EVENT
        .replace("METHOD", function.method.as_str())
        .replace("ROUTE", &function.path)
        .replace("PATH", &path)
        .replace("  PARAMETERS\n", &parameters)
}

const EVENT: &str = r#"{
  "version": "2.0",
  "routeKey": "METHOD ROUTE",
  "rawPath": "PATH",
  "rawQueryString": "",
  "headers": {
    "accept": "application/json",
    "authorization": "Bearer {{token}}",
    "content-length": "0",
    "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
    "user-agent": "curl/8.5.0",
    "x-amzn-trace-id": "Root=1-699594b5-4f1d2a6c9b8e7d5f3a1c2b4e",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https"
  },
  "requestContext": {
    "accountId": "123456789012",
    "apiId": "a1b2c3d4e5",
    "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
    "domainPrefix": "a1b2c3d4e5",
    "http": {
      "method": "METHOD",
      "path": "PATH",
      "protocol": "HTTP/1.1",
      "sourceIp": "203.0.113.7",
      "userAgent": "curl/8.5.0"
    },
    "requestId": "b3Jk-h9MliAEJWg=",
    "routeKey": "METHOD ROUTE",
    "stage": "$default",
    "time": "18/Feb/2026:10:30:13 +0000",
    "timeEpoch": 1771410613137
  },
  PARAMETERS
  "isBase64Encoded": false
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_of_its_route() {
        let text = event(&Function::read("role-archive", "POST", "/roles/{id}/archive").unwrap());
        assert!(text.contains("\"routeKey\": \"POST /api/v1/roles/{id}/archive\""));
        assert!(text.contains("\"rawPath\": \"/api/v1/roles/{{roleId}}/archive\""));
        assert!(text.contains("    \"id\": \"{{roleId}}\"\n  },\n  \"isBase64Encoded\""));
        let text = event(&Function::read("report-list", "GET", "/reports").unwrap());
        assert!(!text.contains("pathParameters") && !text.contains("PARAMETERS"));
    }

    #[test]
    fn a_handler_takes_what_its_method_needs() {
        let text = |method, path| handler(&Function::read("thing-do", method, path).unwrap());
        let list = text("GET", "/reports");
        assert!(list.contains("_app: App, _caller: OrgAdmin)") && list.contains("Ok(Ok200(Vec::new()))"));
        let put = text("PUT", "/settings");
        assert!(
            put.contains("if_match.names_no_tag()?;") && put.contains("thing_do(&caller.actor(), app.now)")
        );
        let delete = text("DELETE", "/users/{id}/archive");
        assert!(
            delete.contains("thing_do(&caller.actor(), id, &expected, app.now)")
                && delete.contains("Ok(NoContent)")
        );
    }
}
