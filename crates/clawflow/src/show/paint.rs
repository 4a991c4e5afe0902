//! Colours. Nothing is said by colour alone.

/// Colours text, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    /// A status in the colour of its meaning; the text may be padded.
    pub(crate) fn status(self, text: &str) -> String {
        let code = match text.trim() {
            "succeeded" | "ok" => "32",
            "failed" | "lost" | "timed_out" | "fail" | "error" => "31",
            "blocked" | "in_doubt" | "waiting" | "retrying" | "warn" => "33",
            "running" | "starting" => "36",
            _ => "2",
        };
        self.with(code, text)
    }

    /// What matters most.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What matters least.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self.0 && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}
