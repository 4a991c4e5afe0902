//! What is shown while a flow is followed: live lines on a terminal, plain lines elsewhere.

use super::live::Live;
use super::plain;
use clawflow_engine::api::FlowWaitResponse;
use std::io::IsTerminal;

/// Where news of the flow go.
pub(crate) enum Show {
    /// One line per step, redrawn.
    Live(Live),
    /// One line per event.
    Plain,
    /// Nothing: the caller wants JSON only.
    Quiet,
}

impl Show {
    /// Live on a terminal, plain elsewhere.
    pub(crate) fn new(quiet: bool, color: bool) -> Self {
        // Nothing can be redrawn on a dumb terminal; the live lines would not show at all.
        let smart = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        match (quiet, smart && std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Live(Live::new(color)),
            (false, false) => Self::Plain,
        }
    }

    /// Shows the news.
    pub(crate) fn news(&mut self, news: &FlowWaitResponse) {
        match self {
            Self::Live(live) => live.draw(&news.view),
            Self::Plain => plain::print(news),
            Self::Quiet => {}
        }
    }

    /// Says something beside the steps.
    pub(crate) fn say(&self, text: &str) {
        let text = crate::cli::escape_lines(text);
        match self {
            Self::Live(live) => live.say(&text),
            Self::Plain => plain::say(&text),
            Self::Quiet => {}
        }
    }

    /// Leaves the last picture on the screen.
    pub(crate) fn close(&mut self) {
        if let Self::Live(live) = self {
            live.close();
        }
    }
}
