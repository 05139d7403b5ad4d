//! The book under `docs/`: every page is in its table of contents, and no link leads nowhere.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines that are text: without blocks of code, and without code in them.
fn prose(page: &str) -> String {
    let blocks = page.split("```").step_by(2).collect::<String>();
    blocks.split('`').step_by(2).collect()
}

/// Where the links of a page lead.
fn links(page: &str) -> Vec<String> {
    let text = prose(page);
    let targets = text.split("](").skip(1);
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The ids in the first column of a lab's table of acceptance.
fn accepted(page: &str) -> BTreeSet<String> {
    let section = page.split("\n## ").find(|it| it.starts_with("Acceptance"));
    let rows = section.unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

#[test]
fn each_labs_page_has_its_checks() {
    for lab in labs::registry::labs().unwrap() {
        let path = root().join(format!("docs/src/labs/{}.md", lab.id));
        let page = fs::read_to_string(&path).unwrap();
        let mut checks: BTreeSet<String> =
            lab.checks.iter().map(|check| check.measure.clone()).collect();
        checks.insert("artefacts".to_owned());
        assert_eq!(accepted(&page), checks, "{}", path.display());
    }
}

/// Which parts a lab's page has, in this order.
#[test]
fn each_labs_page_has_its_parts() {
    const PARTS: [&str; 7] = [
        "Objective",
        "Run it",
        "What you should see",
        "How it is measured",
        "Acceptance",
        "Debrief",
        "Exercises",
    ];
    for lab in labs::registry::labs().unwrap() {
        let path = root().join(format!("docs/src/labs/{}.md", lab.id));
        let page = fs::read_to_string(&path).unwrap();
        let mut headings = page.lines().filter_map(|line| line.strip_prefix("## "));
        for part in PARTS {
            assert!(
                headings.any(|heading| heading.starts_with(part)),
                "{}: no part `{part}`, or not where it belongs",
                path.display()
            );
        }
        assert!(page.contains("\nTo read: "), "{}: no `To read:`", path.display());
    }
}

/// The names that headings can be linked by.
fn anchors(page: &str) -> BTreeSet<String> {
    let blocks = page.split("```").step_by(2).collect::<String>();
    let headings = blocks.lines().filter_map(|line| line.strip_prefix('#'));
    headings
        .map(|heading| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept =
                heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in files(&root().join("docs/src"), "md") {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            seen += 1;
            // The documentation of crates stands beside the built book.
            if link.contains("://") || link.contains("/doc/") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let found = fs::read_to_string(&target);
            let whole = anchor.is_empty() && target.exists();
            if !whole && !found.is_ok_and(|text| anchors(&text).contains(anchor)) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(seen > 40, "only {seen} links were found");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let source = root().join("docs/src");
    let contents = source.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> = links(&fs::read_to_string(&contents).unwrap())
        .iter()
        .map(|link| source.join(link))
        .collect();
    let pages: BTreeSet<PathBuf> =
        files(&source, "md").into_iter().filter(|page| *page != contents).collect();
    assert_eq!(listed, pages);
}

/// `doc/NAME/index.html` is what `just doc` makes of the library NAME.
#[test]
fn documentation_of_crates_is_of_crates_that_there_are() {
    let mut named = BTreeSet::new();
    for page in files(&root().join("docs/src"), "md") {
        for link in links(&fs::read_to_string(page).unwrap()) {
            if let Some((_, rest)) = link.split_once("/doc/") {
                named.insert(rest.split('/').next().unwrap().to_owned());
            }
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    // rustdoc has one name for `a-b` and `a_b`.
    let lines = manifest.lines().filter(|line| line.contains(" = { path = "));
    let libraries: BTreeSet<String> =
        lines.filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_"))).collect();
    let strangers: Vec<&String> = named.difference(&libraries).collect();
    assert!(strangers.is_empty(), "no such libraries in Cargo.toml: {strangers:?}");
    assert!(named.len() > 5, "{named:?}");
}

/// What the commands of the book name is there. Executing them is for `just book-test`.
#[test]
fn commands_name_what_there_is() {
    let pages = labs::book::page::pages(&root()).unwrap();
    let known = labs::book::known::Known::of(&root()).unwrap();
    assert_eq!(known.strangers(&pages), Vec::<String>::new());
    let commands = pages.iter().flat_map(|page| &page.blocks).flat_map(|block| &block.commands);
    assert!(commands.count() > 40);
}

#[test]
fn the_front_pages_numbers_have_their_form_and_hold() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(labs::front_page::wrong(&text).unwrap(), Vec::<String>::new());
}
