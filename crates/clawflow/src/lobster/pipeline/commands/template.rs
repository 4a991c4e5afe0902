//! `template`: a text for each item.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::template::Template;
use std::path::Path;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "template",
    about: "Fill in a text for each item",
    flags: &[("text", "string", "the text"), ("file", "string", "a file with the text")],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let text = text(args)?.filter(|text| !text.is_empty());
    let missing = "template requires --text or --file (or positional text)";
    let template = Template::with_filters(&text.ok_or_else(|| Failure::new(missing))?);
    Ok(Staged::Items(items.each(move |item, _| Ok(Some(template.fill(&item)?.into())))))
}

fn text(args: &Args) -> Result<Option<String>, Failure> {
    let mut text = args.text("text").filter(|text| !text.is_empty()).map(str::to_owned);
    if text.is_none()
        && let Some(path) = args.text("file").filter(|path| !path.is_empty())
    {
        let path = Path::new(path);
        let bytes = std::fs::read(path).map_err(|error| Failure::file(&error, "open", path))?;
        text = Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let words = || args.words.join(" ");
    Ok(text.filter(|text| !text.is_empty()).or_else(|| Some(words())))
}
