//! The file of models: which servers answer, and what they cost.
//!
//! ```toml
//! [local]                                   # the name that files use
//! url = "http://127.0.0.1:11434/v1"
//! model = "llama3"                          # where a step names none
//!
//! [openai]
//! url = "https://api.openai.com/v1"
//! api_key_file = "/home/me/.config/clawflow/openai.key"
//! # api_key_env = "OPENAI_API_KEY"          # or a variable of the step
//! response_format = "json_schema"           # how it is told what an answer must be like
//!
//! [openai.prices."gpt-4o-mini"]             # US dollars for a million tokens
//! input = 0.15
//! output = 0.6
//! ```

use super::failure::{Failure, request};
use super::limits::FILE_BYTES_MAX;
use clawflow_core::cost::Price;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The file in the home.
const FILE: &str = "llm.toml";

/// A server that answers with the text of a model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    /// Where its API begins, or where it completes chats.
    pub(super) url: String,
    /// The model of steps that name none.
    pub(super) model: Option<String>,
    /// The variable of the step that has its key.
    pub(super) api_key_env: Option<String>,
    /// The file that has its key.
    pub(super) api_key_file: Option<String>,
    /// How it is told, beside the words, that an answer must be as a schema says.
    pub(super) response_format: Option<ResponseFormat>,
    /// What its models cost.
    #[serde(default)]
    pub(super) prices: BTreeMap<String, Price>,
}

/// What a server takes as `response_format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResponseFormat {
    /// The schema itself.
    JsonSchema,
    /// That it is an object.
    JsonObject,
}

/// The endpoint of an address, or of a name in the file of the home.
pub(super) fn find(named: &str) -> Result<Endpoint, Failure> {
    if named.contains("://") {
        return Ok(Endpoint { url: named.to_owned(), ..Endpoint::default() });
    }
    let home = std::env::var_os("CLAWFLOW_HOME").map(PathBuf::from).unwrap_or_default();
    let path = home.join(FILE);
    let mut all = read(&path)?;
    all.remove(named).ok_or_else(|| {
        let known: Vec<&str> = all.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        request(format!("{} has no endpoint `{named}`, it has {known}", path.display()))
    })
}

fn read(path: &Path) -> Result<BTreeMap<String, Endpoint>, Failure> {
    let failed = |why: String| request(format!("{}: {why}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let all: BTreeMap<String, Endpoint> =
        toml::from_str(&text).map_err(|error| failed(error.message().to_owned()))?;
    for (name, endpoint) in &all {
        if let Some((model, _)) = endpoint.prices.iter().find(|(_, price)| !price.is_sane()) {
            return Err(failed(format!("[{name}]: the price of {model} is no price")));
        }
        if endpoint.api_key_env.is_some() && endpoint.api_key_file.is_some() {
            return Err(failed(format!("[{name}]: two keys are one too many")));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_its_mistakes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let told = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path).map_err(|failure| failure.message)
        };
        let all = told("[a]\nurl = \"http://b/\"\n[a.prices.m]\ninput = 1\noutput = 2.5\n");
        let all = all.unwrap();
        assert_eq!(all["a"].prices["m"], Price { input: 1.0, output: 2.5 });
        let wrong = [
            ("x = 1", "invalid type"),
            ("[a]\nurl = \"u\"\nkey = \"k\"\n", "unknown field"),
            ("[a]\nurl = \"u\"\nresponse_format = \"xml\"\n", "unknown variant"),
            ("[a]\nurl = \"u\"\n[a.prices.m]\ninput = -1\noutput = 1\n", "no price"),
            ("[a]\nurl = \"u\"\napi_key_env = \"A\"\napi_key_file = \"b\"\n", "two keys"),
        ];
        for (text, why) in wrong {
            let said = told(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
        assert!(read(&dir.path().join("none")).is_err());
    }
}
