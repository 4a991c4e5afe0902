//! The part of a store that is looked after, and by which the records are audited.

use crate::error::StoreError;
use clawflow_core::audit::LiveFlow;
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::wait::{Wait, WaitKind};

/// An open wait, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedWait {
    /// The record.
    pub wait: Wait,
    /// Session key of its flow's owner.
    pub owner_key: String,
}

/// How large a store is, in bytes. All is zero where it lies in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// The file.
    pub file: u64,
    /// What of the file is free for new rows; only `vacuum` gives it back to the disk.
    pub free: u64,
    /// The log beside the file.
    pub log: u64,
}

/// Looking after a store. Pages are bounded: a store may hold millions of records.
pub trait Upkeep: Send + Sync {
    /// Flows in this state that have not ended, by id from `after` on, each with whether anything
    /// holds it.
    ///
    /// # Errors
    /// Those of the store.
    fn live_flows(
        &self,
        status: FlowStatus,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<LiveFlow>, StoreError>;

    /// Open waits of this kind of live flows, by id from `after` on.
    ///
    /// # Errors
    /// Those of the store.
    fn open_waits(
        &self,
        kind: WaitKind,
        after: Option<&WaitId>,
        limit: usize,
    ) -> Result<Vec<OwnedWait>, StoreError>;

    /// How large it is now.
    ///
    /// # Errors
    /// Those of the store.
    fn size(&self) -> Result<StoreSize, StoreError>;

    /// Copies the log into the file, and cuts it if it is long, unless readers are in the way for
    /// longer than units may wait: then as much as there is time for. Nothing of what is durable
    /// changes.
    ///
    /// # Errors
    /// Those of the store; the log stays.
    fn checkpoint(&self) -> Result<(), StoreError>;

    /// Writes the file anew without what is free in it. Units wait until it is done, which for a
    /// large store takes long, and needs as much room again meanwhile.
    ///
    /// # Errors
    /// Those of the store; it is as it was.
    fn vacuum(&self) -> Result<(), StoreError>;

    /// As [`crate::Store::check`], without comparing every index with its table.
    ///
    /// # Errors
    /// Those of the store.
    fn quick_check(&self) -> Result<Vec<String>, StoreError>;
}
