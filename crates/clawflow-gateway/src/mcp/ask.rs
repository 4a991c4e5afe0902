//! What a flow asks people, as a form that a client shows, and the form as an answer.
//!
//! A form is flat and has plain values only. A question that asks for more takes JSON as text.
//! Only a form that was filled in is an answer: a client that declines, perhaps because nobody sits
//! there, leaves the question open.

use super::limits::VALUE_BYTES;
use clawflow_core::json::Object;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::FlowAnswerRequest;
use serde_json::{Value, json};

/// What a property of a form may say about itself.
const WORDS: [&str; 12] = [
    "type",
    "title",
    "description",
    "minLength",
    "maxLength",
    "format",
    "minimum",
    "maximum",
    "default",
    "enum",
    "enumNames",
    "pattern",
];
/// The property of an answer that is one value.
const RESPONSE: &str = "response";

/// Whether a person is asked: for a yes or no, whether an agent may do something, for a value.
pub(super) fn of_person(wait: &Wait) -> bool {
    matches!(wait.kind, WaitKind::Approval | WaitKind::Permission | WaitKind::Input)
}

/// How a question is put.
enum Form {
    /// Yes or no.
    Approval,
    /// The answer is the form itself.
    Whole(Object, Vec<Value>),
    /// The answer is one plain value.
    One(Value),
    /// The answer is JSON as text.
    Text,
}

/// The request that asks it.
pub(super) fn request(wait: &Wait) -> Value {
    let mut message = wait.prompt.clone().unwrap_or_default();
    let items = wait.items.as_ref().map(Value::to_string);
    for more in [wait.preview.clone(), items].into_iter().flatten() {
        let more = super::brief::value(&more.into(), VALUE_BYTES);
        let more = more.as_str().or_else(|| more["cut"].as_str()).unwrap_or_default();
        message = format!("{message}\n\n{more}");
    }
    let schema = match form(wait) {
        Form::Approval => json!({
            "type": "object",
            "properties": { "approve": {
                "type": "boolean", "title": "Approve", "description": "yes, or no",
            }},
            "required": ["approve"],
        }),
        Form::Whole(properties, required) => {
            json!({ "type": "object", "properties": properties, "required": required })
        }
        Form::One(one) => {
            json!({ "type": "object", "properties": { RESPONSE: one }, "required": [RESPONSE] })
        }
        Form::Text => {
            let like = wait.schema.as_ref().map_or_else(String::new, Value::to_string);
            let about = clawflow_core::limits::cut(&format!("JSON {like}"), 1000);
            let one = json!({ "type": "string", "title": "Answer", "description": about });
            json!({ "type": "object", "properties": { RESPONSE: one }, "required": [RESPONSE] })
        }
    };
    let params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
    json!({ "method": "elicitation/create", "params": params })
}

/// The answer that a form gives, if it was filled in.
pub(super) fn answer(wait: &Wait, result: &Value, by: String) -> Option<FlowAnswerRequest> {
    if result["action"] != "accept" {
        return None;
    }
    let content = result["content"].as_object()?;
    let (approve, response) = match form(wait) {
        Form::Approval => (Some(content.get("approve")?.as_bool()?), None),
        Form::Whole(..) => (None, Some(Value::Object(content.clone()))),
        Form::One(_) => (None, Some(content.get(RESPONSE)?.clone())),
        Form::Text => {
            let text = content.get(RESPONSE)?.as_str()?;
            (None, Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())))
        }
    };
    Some(FlowAnswerRequest {
        flow: wait.flow_id.0.clone(),
        step: None,
        wait_id: Some(wait.wait_id.clone()),
        approve,
        response,
        by,
        shown_hash: wait.shown_hash.clone(),
    })
}

