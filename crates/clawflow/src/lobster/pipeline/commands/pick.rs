//! `pick`: some fields of each item.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Object, Recent, Value, property, trim};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "pick",
    about: "Keep some fields of each item",
    flags: &[],
    required: &["_"],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let list = args.words.first().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Failure::new("pick requires a comma-separated field list"))?;
    let names = list.split(',').map(trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    Ok(Staged::Items(items.each(move |item, recent| Ok(Some(picked(item, &names, recent))))))
}

fn picked(item: Value, names: &[String], recent: &Recent) -> Value {
    if !matches!(item, Value::Object(_) | Value::List(_)) {
        return item;
    }
    let mut object = Object::with_capacity(names.len());
    for name in names {
        object.assign(recent.share(name), property(&item, name).into_owned());
    }
    object.into()
}
