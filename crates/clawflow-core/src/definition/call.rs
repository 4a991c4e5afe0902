//! Questions to servers: `http`, and `llm` for those that answer with the text of a model.

use super::decode::{Decoder, Fields, choice, expected, integer, text};
use super::error::Fault;
use super::keys;
use super::limits::{CORRECTIONS_MAX, NAME_BYTES_MAX, TOKENS_MAX};
use super::model::{Action, Expect, HeaderValue, HttpCall, LlmCall, Method, Secret};
use super::node::{Entry, Kind, Node};
use super::schema::Schema;
use super::template::Template;

const METHODS: [(&str, Method); 7] = [
    ("GET", Method::Get),
    ("HEAD", Method::Head),
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("DELETE", Method::Delete),
    ("OPTIONS", Method::Options),
];

/// Headers that belong to the connection, not to the file.
const OWN_HEADERS: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];

/// How often a model is asked to correct its answer where the file does not say.
const CORRECTIONS: u64 = 1;

/// `http`: one request and its answer.
pub(crate) fn http(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let fields = mapping(decoder, node, place, &keys::HTTP)?;
    let Some(at) = fields.get("url") else {
        return Err(Fault::new(node.span, format!("{place} has no `url`")));
    };
    let url = address(decoder, at, &format!("`url` of {place}"))?;
    let body = fields.get("body").map(|body| decoder.inside(body));
    let choose = |node: &Node, place: &str| choice(node, place, &METHODS);
    let default = if body.is_some() { Method::Post } else { Method::Get };
    let method = decoder.optional(&fields, "method", choose).unwrap_or(default);
    if let (Some(entry), Method::Get | Method::Head) = (fields.entry("body"), method) {
        let message = format!("{} takes no `body`", method.as_str());
        decoder.report.error(Fault::new(entry.key_span, message).hint("use POST, PUT or PATCH"));
    }
    let query = match fields.get("query") {
        None => Vec::new(),
        Some(query) => pairs(query, &format!("`query` of {place}"))?
            .iter()
            .map(|entry| (entry.key.clone(), decoder.inside(&entry.value)))
            .collect(),
    };
    let headers = headers(decoder, &fields, place)?;
    let expect = expect(decoder, &fields, place)?;
    Ok(Action::Http(Box::new(HttpCall { method, url, query, headers, body, expect })))
}

/// `llm`: a question to a model.
pub(crate) fn llm(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let fields = mapping(decoder, node, place, &keys::LLM)?;
    let Some(at) = fields.get("endpoint") else {
        let fault = Fault::new(node.span, format!("{place} has no `endpoint`"));
        return Err(fault.hint("give it a name of `llm.toml`, or the address of the server"));
    };
    let named = format!("`endpoint` of {place}");
    let endpoint = match text(at, &named)?.contains("://") {
        true => address(decoder, at, &named)?,
        false => decoder.template(at, &named)?,
    };
    let Some(prompt) = fields.get("prompt") else {
        return Err(Fault::new(node.span, format!("{place} has no `prompt`")));
    };
    let prompt = decoder.inside(prompt);
    let within = |node: &Node, place: &str| number(node, place, 0.0, 2.0);
    let tokens = |node: &Node, place: &str| integer(node, place, 1, TOKENS_MAX);
    let times = |node: &Node, place: &str| integer(node, place, 0, CORRECTIONS_MAX);
    let schema = schema(decoder, &fields, place)?;
    let corrections = decoder.optional(&fields, "corrections", times);
    if let (None, Some(entry)) = (&schema, fields.entry("corrections")) {
        let message = format!("`corrections` of {place} has no meaning without `schema`");
        decoder.report.error(Fault::new(entry.key_span, message));
    }
    Ok(Action::Llm(Box::new(LlmCall {
        endpoint,
        model: some_text(decoder, &fields, "model", place)?,
        system: some_text(decoder, &fields, "system", place)?,
        prompt,
        temperature: decoder.optional(&fields, "temperature", within),
        max_tokens: decoder.optional(&fields, "max_tokens", tokens),
        corrections: if schema.is_some() { corrections.unwrap_or(CORRECTIONS) } else { 0 },
        schema,
    })))
}

pub(super) fn mapping<'n>(
    decoder: &mut Decoder<'_, '_>,
    node: &'n Node,
    place: &str,
    known: &[&str],
) -> Result<Fields<'n>, Fault> {
    match &node.kind {
        Kind::Map(_) => decoder
            .fields(node, place, known, &[])
            .ok_or_else(|| expected("a mapping", node, place)),
        _ => Err(expected("a mapping", node, place)),
    }
}

pub(super) fn pairs<'n>(node: &'n Node, place: &str) -> Result<&'n [Entry], Fault> {
    match &node.kind {
        Kind::Map(entries) => Ok(entries),
        _ => Err(expected("a mapping", node, place)),
    }
}

pub(super) fn some_text(
    decoder: &Decoder<'_, '_>,
    fields: &Fields<'_>,
    key: &str,
    place: &str,
) -> Result<Option<Template>, Fault> {
    let node = fields.get(key);
    node.map(|node| decoder.template(node, &format!("`{key}` of {place}"))).transpose()
}

