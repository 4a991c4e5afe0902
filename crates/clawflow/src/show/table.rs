//! Tables: columns two blanks apart, cut to the width of the terminal.

use super::paint::Paint;
use crate::cli::{Mode, escape};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns are not cut below this, unless they are narrower anyway.
const NARROWEST: usize = 8;
const GAP: usize = 2;

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    is_status: bool,
    is_number: bool,
}

impl Cell {
    /// Any text; what could steer a terminal is shown.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self { text: escape(text.as_ref()), is_status: false, is_number: false }
    }

    /// Text that may be absent.
    pub(crate) fn maybe(text: Option<impl AsRef<str>>) -> Self {
        text.map_or_else(|| Self::text("-"), Self::text)
    }

    /// A status, coloured.
    pub(crate) fn status(text: impl AsRef<str>) -> Self {
        Self { is_status: true, ..Self::text(text) }
    }

    /// A number, aligned to the right.
    pub(crate) fn number(number: u64) -> Self {
        Self { is_number: true, ..Self::text(number.to_string()) }
    }
}

/// Rows under a header.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(header: [&str; N]) -> Self {
        Self { rows: vec![header.into_iter().map(Cell::text).collect()] }
    }

    /// Adds a row, which has a cell for each column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// The whole table.
    pub(crate) fn render(&self, mode: Mode) -> String {
        let widths = self.widths(mode.width.map(usize::from));
        let paint = Paint(mode.color);
        let mut out = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let text = cut(&cell.text, widths[column]);
                let blanks = " ".repeat(widths[column] - text.width());
                let last = column + 1 == row.len();
                let painted = match (at, cell.is_status) {
                    (0, _) => paint.dim(&text),
                    (_, true) => paint.status(&text),
                    (_, false) => text,
                };
                match (cell.is_number, last) {
                    (true, _) => line.push_str(&format!("{blanks}{painted}")),
                    (false, true) => line.push_str(&painted),
                    (false, false) => line.push_str(&format!("{painted}{blanks}")),
                }
                if !last {
                    line.push_str(&" ".repeat(GAP));
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let columns = self.rows[0].len();
        let widest = |column: usize| self.rows.iter().map(|row| row[column].text.width()).max();
        let mut widths: Vec<usize> = (0..columns).map(|c| widest(c).unwrap_or(0)).collect();
        let Some(limit) = limit else { return widths };
        loop {
            let total = widths.iter().sum::<usize>() + GAP * columns.saturating_sub(1);
            let over = total.saturating_sub(limit);
            let widest = (0..columns).max_by_key(|&column| widths[column]);
            let Some(at) = widest.filter(|&at| over > 0 && widths[at] > NARROWEST) else {
                return widths;
            };
            // Down to the next widest, so that the widest columns share what is missing.
            let next = (0..columns).filter(|&c| c != at).map(|c| widths[c]).max().unwrap_or(0);
            let floor = next.min(widths[at] - 1).max(NARROWEST);
            widths[at] = floor.max(widths[at].saturating_sub(over));
        }
    }
}

/// The text in at most so many columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut shown = String::new();
    for c in text.chars() {
        let needs = c.width().unwrap_or(0);
        if needs > left {
            break;
        }
        left -= needs;
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["ID", "REV", "GOAL"]);
        table.row([Cell::text("a"), Cell::number(7), Cell::text("the quick brown fox jumps")]);
        table.row([Cell::text("日本"), Cell::number(10), Cell::text("x\u{1b}[2J\ny")]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_they_need() {
        insta::assert_snapshot!(table().render(Mode::default()), @r"
        ID    REV  GOAL
        a       7  the quick brown fox jumps
        日本   10  x\x1b[2J\ny
        ");
    }

    #[test]
    fn a_terminal_cuts_the_widest() {
        let mode = Mode { width: Some(24), ..Mode::default() };
        insta::assert_snapshot!(table().render(mode), @r"
        ID    REV  GOAL
        a       7  the quick br…
        日本   10  x\x1b[2J\ny
        ");
        for width in 0..60 {
            table().render(Mode { width: Some(width), color: true, ..Mode::default() });
        }
    }
}
