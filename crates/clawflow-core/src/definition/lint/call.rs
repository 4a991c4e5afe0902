//! Questions to servers and models.

use super::super::model::{Action, HeaderValue, HttpCall, StepDef};
use super::super::reference::Reference;
use super::super::source::Span;
use super::super::template::{Segment, Template};
use super::Linter;
use std::collections::HashSet;

/// Parts of the names of headers that carry secrets.
const SECRET_NAMES: [&str; 6] = ["authorization", "api-key", "apikey", "token", "secret", "cookie"];
/// Shorter words in such a header are hardly a secret.
const SECRET_CHARS_MIN: usize = 8;

impl Linter<'_> {
    /// What is sent, and to whom.
    pub(super) fn call(&mut self, step: &StepDef) {
        let Action::Http(call) = &step.action else { return };
        for (name, value) in &call.headers {
            let HeaderValue::Text(text) = value else { continue };
            if SECRET_NAMES.iter().any(|part| name.contains(part)) && has_long_word(text) {
                let message = format!("the header `{name}` has a secret in the file");
                let hint = "the file and the flow keep it; write `{ env: NAME }` or \
                            `{ file: PATH }`, with a `prefix`";
                self.find(text.span, "literal_secret", message, hint);
            }
        }
        if let Some(name) = secret_in_clear(call) {
            let message = format!("the header `{name}` is a secret, and is sent in clear");
            self.find(call.url.span, "secret_in_clear", message, "use `https://`");
        }
    }

    /// The answer of a model is text: it is JSON for sure only with a schema.
    pub(super) fn answers(&mut self) {
        let definition = self.definition;
        let free = |step: &&StepDef| match &step.action {
            Action::Llm(ask) => ask.schema.is_none(),
            Action::Acp(ask) => ask.schema.is_none(),
            _ => false,
        };
        let free: HashSet<&str> =
            definition.all_steps().filter(free).map(|step| step.id.as_str()).collect();
        if free.is_empty() {
            return;
        }
        let mut found: Vec<(Span, &Reference)> = Vec::new();
        let wanted = |one: &Reference| one.path[0] == "json" && free.contains(one.id.as_str());
        for step in definition.all_steps() {
            step.each_template(&mut |text| {
                let references = text.references().filter(|one| wanted(one));
                found.extend(references.map(|one| (text.span, one)));
            });
            if let Some(when) = &step.when {
                let references = when.references().into_iter().filter(|one| wanted(one));
                found.extend(references.map(|one| (when.span, one)));
            }
        }
        for (span, reference) in found {
            if self.full() {
                return;
            }
            let span = self.source.find(span, &reference.to_string());
            let message = format!("`{reference}` is there only if the model happens to write JSON");
            let hint =
                format!("give the question of step `{}` a `schema`, or use `stdout`", reference.id);
            self.find(span, "free_answer", message, &hint);
        }
    }
}

/// Whether the text itself, not what is filled in, has a word that may be a secret.
fn has_long_word(text: &Template) -> bool {
    let long = |word: &str| word.chars().count() >= SECRET_CHARS_MIN;
    let plain = text.segments.iter().filter_map(|segment| match segment {
        Segment::Text(plain) => Some(plain),
        Segment::Arg(_) | Segment::Step(_) => None,
    });
    // The scheme before it, as in `Bearer …`, is no secret.
    let mut words = plain.flat_map(|plain| plain.split_whitespace());
    words.any(|word| long(word) && !word.eq_ignore_ascii_case("negotiate"))
}

/// The header with a secret that goes over plain HTTP to another machine.
fn secret_in_clear(call: &HttpCall) -> Option<&str> {
    let url = call.url.source.trim_start().to_ascii_lowercase();
    let host = url.strip_prefix("http://")?;
    let here = ["localhost", "127.", "[::1]", "$"];
    if here.iter().any(|begin| host.starts_with(begin)) {
        return None;
    }
    let secret = |value: &HeaderValue| matches!(value, HeaderValue::Secret { .. });
    call.headers.iter().find(|(_, value)| secret(value)).map(|(name, _)| name.as_str())
}
