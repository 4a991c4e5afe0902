//! A page of the manual, as files and commands.

/// A page.
pub(super) struct Page<'p> {
    /// Its parts that have something to run.
    pub(super) sections: Vec<Section<'p>>,
}

/// From one heading to the next.
#[derive(Default)]
pub(super) struct Section<'p> {
    pub(super) title: &'p str,
    /// Files by name.
    pub(super) files: Vec<(&'p str, String)>,
    pub(super) runs: Vec<Run<'p>>,
}

/// One `console` block.
pub(super) struct Run<'p> {
    /// Whether a gateway runs meanwhile.
    pub(super) gateway: bool,
    pub(super) commands: Vec<Typed<'p>>,
}

/// A command and what it prints.
pub(super) struct Typed<'p> {
    /// The number of its line, from 1; what it prints begins in the line after it.
    pub(super) line: usize,
    pub(super) command: &'p str,
    pub(super) told: Vec<&'p str>,
}

impl Typed<'_> {
    /// Whether this is what the page tells.
    pub(super) fn is_told(&self, printed: &str) -> bool {
        let printed: Vec<&str> = printed.lines().collect();
        let same = printed.len() == self.told.len();
        same && self.told.iter().zip(printed).all(|(told, printed)| is_like(told, printed))
    }
}

/// `…` stands for anything.
fn is_like(told: &str, printed: &str) -> bool {
    let mut parts = told.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else {
        return false;
    };
    let mut open = false;
    let last = told.rsplit('…').next().unwrap_or_default();
    for part in parts {
        open = true;
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    if open { last.is_empty() || printed.ends_with(last) } else { rest.is_empty() }
}

impl<'p> Page<'p> {
    /// Reads a page.
    pub(super) fn read(text: &'p str) -> Self {
        let mut sections = vec![Section::default()];
        let mut lines = text.lines().enumerate();
        while let Some((_, line)) = lines.next() {
            if line.starts_with("##") {
                let title = line.trim_start_matches('#').trim();
                sections.push(Section { title, ..Section::default() });
            }
            let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
                continue;
            };
            let body = lines.by_ref().take_while(|(_, line)| *line != "```");
            let body: Vec<(usize, &str)> = body.collect();
            // invariant: the first is there from the beginning.
            let Some(section) = sections.last_mut() else { continue };
            match info.split_once(' ') {
                None if info != "console" => {}
                Some((language, name)) if language != "console" => {
                    let text = body.iter().map(|(_, line)| format!("{line}\n")).collect();
                    section.files.push((name, text));
                }
                words => {
                    let gateway = words.is_some_and(|(_, word)| word == "gateway");
                    section.runs.push(Run { gateway, commands: commands(&body) });
                }
            }
        }
        sections.retain(|section| !section.files.is_empty() || !section.runs.is_empty());
        Self { sections }
    }
}

fn commands<'p>(body: &[(usize, &'p str)]) -> Vec<Typed<'p>> {
    let mut commands: Vec<Typed<'p>> = Vec::new();
    for (at, line) in body {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => {
                commands.push(Typed { line: at + 1, command, told: Vec::new() });
            }
            (None, Some(typed)) => typed.told.push(line),
            (None, None) => panic!("line {}: a console begins with `$ `", at + 1),
        }
    }
    commands
}

#[test]
fn three_dots_stand_for_anything() {
    for (told, printed, like) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…", "abc", true),
        ("a…c", "abc", true),
        ("a…c", "acb", false),
        ("…", "", true),
        ("a…c…e", "abcde", true),
        ("a…c…e", "abde", false),
    ] {
        assert_eq!(is_like(told, printed), like, "{told} {printed}");
    }
}
