//! Follows a flow to its end, and shows what happens on standard error.

mod end;
mod gate;
mod live;
mod muted;
mod plain;
mod view;

pub(crate) use end::print_result;
pub(crate) use gate::Gates;
pub(crate) use view::Show;
