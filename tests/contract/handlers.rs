//! Handlers know requests and operations: no status, no key of the table, no type of an SDK.

use crate::repository::{assert_nothing_wrong, function_folders, list, read};

/// What no function says, and who says it instead.
const FORBIDDEN: [(&str, &str); 10] = [
    ("StatusCode", "the reply's type and Failure are the status"),
    ("aws_sdk", "store and web know AWS"),
    ("aws_config", "store and web know AWS"),
    ("AttributeValue", "store knows DynamoDB"),
    ("serde_dynamo", "store knows DynamoDB"),
    ("#RESOURCE", "store::keys spells keys"),
    ("ORG#", "store::keys spells keys"),
    ("jsonwebtoken", "auth knows tokens"),
    ("SystemTime", "app.now is the time"),
    ("env::var", "web::settings reads the environment"),
];

/// Longest file of a handler, and longest function in one.
const FILE_LINES_MAX: usize = 60;
const FUNCTION_LINES_MAX: usize = 40;

/// Every file of Rust below `functions/`.
fn sources() -> Vec<(String, String)> {
    let folders = list("functions").into_iter().filter(|name| !name.contains('.'));
    let files = folders.flat_map(|folder| {
        let files = list(&format!("functions/{folder}")).into_iter().filter(|file| file.ends_with(".rs"));
        files.map(|file| format!("functions/{folder}/{file}")).collect::<Vec<_>>()
    });
    files.map(|path| (path.clone(), read(&path))).collect()
}

/// The numbered lines of a source without its comments.
fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number, line.split(" // ").next().unwrap_or_default()))
}

/// The identifiers and numbers of a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// A number that could be the status of an answer; 1xx are none that a function gives.
fn is_status(word: &str) -> bool {
    word.len() == 3 && word.parse::<u16>().is_ok_and(|number| (200..600).contains(&number))
}

#[test]
fn functions_name_no_status_key_or_sdk() {
    let mut wrong = Vec::new();
    for (path, source) in sources() {
        for (number, line) in code(&source) {
            for (forbidden, instead) in FORBIDDEN {
                if line.contains(forbidden) {
                    wrong.push(format!("{path}:{number} says {forbidden}: {instead}"));
                }
            }
            for word in words(line).filter(|word| is_status(word) || ["pk", "sk"].contains(word)) {
                wrong.push(format!("{path}:{number} says {word}: a status or a key of the table"));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

/// Where each function begins, and how many lines it has: formatted code closes it at its own indentation.
fn functions(source: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("//") || !words(line).any(|word| word == "fn") {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indent(line)));
        let end = lines.iter().enumerate().skip(start).find(|(_, line)| **line == closing);
        found.push((start + 1, end.map_or(1, |(end, _)| end - start + 1)));
    }
    found
}

#[test]
fn handlers_are_short() {
    let mut wrong = Vec::new();
    for folder in function_folders() {
        let path = format!("functions/{folder}/mod.rs");
        let source = read(&path);
        let lines = source.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{path} has {lines} lines, and may have {FILE_LINES_MAX}"));
        }
        let long = functions(&source).into_iter().filter(|(_, length)| *length > FUNCTION_LINES_MAX);
        wrong.extend(long.map(|(start, length)| {
            format!(
                "{path}:{start} begins a function of {length} lines, and it may have {FUNCTION_LINES_MAX}"
            )
        }));
        if !source.contains("pub async fn handler(") {
            wrong.push(format!("{path} has no handler"));
        }
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn the_checks_see_what_they_look_for() {
    let source = "fn a() {\n    b();\n}\n\nimpl A {\n    fn b() {\n        if c {\n        }\n    }\n}\n";
    assert_eq!(functions(source), [(1, 3), (6, 4)]);
    assert_eq!(code("// 404\nlet a = 404; // 200\n").collect::<Vec<_>>(), [(2, "let a = 404;")]);
    assert_eq!(words("Ok200(x.pk, 404)").filter(|word| is_status(word)).collect::<Vec<_>>(), ["404"]);
}
