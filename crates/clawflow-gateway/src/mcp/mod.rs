//! The server for agents: the Model Context Protocol over the same table of calls.

mod ask;
mod asker;
mod brief;
mod call;
mod client;
mod digest;
mod door;
mod flow_answer;
mod flow_run;
mod flow_show;
mod flow_wait;
mod hello;
mod http;
mod http_door;
mod http_stream;
mod inbox;
mod limits;
mod message;
mod prompt;
mod resource;
mod schema;
mod server;
mod stdio;
mod task;
mod task_run;
mod task_wait;
mod tasks;
mod tool;
mod tools;

pub use door::Boxed;
pub use door::Door;
pub use door::Leave;
pub use door::Need;
pub use door::Place;
pub use door::Room;
pub use stdio::serve;

pub(crate) use http::PATH;
pub(crate) use http::handle;
