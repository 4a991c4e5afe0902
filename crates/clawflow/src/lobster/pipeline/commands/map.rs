//! `map`: another shape for each item.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::template::Template;
use crate::lobster::value::{Object, Recent, Value, property, trim};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "map",
    about: "Wrap or unwrap items, or set fields of them",
    flags: &[
        ("wrap", "string", "name of a field that the item becomes"),
        ("unwrap", "string", "name of the field that becomes the item"),
    ],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let name = |flag| args.text(flag).filter(|name| !name.is_empty()).map(str::to_owned);
    let (wrap, unwrap) = (name("wrap"), name("unwrap"));
    if wrap.is_some() && unwrap.is_some() {
        return Err(Failure::new("map cannot use both --wrap and --unwrap"));
    }
    let fields: Vec<_> = args.words.iter().filter_map(|word| assignment(word)).collect();
    Ok(Staged::Items(match unwrap {
        Some(name) => items.each(move |item, _| Ok(Some(unwrapped(item, &name)))),
        None => {
            items.each(move |item, recent| Ok(Some(shaped(item, wrap.as_deref(), &fields, recent))))
        }
    }))
}

fn assignment(word: &str) -> Option<(String, Template)> {
    let (name, value) = word.split_once('=')?;
    let name = trim(name);
    (!name.is_empty()).then(|| (name.into(), Template::plain(value)))
}

fn unwrapped(item: Value, name: &str) -> Value {
    match item {
        Value::Object(mut object) => object.take(name),
        Value::List(_) => property(&item, name).into_owned(),
        _ => Value::Undefined,
    }
}

fn shaped(
    item: Value,
    wrap: Option<&str>,
    fields: &[(String, Template)],
    recent: &Recent,
) -> Value {
    // Templates see the item that came in, also the fields that were set before them, unless it is
    // inside of something new.
    let (original, mut object) = match (wrap, item) {
        (None, Value::Object(object)) => (None, object),
        (None, item) if fields.is_empty() => return item,
        (wrap, item) => {
            let mut object = Object::default();
            let original = (!fields.is_empty()).then(|| item.clone());
            object.set(recent.share(wrap.unwrap_or("value")), item);
            (original, Box::new(object))
        }
    };
    object.reserve(fields.len());
    for (name, template) in fields {
        let text = match &original {
            Some(item) => template.fill_plain(item),
            None => {
                let item = Value::Object(object);
                let text = template.fill_plain(&item);
                object = match item {
                    Value::Object(object) => object,
                    _ => Box::default(),
                };
                text
            }
        };
        object.assign(recent.share(name), text.into());
    }
    Value::Object(object)
}
