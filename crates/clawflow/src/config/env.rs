//! The process environment as a value, so that tests bring their own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Environment variables and the working directory, taken once.
///
/// A variable that is empty counts as not set, as the XDG base directories have it.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnvMap {
    variables: BTreeMap<OsString, OsString>,
    current_dir: Option<PathBuf>,
}

impl EnvMap {
    /// The environment of this process, as it is now.
    pub(crate) fn from_process() -> Self {
        // A working directory that was removed is no error until a relative path needs it.
        let current_dir = std::env::current_dir().ok();
        Self { variables: std::env::vars_os().collect(), current_dir }
    }

    /// An environment of the given variables, with `current_dir` to resolve relative flags.
    #[cfg(test)]
    pub(crate) fn new<K, V>(
        current_dir: impl Into<PathBuf>,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { variables, current_dir: Some(current_dir.into()) }
    }

    /// A variable's value; `None` when it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|v| !v.is_empty())
    }

    /// A variable that must hold an absolute path to count (the rule of the XDG specification).
    pub(crate) fn absolute_path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The user's home directory, from `HOME`.
    pub(crate) fn user_home(&self) -> Option<PathBuf> {
        self.absolute_path("HOME")
    }

    /// The working directory, if there is one.
    pub(crate) fn current_dir(&self) -> Option<&Path> {
        self.current_dir.as_deref()
    }

    /// Names of the set, non-empty variables that begin with `prefix`, in order. Names that are
    /// not UTF-8 cannot begin a name of ours and are left out.
    pub(crate) fn names_with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a str> + 'a {
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        set.filter_map(|(name, _)| name.to_str()).filter(move |name| name.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_not_set() {
        let env = EnvMap::new("/", [("HOME", "/home/u"), ("CLAWFLOW_HOME", ""), ("OTHER", "1")]);
        assert_eq!(env.user_home(), Some(PathBuf::from("/home/u")));
        assert_eq!(env.get("CLAWFLOW_HOME"), None);
        assert_eq!(env.names_with_prefix("CLAWFLOW_").count(), 0);
    }

    #[test]
    fn a_relative_path_does_not_count_as_a_base_directory() {
        let env = EnvMap::new("/", [("HOME", "home/u")]);
        assert_eq!(env.user_home(), None);
    }

    #[test]
    fn the_process_has_an_environment() {
        assert!(EnvMap::from_process().get("PATH").is_some());
    }
}
