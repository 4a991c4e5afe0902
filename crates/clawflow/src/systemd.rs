//! The systemd user unit that `clawflow gateway install` writes.
//!
//! Purpose: a gateway that starts at login (or at boot, with lingering) and comes back after a
//! crash. Use: [`install`], then the commands it returns.
//! Limits: paths that systemd itself cannot take are refused.
//! Failure: the unit is replaced as a whole or not at all; systemd is never called from here.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The unit's file name.
pub(crate) const UNIT_NAME: &str = "clawflow.service";

/// Why a unit was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnitError {
    /// systemd has no way to write this path.
    #[error("systemd cannot take the path `{}`: {why}", path.display().to_string().escape_debug())]
    Path {
        /// The path.
        path: PathBuf,
        /// What it has or lacks.
        why: &'static str,
    },
    /// The disk refused.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was being done.
        verb: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// What [`install`] did, or would do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// The unit's file.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) unit: String,
    /// What happened to the file.
    pub(crate) change: Change,
    /// Commands that the user runs next, in this order.
    pub(crate) next: Vec<String>,
}

/// What happened to the unit's file, or with `dry_run` would happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// There was none.
    Created,
    /// There was another one.
    Replaced,
    /// It was there already, the same.
    Unchanged,
}

/// Renders the unit that runs `exe gateway run --home home`. Both paths are absolute.
pub(crate) fn render(exe: &Path, home: &Path) -> Result<String, UnitError> {
    // systemd refuses a program whose path has these, even quoted.
    let exe_text = checked(exe, "\"'\\")?;
    // The `:` switches off `$` for the whole line. Doubling it instead would do for the arguments
    // but not for the program, whose path is not substituted.
    let exe = quoted(&format!(":{exe_text}"));
    let home = quoted(checked(home, "")?);
    Ok(format!(
        "\
# Written by `clawflow gateway install`, which replaces it as a whole.
# Changes of your own belong into `systemctl --user edit clawflow`.
[Unit]
Description=clawflow gateway: durable flows for AI agents
Documentation=man:clawflow(1)

[Service]
Type=exec
ExecStart={exe} gateway run --home {home}
Restart=on-failure
RestartSec=2
# Bad usage or a bad configuration does not get better by trying again.
RestartPreventExitStatus=2
# Running tasks outlive the gateway and the next one adopts them: signal only the gateway.
KillMode=process
# Tasks get control groups of their own below the unit's.
Delegate=yes

[Install]
WantedBy=default.target
"
    ))
}

/// Writes the unit into `unit_dir`, which is made if need be; with `dry_run` writes nothing.
///
/// When it returns, the file is on disk whole. A crash before leaves what was there.
pub(crate) fn install(
    exe: &Path,
    home: &Path,
    unit_dir: &Path,
    dry_run: bool,
) -> Result<Installed, UnitError> {
    let unit = render(exe, home)?;
    let path = unit_dir.join(UNIT_NAME);
    let change = match std::fs::read(&path) {
        Ok(before) if before == unit.as_bytes() => Change::Unchanged,
        Ok(_) => Change::Replaced,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Change::Created,
        Err(source) => return Err(UnitError::Io { verb: "read", path, source }),
    };
    if !dry_run && change != Change::Unchanged {
        write_whole(unit_dir, &path, &unit)?;
    }
    let next = [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now clawflow",
        // Without it the gateway ends when the user logs out.
        "loginctl enable-linger",
    ];
    Ok(Installed { path, unit, change, next: next.map(str::to_owned).to_vec() })
}

/// Writes beside the file and renames, so that systemd never reads a half-written unit.
fn write_whole(dir: &Path, path: &Path, text: &str) -> Result<(), UnitError> {
    let fail = |verb, path: &Path| {
        let path = path.to_owned();
        move |source| UnitError::Io { verb, path, source }
    };
    std::fs::create_dir_all(dir).map_err(fail("create the directory", dir))?;
    // The name does not end in `.service`: systemd does not see it. Of two installs at once each
    // has its own.
    let beside = dir.join(format!(".{UNIT_NAME}.{}.tmp", std::process::id()));
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(fail("write", &beside))
        .and_then(|()| std::fs::rename(&beside, path).map_err(fail("write", path)));
    if written.is_err() {
        // Best effort: what is left over harms nobody, and the first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
        return written;
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(fail("sync the directory", dir))
}

/// The path as text, if a unit can hold it. `refused` has characters that it must not have.
fn checked<'a>(path: &'a Path, refused: &str) -> Result<&'a str, UnitError> {
    let fail = |why| UnitError::Path { path: path.to_owned(), why };
    let text = path.to_str().ok_or_else(|| fail("it is not UTF-8"))?;
    if !path.is_absolute() {
        return Err(fail("it is relative"));
    }
    if text.chars().any(char::is_control) {
        return Err(fail("it has a control character"));
    }
    if text.contains(|c| refused.contains(c)) {
        return Err(fail("it has a quote or a backslash"));
    }
    Ok(text)
}

