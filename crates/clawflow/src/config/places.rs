//! Where the home and the configuration files are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::env::EnvMap;
use super::error::{ConfigError, Place};
use super::load::Flags;
use super::origin::Origin;

/// The variable that names the home; steps get it too.
pub(super) const HOME_VARIABLE: &str = "CLAWFLOW_HOME";
/// The variable that names the one file to read; steps get it too.
pub(super) const CONFIG_VARIABLE: &str = "CLAWFLOW_CONFIG";

/// Where the home is and which files are to be read.
#[derive(Debug, PartialEq)]
pub(super) struct Places {
    /// The home, absolute.
    pub(super) home: PathBuf,
    /// Who said so.
    pub(super) home_origin: Origin,
    /// Files to read, in rising order of precedence.
    pub(super) files: Vec<ConfigFile>,
}

/// A file to read.
#[derive(Debug, PartialEq)]
pub(super) struct ConfigFile {
    /// Where it is, absolute.
    pub(super) path: PathBuf,
    /// Whether somebody named it, so that it must be there.
    pub(super) required: bool,
}

/// Finds the home and the files. Touches no disk.
pub(super) fn find(flags: &Flags, env: &EnvMap) -> Result<Places, ConfigError> {
    let (home, home_origin) = home(flags, env)?;
    let files = match named(flags.config.as_deref(), "--config", CONFIG_VARIABLE, env)? {
        Some((path, _)) => vec![ConfigFile { path, required: true }],
        None => {
            let user = config_home(env).map(|dir| dir.join("clawflow/config.toml"));
            let paths = user.into_iter().chain([home.join("config.toml")]);
            paths.map(|path| ConfigFile { path, required: false }).collect()
        }
    };
    Ok(Places { home, home_origin, files })
}

/// Where systemd looks for a user's units, `$XDG_CONFIG_HOME/systemd/user`. `None` without a
/// home directory.
pub(crate) fn unit_directory(env: &EnvMap) -> Option<PathBuf> {
    config_home(env).map(|dir| dir.join("systemd/user"))
}

/// Where the home is, whatever else is wrong.
pub(crate) fn home_alone(flags: &Flags, env: &EnvMap) -> Option<PathBuf> {
    home(flags, env).ok().map(|(home, _)| home)
}

fn home(flags: &Flags, env: &EnvMap) -> Result<(PathBuf, Origin), ConfigError> {
    if let Some(found) = named(flags.home.as_deref(), "--home", HOME_VARIABLE, env)? {
        return Ok(found);
    }
    let below_user = || env.user_home().map(|home| home.join(".local/state"));
    let state = env.absolute_path("XDG_STATE_HOME").or_else(below_user).ok_or_else(|| {
        let hint = format!("set `{HOME_VARIABLE}` to an absolute path, or `HOME`");
        ConfigError::new(Place::Nowhere, "no directory for clawflow's state: `HOME` is not set")
            .with_hint(hint)
    })?;
    Ok((state.join("clawflow"), Origin::Default))
}

fn config_home(env: &EnvMap) -> Option<PathBuf> {
    let below_user = || env.user_home().map(|home| home.join(".config"));
    env.absolute_path("XDG_CONFIG_HOME").or_else(below_user)
}

/// A path from a flag (relative to the working directory) or else from a variable.
fn named(
    flag: Option<&Path>,
    flag_name: &str,
    variable: &str,
    env: &EnvMap,
) -> Result<Option<(PathBuf, Origin)>, ConfigError> {
    if let Some(path) = flag {
        let place = || Place::Name(flag_name.to_owned());
        if path.as_os_str().is_empty() {
            return Err(ConfigError::new(place(), "is empty, not a path"));
        }
        let absolute = env.current_dir().map(|dir| dir.join(path)).filter(|p| p.is_absolute());
        let absolute = absolute.or_else(|| path.is_absolute().then(|| path.to_owned()));
        let path = absolute.ok_or_else(|| {
            ConfigError::new(place(), "is relative, and the working directory is gone")
        })?;
        return Ok(Some((path, Origin::Flag { name: flag_name.to_owned() })));
    }
    match env.get(variable) {
        Some(value) => from_variable(variable, value).map(Some),
        None => Ok(None),
    }
}

