//! The gateway that the environment names, instead of that of the home.

use super::env::EnvMap;
use super::env_names::{TOKEN_VARIABLE, URL_VARIABLE};
use super::error::{ConfigError, Place};
use clawflow_gateway::{Address, AddressError};

/// The gateway at `CLAWFLOW_URL`, asked with the token in `CLAWFLOW_TOKEN`. Neither is a setting:
/// a token does not belong into a file that others may read, nor into `config show`.
pub(super) fn find(env: &EnvMap) -> Result<Option<Address>, ConfigError> {
    let Some(url) = text(env, URL_VARIABLE)? else { return Ok(None) };
    let token = text(env, TOKEN_VARIABLE)?;
    Address::of_url(url, token).map(Some).map_err(|error| {
        let name = match error {
            AddressError::Token => TOKEN_VARIABLE,
            AddressError::NoUrl(_) | AddressError::Tls(_) => URL_VARIABLE,
        };
        ConfigError::new(Place::Name(name.to_owned()), error.to_string())
    })
}

fn text<'a>(env: &'a EnvMap, name: &str) -> Result<Option<&'a str>, ConfigError> {
    let Some(value) = env.get(name) else { return Ok(None) };
    let not_text = || ConfigError::new(Place::Name(name.to_owned()), "the value is not UTF-8");
    value.to_str().map(Some).ok_or_else(not_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let found = find(&EnvMap::new("/", variables.iter().copied()));
        found.map(|found| found.map(|a| format!("{a:?}"))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_without_a_url_is_nothing() {
        assert_eq!(read(&[("CLAWFLOW_TOKEN", "secret")]), Ok(None));
        let both = [("CLAWFLOW_URL", "http://a:1"), ("CLAWFLOW_TOKEN", "secret")];
        assert_eq!(read(&both), Ok(Some("http://a:1".to_owned())));
    }

    #[test]
    fn errors_name_the_variable_and_never_the_secret() {
        let error = read(&[("CLAWFLOW_URL", "https://a")]).unwrap_err();
        assert!(error.starts_with("CLAWFLOW_URL: `https://a` asks for TLS"), "{error}");
        let both = [("CLAWFLOW_URL", "http://a:1"), ("CLAWFLOW_TOKEN", "se cret")];
        let error = read(&both).unwrap_err();
        assert!(error.starts_with("CLAWFLOW_TOKEN: "), "{error}");
        assert!(!error.contains("cret"), "{error}");
    }
}