/// Quotes a word of a command line in a unit. `$` is not handled, see [`render`].
fn quoted(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    word.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => word.extend(['\\', c]),
            // A single one would begin a specifier such as `%h`.
            '%' => word.push_str("%%"),
            c => word.push(c),
        }
    }
    word.push('"');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec_start(exe: &str, home: &str) -> String {
        let unit = render(Path::new(exe), Path::new(home)).unwrap();
        unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap().to_owned()
    }

    #[test]
    fn the_unit_runs_the_gateway_and_leaves_its_tasks_alone() {
        let unit = render(Path::new("/usr/bin/clawflow"), Path::new("/home/u/state")).unwrap();
        insta::assert_snapshot!(unit, @r#"
        # Written by `clawflow gateway install`, which replaces it as a whole.
        # Changes of your own belong into `systemctl --user edit clawflow`.
        [Unit]
        Description=clawflow gateway: durable flows for AI agents
        Documentation=man:clawflow(1)

        [Service]
        Type=exec
        ExecStart=":/usr/bin/clawflow" gateway run --home "/home/u/state"
        Restart=on-failure
        RestartSec=2
        # Bad usage or a bad configuration does not get better by trying again.
        RestartPreventExitStatus=2
        # Running tasks outlive the gateway and the next one adopts them: signal only the gateway.
        KillMode=process
        # Tasks get control groups of their own below the unit's.
        Delegate=yes

        [Install]
        WantedBy=default.target
        "#);
    }

    #[test]
    fn paths_are_quoted() {
        let (exe, home) = ("/a b/50%/$x/clawflow", "/h \"q\"\\$HOME %h é");
        let line = exec_start(exe, home).replace(" gateway run ", "\n");
        insta::assert_snapshot!(line, @r#"
        ExecStart=":/a b/50%%/$x/clawflow"
        --home "/h \"q\"\\$HOME %%h é"
        "#);
    }

    #[test]
    fn paths_that_systemd_cannot_take_are_refused() {
        let error = |exe: &str, home: &str| {
            let error = render(Path::new(exe), Path::new(home)).unwrap_err().to_string();
            error.replace("systemd cannot take the path ", "").replace(": ", ":\n")
        };
        insta::assert_snapshot!(error("clawflow", "/h"), @r"
        `clawflow`:
        it is relative
        ");
        insta::assert_snapshot!(error("/a'b/clawflow", "/h"), @r"
        `/a\'b/clawflow`:
        it has a quote or a backslash
        ");
        insta::assert_snapshot!(error("/clawflow", "/h\nExecStartPre=/bin/evil"), @r"
        `/h\nExecStartPre=/bin/evil`:
        it has a control character
        ");
    }

    #[test]
    fn install_writes_once_and_replaces_another() {
        let dir = tempfile::tempdir().unwrap();
        let units = dir.path().join("systemd/user");
        let install = |home: &str, dry_run| {
            install(Path::new("/bin/clawflow"), Path::new(home), &units, dry_run).unwrap()
        };
        assert_eq!(install("/h", true).change, Change::Created);
        assert!(!units.exists(), "a dry run writes nothing");
        let installed = install("/h", false);
        assert_eq!(installed.change, Change::Created);
        assert_eq!(std::fs::read_to_string(&installed.path).unwrap(), installed.unit);
        assert_eq!(install("/h", false).change, Change::Unchanged);
        assert_eq!(install("/other", true).change, Change::Replaced);
        assert_eq!(std::fs::read_to_string(&installed.path).unwrap(), installed.unit);
        assert_eq!(install("/other", false).change, Change::Replaced);
        assert_eq!(std::fs::read_dir(&units).unwrap().count(), 1, "nothing is left beside it");
        insta::assert_snapshot!(installed.next.join("\n"), @r"
        systemctl --user daemon-reload
        systemctl --user enable --now clawflow
        loginctl enable-linger
        ");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let (exe, home) = (Path::new("/bin/clawflow"), Path::new("/h"));
        let error = install(exe, home, &file.join("user"), false).unwrap_err().to_string();
        assert!(error.contains("file/user"), "{error}");
    }
}
