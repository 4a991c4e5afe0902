//! Values on disk, where Lobster keeps them, under Lobster's locks: both may run side by side.

mod atomic;
mod lock;
mod store;

pub(super) use atomic::write_atomic;
pub(super) use lock::Access;
pub(super) use lock::with_lock;
pub(super) use store::Store;