fn from_variable(variable: &str, value: &OsStr) -> Result<(PathBuf, Origin), ConfigError> {
    let path = PathBuf::from(value);
    if !path.is_absolute() {
        let shown = path.display().to_string();
        let message = format!("must be an absolute path, not `{}`", shown.escape_debug());
        let hint = "a relative one would mean another place in every directory".to_owned();
        return Err(ConfigError::new(Place::Name(variable.to_owned()), message).with_hint(hint));
    }
    Ok((path, Origin::Env { name: variable.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(flags: &Flags, variables: &[(&str, &str)]) -> Places {
        find(flags, &EnvMap::new("/w", variables.iter().copied())).unwrap()
    }

    fn paths(places: &Places) -> Vec<&str> {
        places.files.iter().map(|file| file.path.to_str().unwrap()).collect()
    }

    #[test]
    fn the_home_comes_from_flag_then_variable_then_xdg_then_user() {
        let mut variables = vec![("HOME", "/home/u")];
        let none = Flags::default();
        let user = places(&none, &variables);
        assert_eq!(user.home, Path::new("/home/u/.local/state/clawflow"));
        assert_eq!(user.home_origin, Origin::Default);
        variables.push(("XDG_STATE_HOME", "/xdg"));
        assert_eq!(places(&none, &variables).home, Path::new("/xdg/clawflow"));
        variables.push(("CLAWFLOW_HOME", "/named"));
        assert_eq!(places(&none, &variables).home, Path::new("/named"));
        let flags = Flags { home: Some("there".into()), ..Flags::default() };
        let flagged = places(&flags, &variables);
        assert_eq!(flagged.home, Path::new("/w/there"));
        assert_eq!(flagged.home_origin, Origin::Flag { name: "--home".into() });
    }

    #[test]
    fn a_named_file_is_the_only_one_and_required() {
        let variables = [("HOME", "/home/u"), ("CLAWFLOW_CONFIG", "/c.toml")];
        let found = places(&Flags::default(), &variables);
        assert_eq!(found.files, [ConfigFile { path: "/c.toml".into(), required: true }]);
        let flags = Flags { config: Some("d.toml".into()), ..Flags::default() };
        assert_eq!(paths(&places(&flags, &variables)), ["/w/d.toml"]);
    }

    #[test]
    fn else_the_users_file_comes_first_and_the_homes_wins() {
        let found = places(&Flags::default(), &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]);
        let home = "/h/.local/state/clawflow/config.toml";
        assert_eq!(paths(&found), ["/x/clawflow/config.toml", home]);
        let found = places(&Flags::default(), &[("CLAWFLOW_HOME", "/c")]);
        assert_eq!(paths(&found), ["/c/config.toml"]);
    }

    #[test]
    fn without_any_home_directory_it_says_what_to_set() {
        let env = EnvMap::new("/w", [("HOME", "relative")]);
        insta::assert_snapshot!(find(&Flags::default(), &env).unwrap_err(), @r"
        no directory for clawflow's state: `HOME` is not set
        hint: set `CLAWFLOW_HOME` to an absolute path, or `HOME`
        ");
        assert_eq!(unit_directory(&env), None);
    }

    #[test]
    fn a_relative_variable_or_an_empty_flag_is_refused() {
        let env = EnvMap::new("/w", [("CLAWFLOW_HOME", "state")]);
        insta::assert_snapshot!(find(&Flags::default(), &env).unwrap_err(), @r"
        CLAWFLOW_HOME: must be an absolute path, not `state`
        hint: a relative one would mean another place in every directory
        ");
        let flags = Flags { home: Some("".into()), ..Flags::default() };
        insta::assert_snapshot!(find(&flags, &env).unwrap_err(), @"--home: is empty, not a path");
    }
}
