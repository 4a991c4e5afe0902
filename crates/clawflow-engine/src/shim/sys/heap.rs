//! The heap of this process.

/// Lets all threads allocate from two heaps, where the C library would make eight for each
/// processor, of which each keeps what its busiest moment needed. To be called before there are
/// threads. `MALLOC_ARENA_MAX` of who has set it holds; with another C library nothing happens.
pub fn share_heap() {
    #[cfg(target_env = "gnu")]
    set(libc::M_ARENA_MAX, "MALLOC_ARENA_MAX", 2);
}

/// Lets all threads allocate from one heap, which keeps up to 64 MiB that were given back, also of
/// large pieces: for a process that ends with its work. Else each copy of a large result is made in
/// fresh pages, of which the kernel clears each one first. To be called before there are threads.
/// `MALLOC_ARENA_MAX` and its like hold; with another C library nothing happens.
pub fn keep_heap() {
    #[cfg(target_env = "gnu")]
    {
        set(libc::M_ARENA_MAX, "MALLOC_ARENA_MAX", 1);
        set(libc::M_MMAP_THRESHOLD, "MALLOC_MMAP_THRESHOLD_", 32 << 20);
        set(libc::M_TRIM_THRESHOLD, "MALLOC_TRIM_THRESHOLD_", 64 << 20);
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "rustix has no mallopt")]
fn set(what: libc::c_int, variable: &str, number: libc::c_int) {
    if std::env::var_os(variable).is_none() {
        // SAFETY: it sets a number that the allocator looks at when it is asked for memory.
        let _ = unsafe { libc::mallopt(what, number) };
    }
}
