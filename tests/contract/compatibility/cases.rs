//! What breaks clients and what does not, a line each.

use serde_json::{Value, json};

use super::breaks;

/// A document that has something of everything.
const RELEASED: &str = r##"
paths:
  /things/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: string, format: uuid } }
    get:
      operationId: thing-get
      x-access: [admin, member]
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 500 } }
      responses:
        "200":
          description: The thing.
          headers:
            etag: { required: true, schema: { type: string } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing" }
        "404": { description: There is none. }
    put:
      operationId: thing-update
      x-access: [admin]
      requestBody:
        content:
          application/json:
            schema: { $ref: "#/components/schemas/Draft" }
          text/csv: { schema: { type: string } }
      responses:
        "204": { description: Done. }
components:
  securitySchemes:
    token: { type: http, scheme: bearer }
  schemas:
    Name: { type: string, minLength: 1, maxLength: 255, pattern: "^[a-z]*$" }
    Thing:
      type: object
      required: [name, state]
      additionalProperties: false
      properties:
        name: { $ref: "#/components/schemas/Name" }
        state: { enum: [ON, OFF] }
        size: { type: integer, minimum: 0, maximum: 9 }
        tags: { type: array, maxItems: 5, items: { $ref: "#/components/schemas/Name" } }
        either: { anyOf: [{ type: string }, { type: integer }] }
    Draft:
      type: object
      required: [name]
      properties:
        name: { $ref: "#/components/schemas/Name" }
        state: { enum: [ON, OFF] }
        size: { type: [integer, "null"], minimum: 0, maximum: 9 }
        tags: { type: array, maxItems: 5, items: { type: string } }
        either: { anyOf: [{ type: string }, { type: integer }] }
        odd: { not: { const: 3 } }
"##;

const GET: &str = "/paths/~1things~1{id}/get";
const PUT: &str = "/paths/~1things~1{id}/put";
const THING: &str = "/components/schemas/Thing";
const DRAFT: &str = "/components/schemas/Draft";
const NAME: &str = "/components/schemas/Name";

/// A change: the member of a part is set, or taken away.
type Change = (&'static str, &'static str, &'static str, Option<Value>);

/// The document after a change, whose part begins with one of the names above.
fn changed(document: &Value, (base, below, member, value): Change) -> Value {
    let mut document = document.clone();
    let pointer = format!("{base}{below}");
    let part = document.pointer_mut(&pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
    match (part, value) {
        (Value::Array(list), Some(value)) => list.push(value),
        (part, Some(value)) => part[member] = value,
        (part, None) => {
            part.as_object_mut().unwrap().shift_remove(member).unwrap();
        }
    }
    document
}

fn breaking() -> Vec<(Change, &'static str)> {
    let set = |base, below, member, value: Value| (base, below, member, Some(value));
    vec![
        (("/paths", "", "/things/{id}", None), "GET /things/{id} is gone"),
        (("/paths/~1things~1{id}", "", "put", None), "PUT /things/{id} is gone"),
        (set(GET, "", "operationId", json!("thing-show")), "GET /things/{id} has another operationId"),
        (set(GET, "", "x-access", json!(["admin"])), "GET /things/{id} is no longer for member"),
        (set(GET, "", "parameters", json!([])), "GET /things/{id}, query limit is gone"),
        (set(GET, "/parameters/0", "required", json!(true)), "GET /things/{id}, query limit is required"),
        (set(GET, "/parameters/0/schema", "maximum", json!(499)), "query limit: maximum is tighter"),
        (
            set(GET, "/parameters", "", json!({"name": "q", "in": "query", "required": true})),
            "query q is new and required",
        ),
        ((GET, "/responses", "404", None), "GET /things/{id}, 404 is gone"),
        ((GET, "/responses/200/headers", "etag", None), "200, header etag is gone"),
        (
            set(GET, "/responses/200/headers/etag", "required", json!(false)),
            "200, header etag may be missing",
        ),
        (
            set(GET, "/responses/200", "content", json!({"text/html": {}})),
            "200 is no longer application/json",
        ),
        (set(PUT, "/responses/204", "content", json!({"text/html": {}})), "204 has a body"),
        (set(PUT, "/requestBody", "required", json!(true)), "PUT /things/{id}, body is required"),
        ((PUT, "/requestBody/content", "text/csv", None), "body is no longer text/csv"),
        (
            set("/components/securitySchemes/token", "", "scheme", json!("basic")),
            "the security scheme token: scheme",
        ),
        ((THING, "/properties", "size", None), "Thing as answered: size is gone"),
        (set(THING, "", "required", json!(["name"])), "Thing as answered: {\"state\"} may be missing now"),
        (set(THING, "/properties/size", "type", json!(["integer", "null"])), "size may be {\"null\"} now"),
        (set(THING, "/properties/size", "maximum", json!(10)), "Thing as answered: size: maximum is looser"),
        ((THING, "/properties/size", "minimum", None), "Thing as answered: size: minimum is looser"),
        (
            set(THING, "/properties/state", "enum", json!(["ON"])),
            "Thing as answered: state is \"OFF\" no more",
        ),
        (set(THING, "/properties/state", "enum", json!(["ON", "OFF", null])), "state may be null now"),
        ((THING, "/properties/state", "enum", None), "Thing as answered: state may be any value now"),
        (
            set(THING, "/properties/either/anyOf", "", json!({"type": "null"})),
            "either: anyOf has other schemas",
        ),
        ((DRAFT, "/properties", "size", None), "Draft as sent: size is gone"),
        (set(DRAFT, "", "required", json!(["name", "size"])), "Draft as sent: {\"size\"} must be there now"),
        (
            set(DRAFT, "", "additionalProperties", json!(false)),
            "Draft as sent: other members must not be there any more",
        ),
        (set(DRAFT, "/properties/size", "type", json!("integer")), "size must not be {\"null\"} any more"),
        (set(DRAFT, "/properties/size", "minimum", json!(1)), "Draft as sent: size: minimum is tighter"),
        (set(DRAFT, "/properties/tags", "maxItems", json!(4)), "Draft as sent: tags: maxItems is tighter"),
        (set(DRAFT, "/properties/tags/items", "minLength", json!(1)), "tags: items: minLength is tighter"),
        (
            set(DRAFT, "/properties/tags", "uniqueItems", json!(true)),
            "Draft as sent: tags: uniqueItems is another",
        ),
        (set(DRAFT, "/properties/state", "enum", json!(["OFF"])), "Draft as sent: state is \"ON\" no more"),
        (
            set(DRAFT, "/properties/tags/items", "enum", json!(["a"])),
            "tags: items must be a listed value now",
        ),
        (
            set(DRAFT, "/properties/either", "anyOf", json!([{"type": "string"}])),
            "either: anyOf has other schemas",
        ),
        (set(DRAFT, "/properties/odd", "not", json!({"const": 4})), "Draft as sent: odd: not is another"),
        (set(NAME, "", "maxLength", json!(254)), "Name as sent: maxLength is tighter"),
        (set(NAME, "", "maxLength", json!(256)), "Name as answered: maxLength is looser"),
        (set(NAME, "", "pattern", json!("^[a-z]+$")), "Name as sent: pattern is another"),
    ]
}

fn harmless() -> Vec<Change> {
    let set = |base, below, member, value: Value| (base, below, member, Some(value));
    vec![
        set("/paths", "", "/more", json!({"get": {"operationId": "more-list", "responses": {}}})),
        set(GET, "", "x-access", json!(["admin", "member", "key"])),
        set(GET, "", "description", json!("In other words.")),
        set(GET, "/parameters", "", json!({"name": "q", "in": "query", "schema": {"type": "string"}})),
        set(GET, "/parameters/0/schema", "maximum", json!(501)),
        set(GET, "/responses", "410", json!({"description": "It was deleted."})),
        set(GET, "/responses/200/headers", "link", json!({"schema": {"type": "string"}})),
        set(PUT, "/requestBody/content", "text/xml", json!({})),
        set(THING, "/properties", "colour", json!({"type": "string"})),
        set(THING, "", "required", json!(["name", "state", "size"])),
        set(THING, "/properties/state", "enum", json!(["ON", "OFF", "BROKEN"])),
        set(THING, "/properties/size", "maximum", json!(8)),
        set(THING, "/properties/size", "description", json!("In metres.")),
        set(THING, "/properties/either", "anyOf", json!([{"type": "string"}, {"type": "integer"}])),
        set(DRAFT, "/properties", "colour", json!({"type": "string"})),
        set(DRAFT, "", "required", json!([])),
        set(DRAFT, "/properties/size", "maximum", json!(10)),
        set(DRAFT, "/properties/state", "enum", json!(["ON", "OFF", "BROKEN"])),
        set(DRAFT, "/properties/either/anyOf", "", json!({"type": "null"})),
        (DRAFT, "/properties/tags", "maxItems", None),
        set("/components/securitySchemes", "", "key", json!({"type": "apiKey", "in": "header", "name": "k"})),
    ]
}

fn released() -> Value {
    serde_yaml_ng::from_str(RELEASED).unwrap()
}

#[test]
fn what_breaks_a_client_is_told() {
    for (change, expected) in breaking() {
        let told = breaks(&released(), &changed(&released(), change.clone()));
        assert!(told.iter().any(|line| line.contains(expected)), "{change:?}: {told:?} and not {expected}");
    }
}

#[test]
fn what_breaks_nobody_passes() {
    assert_eq!(breaks(&released(), &released()), Vec::<String>::new());
    for change in harmless() {
        let told = breaks(&released(), &changed(&released(), change.clone()));
        assert_eq!(told, Vec::<String>::new(), "{change:?}");
    }
}
