//! From YAML events to nodes, within the budgets of `limits`.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span as YamlSpan, Tag};

use super::error::Fault;
use super::limits::{DEPTH_MAX, NODES_MAX, TEXT_BYTES_MAX};
use super::node::{Entry, Kind, Node, plain_scalar};
use super::source::Span;

/// Parses one document. `None` is a file without any value.
pub(crate) fn read(text: &str) -> Result<Option<Node>, Fault> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
            let words = plain_words(&error.info(), text, at);
            Fault::new(Span { start: at, end: at }, words).code("yaml")
        })?;
        builder.event(event, byte_span(span, text))?;
    }
    Ok(builder.root)
}

fn byte_span(span: YamlSpan, text: &str) -> Span {
    let start = span.start.byte_offset().unwrap_or(0).min(text.len());
    let end = span.end.byte_offset().unwrap_or(start).clamp(start, text.len());
    Span { start, end }
}

/// The parser speaks of scanners and tokens; a tab is by far the most common cause.
fn plain_words(info: &str, text: &str, at: usize) -> String {
    let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1);
    let line = text.get(line_start..).unwrap_or("").split('\n').next().unwrap_or("");
    let indent = line.len() - line.trim_start().len();
    if line[..indent].contains('\t') {
        return "a tab is used for indentation; YAML allows spaces only".to_owned();
    }
    let mut message = format!("not valid YAML: {info}");
    message.truncate(message.trim_end_matches(['.', ' ']).len());
    message
}

/// What a finished subtree costs each time an alias repeats it.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    height: usize,
}

struct Open {
    node: Node,
    anchor: usize,
    /// A mapping waits for the value of this key.
    key: Option<(String, Span)>,
    seen: HashMap<String, Span>,
    merges: Vec<Node>,
    before: Cost,
    height: usize,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    anchors: HashMap<usize, (Node, Cost)>,
    used: Cost,
    root: Option<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(&text, style, tag.as_deref(), span)?;
                let before = self.used;
                self.spend(Cost { nodes: 1, bytes: text.len(), height: 0 }, span)?;
                self.finish(Node { span, kind }, anchor, before, 0)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Kind::List(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(Kind::Map(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        kind: Kind,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Fault> {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            return Err(Fault::new(span, format!("the tag `{}` is not supported", tag.original())));
        }
        let before = self.used;
        self.spend(Cost { nodes: 1, ..Cost::default() }, span)?;
        self.check_depth(1, span)?;
        self.stack.push(Open {
            node: Node { span, kind },
            anchor,
            key: None,
            seen: HashMap::new(),
            merges: Vec::new(),
            before,
            height: 0,
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Fault> {
        let Some(mut open) = self.stack.pop() else { return Ok(()) };
        merge(&mut open)?;
        open.node.span.end = end.end.max(open.node.span.start);
        self.finish(open.node, open.anchor, open.before, open.height + 1)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Fault> {
        let Some((node, cost)) = self.anchors.get(&id) else {
            return Err(Fault::new(span, "this alias stands inside of what it refers to"));
        };
        // The copy is made only once it is known to fit.
        let (cost, before) = (*cost, self.used);
        let too_much = self.used.nodes + cost.nodes > NODES_MAX
            || self.used.bytes + cost.bytes > TEXT_BYTES_MAX;
        let node = if too_much { None } else { Some(node.clone()) };
        self.spend(cost, span)?;
        self.check_depth(cost.height, span)?;
        match node {
            Some(node) => self.finish(node, 0, before, cost.height),
            None => Ok(()),
        }
    }

    /// Hands a finished node to its parent.
    fn finish(
        &mut self,
        node: Node,
        anchor: usize,
        before: Cost,
        height: usize,
    ) -> Result<(), Fault> {
        if anchor != 0 {
            let nodes = self.used.nodes - before.nodes;
            let bytes = self.used.bytes - before.bytes;
            // Keeping the copy costs as much as using it.
            self.spend(Cost { nodes, bytes, height }, node.span)?;
            self.anchors.insert(anchor, (node.clone(), Cost { nodes, bytes, height }));
        }
        let Some(open) = self.stack.last_mut() else {
            if self.root.is_some() {
                let fault = Fault::new(node.span, "a second document begins here");
                return Err(fault.hint("a workflow file holds one document"));
            }
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height);
        match &mut open.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match open.key.take() {
                None => open.key = Some(key(node, &mut open.seen)?),
                Some((key, _)) if key == "<<" => open.merges.push(node),
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
            },
            // invariant: only lists and mappings are opened.
            Kind::Plain(..) | Kind::Text(_) => {}
        }
        Ok(())
    }

    fn spend(&mut self, cost: Cost, span: Span) -> Result<(), Fault> {
        self.used.nodes += cost.nodes;
        self.used.bytes += cost.bytes;
        if self.used.nodes > NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} values, aliases expanded");
            return Err(Fault::new(span, message));
        }
        if self.used.bytes > TEXT_BYTES_MAX {
            let message =
                format!("the file has more than {TEXT_BYTES_MAX} bytes of text, aliases expanded");
            return Err(Fault::new(span, message));
        }
        Ok(())
    }

    fn check_depth(&self, more: usize, span: Span) -> Result<(), Fault> {
        if self.stack.len() + more > DEPTH_MAX {
            let message = format!("nested more than {DEPTH_MAX} levels deep");
            return Err(Fault::new(span, message));
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Kind, Fault> {
    if text.contains('\0') {
        return Err(Fault::new(span, "text must not contain a NUL character"));
    }
    match tag {
        Some(tag) if tag.is_yaml_core_schema_tag("str") => Ok(Kind::Text(text.to_owned())),
        Some(tag) if !tag.is_yaml_core_schema() && tag.original() != "!" => {
            Err(Fault::new(span, format!("the tag `{}` is not supported", tag.original())))
        }
        Some(tag) if tag.original() == "!" => Ok(Kind::Text(text.to_owned())),
        _ if style == ScalarStyle::Plain => Ok(plain_scalar(text)),
        _ => Ok(Kind::Text(text.to_owned())),
    }
}

fn key(node: Node, seen: &mut HashMap<String, Span>) -> Result<(String, Span), Fault> {
    let text = match node.kind {
        Kind::Text(text) | Kind::Plain(_, text) => text,
        Kind::List(_) | Kind::Map(_) => {
            return Err(Fault::new(node.span, "a key must be text, not a list or a mapping"));
        }
    };
    if seen.insert(text.clone(), node.span).is_some() {
        return Err(Fault::new(node.span, format!("the key `{text}` appears twice")));
    }
    Ok((text, node.span))
}

/// Adds the entries of `<<` values; what the mapping says itself wins, then the earlier source.
fn merge(open: &mut Open) -> Result<(), Fault> {
    let Kind::Map(entries) = &mut open.node.kind else { return Ok(()) };
    for source in std::mem::take(&mut open.merges) {
        let sources = match source.kind {
            Kind::List(items) => items,
            _ => vec![source],
        };
        for source in sources {
            let Kind::Map(more) = source.kind else {
                return Err(Fault::new(source.span, "`<<` takes a mapping or a list of mappings"));
            };
            for entry in more {
                if open.seen.insert(entry.key.clone(), entry.key_span).is_none() {
                    entries.push(entry);
                }
            }
        }
    }
    Ok(())
}
