//! The memory that the program's own file takes.

use std::ffi::c_void;
use std::fs;
use std::io;
use std::ops::Range;

/// Unmaps the pages of the program and of its libraries that this process does not write to, and
/// gives unused heap back. What is needed again is mapped again from the page cache, where it
/// stays as long as there is room: about a microsecond for each 64 KiB.
///
/// To be called when there is little to do: a start runs through much code that never runs
/// again, and the kernel maps 64 KiB around each piece of it.
///
/// # Errors
/// That of reading `/proc/self/smaps`.
pub fn release_program() -> io::Result<()> {
    for pages in unwritten(&fs::read_to_string("/proc/self/smaps")?) {
        release(&pages);
    }
    #[cfg(target_env = "gnu")]
    trim_heap();
    Ok(())
}

#[expect(unsafe_code, reason = "rustix has no safe madvise")]
fn release(pages: &Range<usize>) {
    let start = std::ptr::with_exposed_provenance_mut::<c_void>(pages.start);
    // SAFETY: a private mapping of a file that nothing may write to and nothing has written to has
    // the same bytes when it is mapped again. A mapping that is gone meanwhile is refused.
    let _ = unsafe { libc::madvise(start, pages.len(), libc::MADV_DONTNEED) };
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "rustix has no malloc_trim")]
fn trim_heap() {
    // SAFETY: it takes the allocator's own locks.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// The private mappings of files that cannot be written to and of which no page was: a debugger's
/// breakpoints, and what the loader has relocated, are written pages.
fn unwritten(smaps: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut mapping = None;
    for line in smaps.lines() {
        if let Some(begun) = header(line) {
            mapping = begun;
        } else if let Some(size) = line.strip_prefix("Anonymous:")
            && let Some(pages) = mapping.take()
            && size.trim() == "0 kB"
        {
            found.push(pages);
        }
    }
    found
}

/// For a line that begins a mapping, where that is if it is of a file, private and not writable.
fn header(line: &str) -> Option<Option<Range<usize>>> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let pages = address(start)?..address(end)?;
    let fits = matches!(words.next()?, "r--p" | "r-xp");
    let is_file = words.nth(3).is_some_and(|path| path.starts_with('/'));
    Some((fits && is_file).then_some(pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
55d0-55d4 r--p 00000000 fe:00 12 /usr/bin/clawflow of mine
Rss:                   8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
55d4-55e0 r-xp 00004000 fe:00 12 /usr/bin/clawflow of mine
Anonymous:             0 kB
55e0-55e4 r--p 00010000 fe:00 12 /usr/bin/clawflow of mine
Anonymous:             4 kB
55e4-55e8 rw-p 00014000 fe:00 12 /usr/bin/clawflow of mine
Anonymous:             0 kB
5600-5700 rw-p 00000000 00:00 0 [heap]
Anonymous:             0 kB
7f00-7f10 r--s 00000000 fe:00 13 /home/ledger-shm
Anonymous:             0 kB
7f10-7f20 r--p 00000000 00:00 0 
Anonymous:             0 kB
7ffc-7ffd r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
";

    #[test]
    fn only_what_was_never_written_is_released() {
        assert_eq!(unwritten(SMAPS), [0x55d0..0x55d4, 0x55d4..0x55e0]);
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for text in ["", "Anonymous: 0 kB", "x-y r-xp 0 0 0 /a\nAnonymous: 0 kB\n", "1-2 r-xp"] {
            assert!(unwritten(text).is_empty(), "{text}");
        }
        let cut = "55d4-55e0 r-xp 00004000 fe:00 12 /usr/bin/clawflow\nAnonymous:";
        assert!(unwritten(cut).is_empty());
    }

    /// Resident memory of mappings that are released.
    fn resident() -> u64 {
        let text = fs::read_to_string("/proc/self/smaps").unwrap();
        let all = unwritten(&text);
        let mut counts = false;
        let sizes = text.lines().filter_map(|line| {
            if let Some(pages) = header(line) {
                counts = pages.is_some_and(|pages| all.contains(&pages));
            }
            let size = line.strip_prefix("Rss:").filter(|_| counts)?;
            size.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        });
        sizes.sum()
    }

    #[test]
    fn a_process_goes_on_with_less() {
        let before = resident();
        release_program().unwrap();
        let after = resident();
        assert!(after < before, "{before} KiB, {after} KiB");
    }
}
