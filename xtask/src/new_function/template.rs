//! `template.yaml`.

use super::function::Function;
use crate::failure::Failure;
use crate::text::before_line;

/// The function before which new ones stand: it takes what no route does.
const LAST: &str = "  FallbackFunction:";

/// The template with the function.
pub(crate) fn with_function(text: &str, function: &Function) -> Result<String, Failure> {
    let puts = if function.puts().is_empty() { String::new() } else { puts(function.puts()) };
    let new = FUNCTION
        .replace("CAMEL", &function.camel())
        .replace("NAME", &function.name)
        .replace("READS", &quoted(&function.reads()))
        .replace("PUTS", &puts)
        .replace("METHOD", function.method.as_str())
        .replace("PATH", &function.path);
    before_line(text, LAST, &new)
}

fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

/// A statement that allows puts in some partitions.
fn puts(partitions: &[&str]) -> String {
    PUTS.replace("PARTITIONS", &quoted(partitions))
}

const PUTS: &str = r#"            - Effect: Allow
              Action: ["dynamodb:PutItem"]
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
        - !Ref CallerPolicy
        - Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: [READS]
              Resource: !GetAtt ActiveTable.Value
PUTS      Events:
        Route:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: METHOD, Path: "PATH" }

"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn function(method: &str, path: &str) -> Function {
        Function::read("thing-do", method, path).unwrap()
    }

    #[test]
    fn a_function_stands_before_the_fallback() {
        let text = "  HealthFunction:\n    a\n\n  FallbackFunction:\n    b\n";
        let new = with_function(text, &function("POST", "/roles/{id}/archive")).unwrap();
        assert!(new.starts_with("  HealthFunction:\n    a\n\n  ThingDoFunction:\n"));
        assert!(new.contains("Action: [\"dynamodb:ConditionCheckItem\", \"dynamodb:GetItem\"]"));
        assert!(new.contains("Action: [\"dynamodb:PutItem\"]"));
        assert!(new.contains("{ \"dynamodb:LeadingKeys\": [\"ORG#*#AUDIT\", \"ORG#*#ONCE#*\"] }"));
        let reading = with_function(text, &function("GET", "/reports")).unwrap();
        assert!(!reading.contains("PutItem") && reading.contains("- !Ref CallerPolicy\n"));
        assert!(new.ends_with("Path: \"/api/v1/roles/{id}/archive\" }\n\n  FallbackFunction:\n    b\n"));
    }
}
