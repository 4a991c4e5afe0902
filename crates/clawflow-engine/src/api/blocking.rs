//! Work that reads disks and processes, away from the threads of the runtime.

use super::ApiError;

/// Does the work on a thread that may block.
///
/// # Errors
/// Those of the work; `internal` if it panics.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::new("internal", error.to_string()))?
}
