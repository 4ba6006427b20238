//! `template.yaml`, and the routes of `cargo lambda watch`, which say the same.

use crate::Failure;
use crate::function::Function;
use crate::text::{before_line, insert};

/// The function before which new ones stand: it takes what no route does.
const LAST: &str = "  FallbackFunction:";

/// Its role, before which those of new ones stand that may read the secrets: each asks who calls.
const LAST_READER: &str = "        - !Ref FallbackFunctionRole";

/// The template with the function.
pub(crate) fn with_function(text: &str, function: &Function) -> Result<String, Failure> {
    let puts = if function.puts().is_empty() { String::new() } else { writes("PutItem", function.puts()) };
    let new = FUNCTION
        .replace("CAMEL", &function.camel())
        .replace("NAME", &function.name)
        .replace("READS", &quoted(&function.reads()))
        .replace("PUTS", &puts)
        .replace("UPDATES", &writes("UpdateItem", &["RATE#*"]))
        .replace("METHOD", function.method.as_str())
        .replace("PATH", &function.path);
    let role = format!("        - !Ref {}FunctionRole\n", function.camel());
    before_line(&before_line(text, LAST_READER, &role)?, LAST, &new)
}

fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

/// A statement that allows writes in some partitions.
fn writes(action: &str, partitions: &[&str]) -> String {
    WRITES.replace("ACTION", action).replace("PARTITIONS", &quoted(partitions))
}

const WRITES: &str = r#"            - Effect: Allow
              Action: ["dynamodb:ACTION"]
              Resource: !GetAtt ActiveTable.Value
              Condition:
                "Null": { "dynamodb:LeadingKeys": "false" }
                "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [PARTITIONS] }
"#;

const FUNCTION: &str = r#"  CAMELFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/NAME/
      Policies:
        - Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: [READS]
              Resource: !GetAtt ActiveTable.Value
PUTSUPDATES      Events:
        Route:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: METHOD, Path: "PATH" }

"#;

/// The section of the workspace's manifest with the routes.
const ROUTER: &str = "[workspace.metadata.lambda.watch.router]\n";

/// The workspace's manifest with the route, in the order of paths and methods.
pub(crate) fn with_watched_route(text: &str, function: &Function) -> Result<String, Failure> {
    let start = text.find(ROUTER).ok_or("Cargo.toml has no routes of cargo lambda watch")? + ROUTER.len();
    let entry =
        format!("    {{ method = \"{}\", function = \"{}\" }},\n", function.method.as_str(), function.name);
    let (mut at, mut inside) = (start, false);
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let path = line.strip_prefix('"').and_then(|rest| rest.split('"').next());
        let is_greater_method =
            line.split('"').nth(1).is_some_and(|method| method > function.method.as_str());
        if inside && (line == "]\n" || is_greater_method) {
            return Ok(insert(text, at, &entry));
        }
        if line.starts_with('[') || path.is_some_and(|path| path > function.path.as_str()) {
            break;
        }
        inside |= path == Some(function.path.as_str());
        at += line.len();
    }
    Ok(insert(text, at, &format!("\"{}\" = [\n{entry}]\n", function.path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(method: &str, path: &str) -> Function {
        Function::read("thing-do", method, path).unwrap()
    }

    #[test]
    fn a_function_stands_before_the_fallback() {
        let text =
            "        - !Ref FallbackFunctionRole\n  HealthFunction:\n    a\n\n  FallbackFunction:\n    b\n";
        let new = with_function(text, &function("POST", "/roles/{id}/archive")).unwrap();
        let roles = "        - !Ref ThingDoFunctionRole\n        - !Ref FallbackFunctionRole\n";
        assert!(new.starts_with(&format!("{roles}  HealthFunction:\n    a\n\n  ThingDoFunction:\n")));
        assert!(new.contains("Action: [\"dynamodb:ConditionCheckItem\", \"dynamodb:GetItem\"]"));
        assert!(new.contains("Action: [\"dynamodb:PutItem\"]"));
        assert!(new.contains("{ \"dynamodb:LeadingKeys\": [\"ORG#*#AUDIT\", \"ORG#*#ONCE#*\"] }"));
        let reading = with_function(text, &function("GET", "/reports")).unwrap();
        assert!(!reading.contains("PutItem") && reading.contains("[\"RATE#*\"]"));
        assert!(new.ends_with("Path: \"/api/v1/roles/{id}/archive\" }\n\n  FallbackFunction:\n    b\n"));
    }

    #[test]
    fn a_route_stands_where_it_belongs() {
        let entry = |method: &str| format!("    {{ method = \"{method}\", function = \"thing-do\" }},\n");
        let block = |path: &str, entries: &str| format!("\"/api/v1/{path}\" = [\n{entries}]\n");
        let known = "    { method = \"GET\", function = \"b\" },\n";
        let text = format!("x\n{ROUTER}{}{}", block("b", known), block("d", known));
        for (method, path, expected) in [
            (
                "GET",
                "/a",
                format!("x\n{ROUTER}{}{}{}", block("a", &entry("GET")), block("b", known), block("d", known)),
            ),
            (
                "GET",
                "/c",
                format!("x\n{ROUTER}{}{}{}", block("b", known), block("c", &entry("GET")), block("d", known)),
            ),
            ("GET", "/e", format!("{text}{}", block("e", &entry("GET")))),
            ("POST", "/b", text.replacen(known, &format!("{known}{}", entry("POST")), 1)),
            ("DELETE", "/b", text.replacen(known, &format!("{}{known}", entry("DELETE")), 1)),
        ] {
            assert_eq!(
                with_watched_route(&text, &function(method, path)).unwrap(),
                expected,
                "{method} {path}"
            );
        }
        assert!(with_watched_route("x", &function("GET", "/a")).is_err());
    }
}
