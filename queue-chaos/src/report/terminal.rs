//! As much of a terminal as progress lines and coloured tables need.

/// How a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// A colour of the 16, if it is not the usual one.
    pub colour: Option<u8>,
    /// The same of what is behind.
    pub behind: Option<u8>,
    pub bold: bool,
    pub dim: bool,
}

/// A row: characters with their looks.
pub(super) type Row = Vec<(char, Look)>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// Within ESC [ ...
    Control,
    /// Within ESC ] ..., until BEL or ESC \.
    Command,
    /// After ESC and one of ( ) * +: a letter more.
    Charset,
}

/// A screen. Characters are one column wide each.
#[derive(Debug)]
pub(super) struct Terminal {
    columns: usize,
    rows: Vec<Row>,
    column: usize,
    row: usize,
    look: Look,
    state: State,
    /// What stands between ESC [ and the letter.
    parameters: String,
}

impl Terminal {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: columns.max(1),
            rows: vec![Row::new(); rows.max(1)],
            column: 0,
            row: 0,
            look: Look::default(),
            state: State::Text,
            parameters: String::new(),
        }
    }

    /// What is on the screen. Rows are as long as what is written in them.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn write(&mut self, text: &str) {
        text.chars().for_each(|c| self.character(c));
    }

    fn character(&mut self, c: char) {
        match (self.state, c) {
            (State::Command, '\u{7}') => self.state = State::Text,
            (_, '\u{1b}') => self.state = State::Escape,
            (State::Escape, '[') => {
                self.parameters.clear();
                self.state = State::Control;
            }
            (State::Escape, ']' | 'P' | '_' | '^') => self.state = State::Command,
            (State::Escape, '(' | ')' | '*' | '+') => self.state = State::Charset,
            (State::Escape | State::Charset, _) => self.state = State::Text,
            (State::Control, '\u{40}'..='\u{7e}') => {
                self.state = State::Text;
                self.control(c);
            }
            (State::Control, c) if self.parameters.len() < 64 => self.parameters.push(c),
            (State::Control | State::Command, _) => {}
            (State::Text, '\r') => self.column = 0,
            (State::Text, '\n') => self.line_feed(),
            (State::Text, '\u{8}') => self.column = self.column.saturating_sub(1),
            (State::Text, '\t') => self.column = ((self.column / 8 + 1) * 8).min(self.columns - 1),
            (State::Text, c) if c.is_control() => {}
            (State::Text, c) => self.put(c),
        }
    }

    fn put(&mut self, c: char) {
        if self.column >= self.columns {
            self.column = 0;
            self.line_feed();
        }
        let row = &mut self.rows[self.row];
        if row.len() <= self.column {
            row.resize(self.column + 1, (' ', Look::default()));
        }
        row[self.column] = (c, self.look);
        self.column += 1;
    }

    fn line_feed(&mut self) {
        if self.row + 1 < self.rows.len() {
            self.row += 1;
        } else {
            self.rows.rotate_left(1);
            self.rows[self.row].clear();
        }
    }

    fn number(&self, at: usize) -> Option<usize> {
        self.parameters.split(';').nth(at)?.parse().ok()
    }

    fn control(&mut self, letter: char) {
        let first = self.number(0);
        let by = first.unwrap_or(1).max(1);
        let last_row = self.rows.len() - 1;
        match letter {
            'm' => self.looks(),
            'A' => self.row = self.row.saturating_sub(by),
            'B' => self.row = self.row.saturating_add(by).min(last_row),
            'C' => self.column = self.column.saturating_add(by).min(self.columns - 1),
            'D' => self.column = self.column.saturating_sub(by),
            'E' => (self.row, self.column) = (self.row.saturating_add(by).min(last_row), 0),
            'F' => (self.row, self.column) = (self.row.saturating_sub(by), 0),
            'G' => self.column = (by - 1).min(self.columns - 1),
            'H' | 'f' => {
                self.row = (by - 1).min(last_row);
                self.column = (self.number(1).unwrap_or(1).max(1) - 1).min(self.columns - 1);
            }
            'K' => self.erase_in_row(first.unwrap_or(0)),
            'J' => self.erase(first.unwrap_or(0)),
            _ => {}
        }
    }

    fn erase_in_row(&mut self, which: usize) {
        let column = self.column;
        let row = &mut self.rows[self.row];
        match which {
            0 => row.truncate(column),
            1 => row.iter_mut().take(column + 1).for_each(|cell| *cell = (' ', Look::default())),
            _ => row.clear(),
        }
    }

    fn erase(&mut self, which: usize) {
        match which {
            0 => self.rows[self.row + 1..].iter_mut().for_each(Vec::clear),
            1 => self.rows[..self.row].iter_mut().for_each(Vec::clear),
            _ => self.rows.iter_mut().for_each(Vec::clear),
        }
        self.erase_in_row(which);
    }

    /// Colours of more than 16 are left as they are.
    fn looks(&mut self) {
        let parameters = std::mem::take(&mut self.parameters);
        let mut numbers = parameters.split(';').map(|number| number.parse::<u8>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            let look = &mut self.look;
            match number {
                0 => *look = Look::default(),
                1 => look.bold = true,
                2 => look.dim = true,
                22 => (look.bold, look.dim) = (false, false),
                30..=37 => look.colour = Some(number - 30),
                39 => look.colour = None,
                40..=47 => look.behind = Some(number - 40),
                49 => look.behind = None,
                90..=97 => look.colour = Some(number - 90 + 8),
                100..=107 => look.behind = Some(number - 100 + 8),
                38 | 48 => {
                    let colour = match numbers.next() {
                        Some(5) => numbers.next().filter(|colour| *colour < 16),
                        _ => return,
                    };
                    let of = if number == 38 { &mut look.colour } else { &mut look.behind };
                    *of = colour.or(*of);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn screen(text: &str) -> Vec<String> {
        let mut terminal = Terminal::new(10, 3);
        terminal.write(text);
        terminal.rows().iter().map(|row| row.iter().map(|(c, _)| c).collect()).collect()
    }

    #[test]
    fn what_is_on_the_screen() {
        for (text, expected) in [
            ("one\r\ntwo", ["one", "two", ""]),
            ("100 %\r 50", [" 50 %", "", ""]),
            ("100 %\r\u{1b}[K5 %", ["5 %", "", ""]),
            ("a\r\nb\r\nc\r\nd", ["b", "c", "d"]),
            ("a\r\nb\u{1b}[1A\u{1b}[2Kc", [" c", "b", ""]),
            ("0123456789ab", ["0123456789", "ab", ""]),
            ("\u{1b}]0;title\u{7}x\u{1b}(By", ["xy", "", ""]),
            ("abc\u{1b}[2J\u{1b}[Hx\u{1b}[3;4Hy", ["x", "", "   y"]),
            ("ab\u{8}c\td", ["ac      d", "", ""]),
            ("\u{1b}[?25lx\u{1b}[99999999999999999999Cy", ["x y", "", ""]),
        ] {
            assert_eq!(screen(text), expected, "{text:?}");
        }
    }

    #[test]
    fn colours() {
        let mut terminal = Terminal::new(10, 1);
        terminal.write(
            "\u{1b}[1;31ma\u{1b}[0mb\u{1b}[92;2mc\u{1b}[38;5;4md\u{1b}[38;2;1;2;3me\u{1b}[39;22mf",
        );
        let looks: Vec<Look> = terminal.rows()[0].iter().map(|(_, look)| *look).collect();
        let look = |colour, bold, dim| Look { colour, bold, dim, behind: None };
        assert_eq!(looks[0], look(Some(1), true, false));
        assert_eq!(looks[1], Look::default());
        assert_eq!(looks[2], look(Some(10), false, true));
        assert_eq!(looks[3], look(Some(4), false, true));
        assert_eq!(looks[4], looks[3]);
        assert_eq!(looks[5], Look::default());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "((\u{1b}\\[[0-9;?]{0,6}[A-Zf-m])|[a-z\r\n\t\u{8}]|\u{1b}.|\\PC){0,80}", columns in 0..12usize, rows in 0..5usize) {
            let mut terminal = Terminal::new(columns, rows);
            terminal.write(&text);
            prop_assert_eq!(terminal.rows().len(), rows.max(1));
            prop_assert!(terminal.rows().iter().all(|row| row.len() <= columns.max(1)));
        }
    }
}
