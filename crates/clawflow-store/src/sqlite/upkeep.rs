//! Looking after the file, and what audits ask.

use super::flows::LAST_ID;
use super::readers::{record, sql_limit};
use super::statements::sql;
use super::store::{Check, SqliteStore, findings};
use super::writer::Tidying;
use crate::error::StoreError;
use crate::upkeep::{OwnedWait, StoreSize, Upkeep};
use clawflow_core::audit::LiveFlow;
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::wait::WaitKind;
use rusqlite::Result;

impl Upkeep for SqliteStore {
    fn live_flows(
        &self,
        status: FlowStatus,
        after: Option<&FlowId>,
        limit: usize,
    ) -> std::result::Result<Vec<LiveFlow>, StoreError> {
        let after = after.map_or("", FlowId::as_str);
        let params = (status.as_str(), after, LAST_ID, sql_limit(limit));
        self.readers.read(|conn| {
            let mut query = conn.prepare_cached(sql!(flow_live))?;
            let rows = query
                .query_map(params, |row| Ok(LiveFlow { flow: record(row, 0)?, held: row.get(1)? }));
            rows?.collect()
        })
    }

    fn open_waits(
        &self,
        kind: WaitKind,
        after: Option<&WaitId>,
        limit: usize,
    ) -> std::result::Result<Vec<OwnedWait>, StoreError> {
        let params = (kind.as_str(), after.map_or("", WaitId::as_str), sql_limit(limit));
        self.readers.read(|conn| {
            let mut query = conn.prepare_cached(sql!(wait_open_kind))?;
            let rows = query.query_map(params, |row| {
                Ok(OwnedWait { wait: record(row, 0)?, owner_key: row.get(1)? })
            });
            rows?.collect()
        })
    }

    fn size(&self) -> std::result::Result<StoreSize, StoreError> {
        let mut log = self.readers.path().as_os_str().to_owned();
        log.push("-wal");
        let log = std::fs::metadata(log).map_or(0, |log| log.len());
        self.readers.read(|conn| {
            let number = |pragma: &str| -> Result<u64> {
                conn.query_row(&format!("pragma {pragma}"), [], |row| row.get(0))
            };
            let page = number("page_size")?;
            let (pages, free) = (number("page_count")?, number("freelist_count")?);
            Ok(StoreSize { file: pages * page, free: free * page, log })
        })
    }

    fn checkpoint(&self) -> std::result::Result<(), StoreError> {
        self.writer.tidy(Tidying::Checkpoint)
    }

    fn vacuum(&self) -> std::result::Result<(), StoreError> {
        self.writer.tidy(Tidying::Vacuum)
    }

    fn quick_check(&self) -> std::result::Result<Vec<String>, StoreError> {
        self.readers.read(|conn| findings(conn, Check::Quick))
    }
}