fn form(wait: &Wait) -> Form {
    if wait.kind != WaitKind::Input {
        return Form::Approval;
    }
    let Some(Value::Object(schema)) = &wait.schema else { return Form::Text };
    if let Some(one) = plain(&Value::Object(schema.clone())) {
        return Form::One(one);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let (Some("object"), Some(properties)) =
        (schema.get("type").and_then(Value::as_str), properties)
    else {
        return Form::Text;
    };
    let plain: Option<Object> =
        properties.iter().map(|(name, one)| Some((name.clone(), plain(one)?))).collect();
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let known = |name: &Value| name.as_str().is_some_and(|name| properties.contains_key(name));
    match plain {
        Some(plain) if !plain.is_empty() && required.iter().all(known) => {
            Form::Whole(plain, required)
        }
        _ => Form::Text,
    }
}

/// The schema of one plain value, with the words that a form knows.
fn plain(schema: &Value) -> Option<Value> {
    let schema = schema.as_object()?;
    let kind = schema.get("type")?.as_str()?;
    let texts =
        |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let fits = ["string", "number", "integer", "boolean"].contains(&kind)
        && schema.get("enum").is_none_or(|list| kind == "string" && texts(list));
    let words = schema.iter().filter(|(word, _)| WORDS.contains(&word.as_str()));
    fits.then(|| Value::Object(words.map(|(word, value)| (word.clone(), value.clone())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(kind: &str, schema: Option<Value>) -> Wait {
        let mut wait = json!({ "waitId": "wait_1", "flowId": "flow_1", "version": 0, "kind": kind,
            "state": "open", "createdAt": 0, "prompt": "Go on?", "shownHash": "abc" });
        if let Some(schema) = schema {
            wait["schema"] = schema;
        }
        serde_json::from_value(wait).unwrap()
    }

    fn accept(content: Value) -> Value {
        json!({ "action": "accept", "content": content })
    }

    #[test]
    fn only_a_filled_form_answers() {
        let gate = wait("approval", None);
        let permission = wait("permission", None);
        assert!(of_person(&permission) && !of_person(&wait("timer", None)));
        assert_eq!(request(&permission), request(&gate));
        let said = |result: Value| answer(&gate, &result, "me".to_owned()).map(|a| a.approve);
        assert_eq!(said(accept(json!({ "approve": true }))), Some(Some(true)));
        assert_eq!(said(accept(json!({ "approve": false }))), Some(Some(false)));
        for none in [
            json!({ "action": "decline" }),
            json!({ "action": "cancel", "content": { "approve": true } }),
            accept(json!({})),
            accept(json!({ "approve": "yes" })),
            accept(json!([true])),
            json!(null),
        ] {
            assert_eq!(said(none.clone()), None, "{none}");
        }
        let given = answer(&gate, &accept(json!({ "approve": true })), "me".to_owned()).unwrap();
        assert_eq!((given.flow.as_str(), given.by.as_str()), ("flow_1", "me"));
        assert_eq!(given.shown_hash.as_deref(), Some("abc"));
    }

    #[test]
    fn a_form_is_flat_and_the_rest_is_text() {
        let flat = json!({ "type": "object", "required": ["n"], "properties": {
            "n": { "type": "integer", "minimum": 1, "multipleOf": 3 } } });
        let form = wait("input", Some(flat));
        let asked = request(&form)["params"]["requestedSchema"].clone();
        assert_eq!(asked["properties"]["n"], json!({ "type": "integer", "minimum": 1 }));
        let given = answer(&form, &accept(json!({ "n": 3 })), "me".to_owned()).unwrap();
        assert_eq!(given.response, Some(json!({ "n": 3 })));
        for deep in [
            None,
            Some(json!({ "type": "array" })),
            Some(json!({ "type": "object", "properties": { "a": { "type": "object" } } })),
            Some(json!(true)),
        ] {
            let text = wait("input", deep);
            let give = |said: &str| {
                let said = accept(json!({ "response": said }));
                answer(&text, &said, "me".to_owned()).unwrap().response
            };
            assert_eq!(give("[1, 2]"), Some(json!([1, 2])));
            assert_eq!(give("$(rm -rf /)"), Some(json!("$(rm -rf /)")));
        }
        let one = wait("input", Some(json!({ "type": "string", "enum": ["a", "b"] })));
        let given = answer(&one, &accept(json!({ "response": "a" })), "me".to_owned()).unwrap();
        assert_eq!(given.response, Some(json!("a")));
    }
}
