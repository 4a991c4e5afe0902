//! The heap of this process.

/// Lets all threads allocate from two heaps, where the C library would make eight for each
/// processor, of which each keeps what its busiest moment needed. To be called before there are
/// threads. `MALLOC_ARENA_MAX` of who has set it holds; with another C library nothing happens.
pub fn share_heap() {
    #[cfg(target_env = "gnu")]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        allow_arenas(2);
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "rustix has no mallopt")]
fn allow_arenas(most: libc::c_int) {
    // SAFETY: it sets a number that the allocator looks at when a thread first allocates.
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, most) };
}
