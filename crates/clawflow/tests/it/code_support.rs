//! Flows that the tests drive, as a shell script does.

use crate::support::{Home, Out, wait_until};

/// The owner of the flows here.
pub(crate) const SESSION: &str = "agent:main:main";

impl Home {
    /// Runs a command for the owner of the flows here.
    pub(crate) fn bound(&self, args: &[&str]) -> Out {
        self.as_session(SESSION, args)
    }

    /// Runs a command for this owner.
    pub(crate) fn as_session(&self, session: &str, args: &[&str]) -> Out {
        let out = self.command(args).env("CLAWFLOW_SESSION", session).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = out.status.code().unwrap_or(-1);
        Out { code, stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// The words of a command that is to succeed.
    #[track_caller]
    pub(crate) fn words(&self, args: &[&str]) -> Vec<String> {
        let out = self.bound(args);
        assert_eq!(out.code, 0, "{args:?}: {out:?}");
        out.stdout.split_whitespace().map(str::to_owned).collect()
    }

    /// A new, running flow; its id.
    #[track_caller]
    pub(crate) fn make(&self, key: &str) -> String {
        let args =
            ["flows", "create", "do it", "--controller", "c/d", "--status", "running", "--key"];
        self.words(&[&args[..], &[key]].concat())[0].clone()
    }

    /// A field of a flow.
    #[track_caller]
    pub(crate) fn field(&self, flow: &str, path: &str) -> String {
        let out = self.ok(&["flows", "show", flow, "--field", path]);
        out.stdout.trim_end_matches('\n').to_owned()
    }

    /// Waits until a field of a flow has this value.
    #[track_caller]
    pub(crate) fn wait_field(&self, flow: &str, path: &str, value: &str) {
        wait_until(&format!("{path} to be {value}"), || self.field(flow, path) == value);
    }
}

/// Status and revision in the words of a flow.
pub(crate) fn standing(words: &[String]) -> (&str, &str) {
    (&words[2], &words[1])
}

/// Code and error code of a command that was refused in JSON.
#[track_caller]
pub(crate) fn refusal(out: &Out) -> (i32, String) {
    let json = out.json();
    assert_eq!(json["ok"], false, "{out:?}");
    (out.code, json["error"]["code"].as_str().unwrap().to_owned())
}