/// An address whose beginning is written out must be one of HTTP.
fn address(decoder: &Decoder<'_, '_>, node: &Node, place: &str) -> Result<Template, Fault> {
    let template = decoder.template(node, place)?;
    let begins = template.source.trim_start().to_ascii_lowercase();
    let http = begins.starts_with("http://") || begins.starts_with("https://");
    if !http && !begins.starts_with('$') {
        let fault = Fault::new(node.span, format!("{place} is no address of HTTP"));
        return Err(fault.hint("it begins with `https://` or `http://`"));
    }
    Ok(template)
}

fn headers(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    place: &str,
) -> Result<Vec<(String, HeaderValue)>, Fault> {
    let Some(node) = fields.get("headers") else { return Ok(Vec::new()) };
    let place = format!("`headers` of {place}");
    let mut headers: Vec<(String, HeaderValue)> = Vec::new();
    for entry in pairs(node, &place)? {
        let name = entry.key.to_ascii_lowercase();
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(token) {
            let message = format!("`{}` is no name of a header", entry.key);
            decoder.report.error(Fault::new(entry.key_span, message));
            continue;
        }
        let twice = headers.iter().any(|(other, _)| *other == name);
        if twice || OWN_HEADERS.contains(&name.as_str()) {
            let why = if twice { "is there twice" } else { "is set by the connection" };
            let message = format!("the header `{}` {why}", entry.key);
            decoder.report.error(Fault::new(entry.key_span, message));
            continue;
        }
        let value = header(decoder, &entry.value, &format!("`{}` in {place}", entry.key))?;
        headers.push((name, value));
    }
    Ok(headers)
}

/// A text, or where a secret is found when the request is made.
fn header(decoder: &mut Decoder<'_, '_>, node: &Node, place: &str) -> Result<HeaderValue, Fault> {
    if !matches!(node.kind, Kind::Map(_)) {
        return match &node.kind {
            Kind::Plain(value, written) if !value.is_null() => {
                Ok(HeaderValue::Text(Template::literal(written.clone(), node.span)))
            }
            _ => decoder.template(node, place).map(HeaderValue::Text),
        };
    }
    let fields = mapping(decoder, node, place, &keys::SECRET)?;
    decoder.exclusive(&fields, "env", "file");
    let prefix = fields.get("prefix").map(|node| text(node, place)).transpose()?;
    let prefix = prefix.unwrap_or_default();
    let from = match (fields.get("env"), fields.get("file")) {
        (Some(name), _) => Secret::Env(text(name, place)?),
        (None, Some(file)) => Secret::File(text(file, place)?),
        (None, None) => {
            let fault = Fault::new(node.span, format!("{place} names no secret"));
            return Err(fault.hint("write `{ env: NAME }` or `{ file: PATH }`"));
        }
    };
    let (Secret::Env(named) | Secret::File(named)) = &from;
    if named.trim().is_empty() || named.contains('\0') {
        return Err(Fault::new(node.span, format!("{place} names no secret")));
    }
    Ok(HeaderValue::Secret { from, prefix })
}

fn expect(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    place: &str,
) -> Result<Expect, Fault> {
    let Some(node) = fields.get("expect") else { return Ok(Expect::default()) };
    let place = format!("`expect` of {place}");
    let fields = mapping(decoder, node, &place, &keys::EXPECT)?;
    let statuses = match fields.get("status") {
        None => Expect::default().statuses,
        Some(Node { kind: Kind::List(items), span }) => {
            if items.is_empty() {
                return Err(Fault::new(*span, format!("`status` of {place} is empty")));
            }
            items.iter().map(|item| statuses(item, &place)).collect::<Result<_, _>>()?
        }
        Some(one) => vec![statuses(one, &place)?],
    };
    Ok(Expect { statuses, schema: schema(decoder, &fields, &place)? })
}

/// `200`, or `2xx` for a whole class.
fn statuses(node: &Node, place: &str) -> Result<(u16, u16), Fault> {
    let wanted = "a status like 200, or a class like 2xx";
    let fault = || expected(wanted, node, &format!("`status` of {place}"));
    match &node.kind {
        Kind::Plain(value, _) => {
            let status = value.as_u64().filter(|status| (200..600).contains(status));
            let status = status.and_then(|status| u16::try_from(status).ok()).ok_or_else(fault)?;
            Ok((status, status))
        }
        Kind::Text(text) => match text.as_bytes() {
            [class @ b'2'..=b'5', b'x', b'x'] => {
                let first = u16::from(class - b'0') * 100;
                Ok((first, first + 99))
            }
            _ => Err(fault()),
        },
        _ => Err(fault()),
    }
}

pub(super) fn schema(
    decoder: &Decoder<'_, '_>,
    fields: &Fields<'_>,
    place: &str,
) -> Result<Option<Schema>, Fault> {
    let Some(node) = fields.get("schema") else { return Ok(None) };
    if !matches!(node.kind, Kind::Map(_)) {
        return Err(expected("a JSON Schema", node, &format!("`schema` of {place}")));
    }
    let schema = Schema::new(node.to_value(), decoder.dialect);
    schema
        .map(Some)
        .map_err(|why| Fault::new(node.span, format!("{place} has no valid schema: {why}")))
}

/// A number between two bounds, both included.
fn number(node: &Node, place: &str, least: f64, most: f64) -> Result<f64, Fault> {
    let number = node.plain().and_then(serde_json::Value::as_f64);
    let number = number.filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| expected(&format!("a number from {least} to {most}"), node, place))
}
