//! How records look to people: one place, so that every command shows them alike.

mod budget;
mod delivery;
mod flow;
mod paint;
mod steps;
mod table;
mod time;
mod waiting;
mod why;

pub(crate) use budget::used;
pub(crate) use delivery::about;
pub(crate) use delivery::about_id;
pub(crate) use delivery::route;
pub(crate) use flow::flow_line;
pub(crate) use flow::flow_name;
pub(crate) use flow::flow_view;
pub(crate) use flow::flow_words;
pub(crate) use paint::Paint;
pub(crate) use steps::Folded;
pub(crate) use table::Cell;
pub(crate) use table::Table;
pub(crate) use time::ago;
pub(crate) use time::duration;
pub(crate) use time::moment;
pub(crate) use time::now;
pub(crate) use time::until;
pub(crate) use why::why_text;
