//! Tables and numbers for people.

use comfy_table::{CellAlignment, Table, presets};

/// A table without lines; columns from `numbers` on are set to the right.
pub fn table(head: &[&str], numbers: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head.to_vec());
    table.add_rows(rows);
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if number >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// `1,234,567`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i != 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `87.5 %`, or a dash.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(dash, |share| format!("{:.1} %", share * 100.0))
}

/// `3.25`, or a dash.
pub fn decimal(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:.2}"))
}

/// `12.3 us`
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.3} s"),
        s if s >= 1e-3 => format!("{:.3} ms", s * 1e3),
        s => format!("{:.2} us", s * 1e6),
    }
}

/// `1.25 TFLOP/s`
pub fn rate(flops: f64) -> String {
    match flops {
        f if f >= 1e12 => format!("{:.2} TFLOP/s", f / 1e12),
        f if f >= 1e9 => format!("{:.2} GFLOP/s", f / 1e9),
        f => format!("{:.2} MFLOP/s", f / 1e6),
    }
}

/// What stands for nothing.
pub fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [0, 999, 1000, 1_234_567].map(count).map(|s| s).each_ref().map(String::as_str)
        );
        assert_eq!(time(1.5e-6), "1.50 us");
        assert_eq!(time(2.5e-3), "2.500 ms");
        assert_eq!(rate(2.5e9), "2.50 GFLOP/s");
        assert_eq!(percent(None), "-");
    }
}
