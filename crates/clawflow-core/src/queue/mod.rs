//! Named queues: what they allow, and who of those that wait is next.
//!
//! Nothing here is durable: what waits are `queued` tasks, what has a place are `running` ones, and
//! starts are their times. A [`Picker`] is made from them anew by each process.

mod limits;
mod line;
mod picker;
mod view;
mod window;

pub use limits::QueueLimits;
pub use limits::Rate;
pub use limits::check_queue_name;
pub use picker::Picker;
pub use picker::Waiting;
pub use view::Held;
pub use view::LineView;
pub use view::Standing;
