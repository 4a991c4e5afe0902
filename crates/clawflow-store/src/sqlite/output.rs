//! The output of a step as the file has it: as it is, or compressed where it is large. Then it is
//! the length of the text, four bytes with the lowest first, and one block of LZ4.

use super::readers::unreadable;
use clawflow_core::step::StepResult;
use clawflow_core::text::Text;
use lz4_flex::block::uncompressed_size;
use rusqlite::Row;
use std::io;

/// What is shorter can be read in the file by any tool, and costs next to nothing.
pub(super) const COMPRESSED_FROM: usize = 64 << 10;
/// A byte of LZ4 stands for so many bytes at most.
const BYTES_OF_ONE: usize = 255;

/// An output that is to be written.
#[derive(Debug)]
pub(super) enum Output {
    Plain(Text),
    Compressed(Vec<u8>),
}

impl Output {
    /// That of a result. To write 7 MB takes SQLite three times as long as to compress them.
    pub(super) fn of(result: &StepResult) -> Option<Self> {
        let text = result.stdout.as_ref()?;
        let is_large = text.len() >= COMPRESSED_FROM && u32::try_from(text.len()).is_ok();
        let block = is_large.then(|| lz4_flex::compress_prepend_size(text.as_bytes()));
        let smaller = block.filter(|block| block.len() < text.len() / 4 * 3);
        Some(smaller.map_or_else(|| Self::Plain(text.clone()), Self::Compressed))
    }

    /// How many bytes are written.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Compressed(block) => block.len(),
        }
    }

    /// The column for what is not compressed.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Compressed(_) => None,
        }
    }

    /// The column for what is.
    pub(super) fn compressed(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Compressed(block) => Some(block),
        }
    }
}

/// Reads an output from its two columns, of which the first is at `at`.
pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Text>> {
    if let Some(text) = row.get_ref(at)?.as_str_or_null()? {
        return Ok(Some(text.into()));
    }
    let block = row.get_ref(at + 1)?.as_blob_or_null()?;
    block.map(decompressed).transpose().map_err(|error| unreadable(at + 1, error))
}

fn decompressed(block: &[u8]) -> io::Result<Text> {
    let (len, block) = uncompressed_size(block).map_err(io::Error::other)?;
    if len / BYTES_OF_ONE > block.len() {
        return Err(io::Error::other(format!("{} bytes are no text of {len}", block.len())));
    }
    let bytes = lz4_flex::decompress(block, len).map_err(io::Error::other)?;
    Ok(String::from_utf8(bytes).map_err(io::Error::other)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Output {
        let result = StepResult { stdout: Some(text.into()), ..StepResult::default() };
        Output::of(&result).unwrap()
    }

    fn noise(len: usize) -> String {
        let mut state = 1_u64;
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + u8::try_from((state >> 33) % 94).unwrap())
        };
        (0..len).map(|_| letter()).collect()
    }

    #[test]
    fn what_is_large_and_repeats_itself_is_smaller_in_the_file() {
        for text in ["", "short", &"x".repeat(COMPRESSED_FROM - 1), &noise(COMPRESSED_FROM)] {
            let output = written(text);
            assert_eq!((output.text(), output.compressed()), (Some(text), None));
        }
        for text in ["x".repeat(COMPRESSED_FROM), "[\"\u{e9}\0\"],".repeat(100_000)] {
            let output = written(&text);
            assert_eq!(output.text(), None);
            assert!(output.len() < text.len() / 100, "{}", output.len());
            assert_eq!(*decompressed(output.compressed().unwrap()).unwrap(), *text);
        }
    }

    #[test]
    fn a_damaged_output_is_told() {
        let Output::Compressed(whole) = written(&"x".repeat(COMPRESSED_FROM)) else { panic!() };
        let longer = [&[0xff; 4], &whole[4..]].concat();
        let other_text = lz4_flex::compress_prepend_size(&[0xff; COMPRESSED_FROM]);
        for block in [&[], &whole[..3], &whole[..whole.len() / 2], &longer, &other_text] {
            decompressed(block).unwrap_err();
        }
    }
}
