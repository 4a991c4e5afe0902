//! Which `CLAWFLOW_*` variables there are, and which look like a mistyped one.

use super::env::EnvMap;
use super::error::{ConfigError, Place};
use super::places::{CONFIG_VARIABLE, HOME_VARIABLE};
use super::table::SETTINGS;
use clawflow_core::suggest::closest;

const PREFIX: &str = "CLAWFLOW_";

/// Variables that clawflow gives to steps. They are no settings, and a `clawflow` that is called
/// by a step must not stumble over them.
pub(super) const STEP_VARIABLES: [&str; 12] = [
    "CLAWFLOW_FLOW_ID",
    "CLAWFLOW_FLOW_DIR",
    "CLAWFLOW_TASK_ID",
    "CLAWFLOW_STEP",
    "CLAWFLOW_ATTEMPT",
    "CLAWFLOW_FENCE",
    "CLAWFLOW_IDEMPOTENCY_KEY",
    "CLAWFLOW_SOCKET",
    HOME_VARIABLE,
    CONFIG_VARIABLE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
];

/// Variables by which a caller says for whom it acts.
pub(super) const CALLER_VARIABLES: [&str; 1] = ["CLAWFLOW_SESSION"];
/// The variable that names a gateway to talk to, instead of that of the home.
pub(super) const URL_VARIABLE: &str = "CLAWFLOW_URL";
/// The variable with the secret of the token for it.
pub(super) const TOKEN_VARIABLE: &str = "CLAWFLOW_TOKEN";

/// Errors for variables that are meant for clawflow but that it does not know.
///
/// Other programs may use the prefix: a name that neither begins like a section nor is near to a
/// known name is left alone.
pub(super) fn unknown(env: &EnvMap) -> Vec<ConfigError> {
    let settings: Vec<String> = SETTINGS.iter().map(|setting| setting.env_name()).collect();
    let given = || STEP_VARIABLES.into_iter().chain(CALLER_VARIABLES);
    let known = || settings.iter().map(String::as_str).chain(given());
    let mut errors = Vec::new();
    for name in env.names_with_prefix(PREFIX) {
        if known().any(|known| known == name) {
            continue;
        }
        // Without the prefix, which would make any two names look alike.
        let rest = &name[PREFIX.len()..];
        let near = closest(rest, known().map(|known| &known[PREFIX.len()..]));
        let near = near.map(|near| format!("{PREFIX}{near}")).or_else(|| without_section(rest));
        if near.is_some() || begins_like_a_section(rest) {
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let place = Place::Name(name.to_owned());
            errors.push(ConfigError::new(place, "unknown setting").with_hint(hint));
        }
    }
    errors
}

fn begins_like_a_section(rest: &str) -> bool {
    let section = rest.split_once('_').map(|(section, _)| section.to_ascii_lowercase());
    section.is_some_and(|section| SETTINGS.iter().any(|setting| setting.section == section))
}

/// `MAX_TASKS` for `GATEWAY_MAX_TASKS`.
fn without_section(rest: &str) -> Option<String> {
    let key = rest.to_ascii_lowercase();
    SETTINGS.iter().find(|setting| setting.key == key).map(|setting| setting.env_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> String {
        let env = EnvMap::new("/", names.iter().map(|name| (*name, "1")));
        unknown(&env).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn known_and_foreign_names_pass() {
        assert_eq!(check(&STEP_VARIABLES), "");
        assert_eq!(check(&CALLER_VARIABLES), "");
        let settings: Vec<String> = SETTINGS.iter().map(|setting| setting.env_name()).collect();
        assert_eq!(check(&settings.iter().map(String::as_str).collect::<Vec<_>>()), "");
        assert_eq!(check(&["CLAWFLOW_TEST", "CLAWFLOW_IMAGE_VERSION", "CLAWFLOW_", "PATH"]), "");
    }

    #[test]
    fn names_that_look_like_a_setting_are_errors() {
        let names = [
            "CLAWFLOW_GATEWAY_COLOUR",
            "CLAWFLOW_GATEWAY_MAX_TASK",
            "CLAWFLOW_GATWAY_LOG",
            "CLAWFLOW_HOMEE",
            "CLAWFLOW_MAX_TASKS",
        ];
        insta::assert_snapshot!(check(&names), @r"
        CLAWFLOW_GATEWAY_COLOUR: unknown setting
        CLAWFLOW_GATEWAY_MAX_TASK: unknown setting
        hint: did you mean `CLAWFLOW_GATEWAY_MAX_TASKS`?
        CLAWFLOW_GATWAY_LOG: unknown setting
        hint: did you mean `CLAWFLOW_GATEWAY_LOG`?
        CLAWFLOW_HOMEE: unknown setting
        hint: did you mean `CLAWFLOW_HOME`?
        CLAWFLOW_MAX_TASKS: unknown setting
        hint: did you mean `CLAWFLOW_GATEWAY_MAX_TASKS`?
        ");
    }
}
