//! Reports for people and programs, modes, and kinds of releases.

mod generate;

use avro_compat::check::{
    Change, CheckOptions, Mode, Part, RenderOptions, Severity, check, check_evolution,
};
use avro_compat::json::Layout;
use avro_compat::{Error, Schema};
use proptest::prelude::*;
use serde_json::Value;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

const WRITER: &str = r#"{
  "type": "record", "name": "Tweet", "namespace": "example",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN", "DE", "FR"]}},
    {"name": "media", "type": ["null", {"type": "record", "name": "Photo", "fields": [{"name": "bytes", "type": "bytes"}]}]}
  ]
}
"#;
const READER: &str = r#"{
  "type": "record", "name": "Tweet", "namespace": "example",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN"]}},
    {"name": "media", "type": ["null", {"type": "record", "name": "Photo", "fields": [{"name": "bytes", "type": "string"}, {"name": "width", "type": "int"}]}]},
    {"name": "retweets", "type": "int"}
  ]
}
"#;

#[test]
fn a_report_for_people() {
    let report = check(&schema(READER), &schema(WRITER), &CheckOptions::default());
    let expected = r#"
error[missing-field]: field "retweets" of record "example.Tweet" has no default, and the writer's record has no such field
  --> new.avsc:7:5 (/fields/3)
   |
 7 |     {"name": "retweets", "type": "int"}
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ read as this
  --> old.avsc:3:13 (/fields)
   |
 3 |   "fields": [
   |             - not in what was written as this

error[symbols]: symbols "DE", "FR" of enum "example.Lang" cannot be read: the reader does not have them, and it has no default symbol
  --> new.avsc:5:74 (/fields/1/type/symbols)
   |
 5 |     {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN"]}},
   |                                                                          ^^^^^^ read as this
  --> old.avsc:5:74 (/fields/1/type/symbols)
   |
 5 |     {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN", "DE", "FR"]}},
   |                                                                          ------------------ written as this
   = at: .lang
"#;
    let rendered = report.render(&RenderOptions::named("new.avsc", "old.avsc"));
    assert!(rendered.starts_with(expected.trim_start()), "{rendered}");
    let last = r#"   = at: .media<example.Photo>.bytes
   = where record "example.Photo" (branch 1 of the writer's union) is read as record "example.Photo" (branch 1 of the reader's)
"#;
    assert!(rendered.ends_with(last), "{rendered}");
}

#[test]
fn parts_can_be_painted_and_findings_be_left_out() {
    let report = check(&schema(READER), &schema(WRITER), &CheckOptions::default());
    let mut options = RenderOptions::default();
    options.max_findings = 1;
    let painted = report.render_with(&options, &mut |part, text| match part {
        Part::Head(Severity::Error) => format!("<b>{text}</b>"),
        Part::Frame => String::new(),
        _ => text.to_owned(),
    });
    assert!(painted.starts_with("<b>error[missing-field]</b>: field"), "{painted}");
    assert!(painted.ends_with("... and 3 more\n"), "{painted}");
    assert!(!painted.contains('|'));
    let same = schema(READER);
    assert_eq!(check(&same, &same, &options_of(Severity::Warning)).render(&options), "");
}

fn options_of(least: Severity) -> CheckOptions {
    CheckOptions::default().at_least(least)
}

#[test]
fn a_report_for_programs() {
    let report = check(&schema(READER), &schema(WRITER), &CheckOptions::default());
    let json: Value = serde_json::from_str(&report.to_json(Layout::Indented)).unwrap();
    assert_eq!(json["compatible"], false);
    assert_eq!((&json["errors"], &json["hazards"]), (&3.into(), &1.into()));
    let media = &json["findings"][2];
    assert_eq!((&media["kind"], &media["severity"]), (&"branch".into(), &"error".into()));
    let cause = &media["causes"][1];
    assert_eq!(cause["kind"], "bytes-as-string");
    assert_eq!(cause["reader"]["pointer"], "/fields/2/type/1/fields/0/type");
    assert_eq!(cause["writer"]["line"], 6);
    let java = check(&schema(READER), &schema(WRITER), &CheckOptions::java());
    let json: Value = serde_json::from_str(&java.to_json(Layout::Compact)).unwrap();
    let found: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["kind"], &it["location"]))
        .collect();
    assert_eq!(
        found,
        [
            (&"MISSING_ENUM_SYMBOLS".into(), &"/fields/1/type/symbols".into()),
            (&"MISSING_UNION_BRANCH".into(), &"/fields/2/type/1".into()),
            (&"READER_FIELD_MISSING_DEFAULT_VALUE".into(), &"/fields/3".into()),
        ]
    );
    assert_eq!(json["findings"][2]["reader"]["pointer"], "/fields/3");
}

proptest! {
    /// Whatever the schemas, a report can be told, and its forms agree.
    #[test]
    fn reports_can_be_told((reader, writer) in generate::pair(), width in 0..60_usize, java in any::<bool>()) {
        let (reader, writer) = (schema(&reader.text()), schema(&writer.text()));
        let options = if java { CheckOptions::java() } else { CheckOptions::default() };
        let report = check(&reader, &writer, &options);
        let mut options = RenderOptions::default();
        options.width = width;
        let text = report.render(&options);
        prop_assert_eq!(text.is_empty(), report.findings().len() == 0);
        let longest = text.lines().filter(|it| it.starts_with(" 1 | ")).map(|it| it.chars().count()).max();
        prop_assert!(longest.unwrap_or(0) <= width.max(20) + 12);
        let json: Value = serde_json::from_str(&report.to_json(Layout::Compact)).unwrap();
        fn count(all: &Value) -> usize {
            all.as_array().map_or(0, |it| it.iter().map(|it| 1 + count(&it["causes"])).sum())
        }
        prop_assert_eq!(count(&json["findings"]), report.findings().len());
        prop_assert_eq!(&json["compatible"], report.is_compatible());
    }

    /// A change and its reverse are of one kind; no change is none; what is compatible both ways without hazards is minor at most.
    #[test]
    fn kinds_of_releases_are_symmetric((old, new) in generate::pair()) {
        let (old, new) = (schema(&old.text()), schema(&new.text()));
        let change = Change::between(&old, &new);
        prop_assert_eq!(change, Change::between(&new, &old));
        prop_assert_eq!(Change::between(&old, &old), Change::None);
        let worst = |reader, writer| check(reader, writer, &CheckOptions::default()).worst();
        let worst = worst(&new, &old).max(worst(&old, &new));
        match worst {
            Some(Severity::Error) => prop_assert_eq!(change, Change::Major),
            None | Some(Severity::Warning) => prop_assert!(change <= Change::Minor),
            Some(Severity::Hazard) => prop_assert!(change >= Change::Minor),
        }
    }
}

#[test]
fn kinds_of_releases() {
    let record = |rest: &str| schema(&format!(r#"{{"type": "record", "name": "R"{rest}}}"#));
    let between = |old: &str, new: &str| Change::between(&record(old), &record(new));
    let a = r#", "fields": [{"name": "a", "type": "int"}]"#;
    assert_eq!(between(a, &format!(r#", "doc": "x", "owner": 1{a}"#)), Change::Patch);
    for minor in [
        r#", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int", "default": 1}]"#,
        r#", "fields": [{"name": "a", "type": "int", "default": 1}]"#,
        r#", "fields": [{"name": "a", "type": "int", "aliases": ["z"]}]"#,
        r#", "fields": [{"name": "a", "type": "int", "order": "ignore"}]"#,
    ] {
        assert_eq!(between(a, minor), Change::Minor, "{minor}");
    }
    for major in [
        r#", "fields": []"#,
        r#", "fields": [{"name": "a", "type": "long"}]"#,
        r#", "fields": [{"name": "a", "type": {"type": "int", "logicalType": "date"}}]"#,
        r#", "fields": [{"name": "b", "type": "int", "aliases": ["a"]}]"#,
    ] {
        assert_eq!(between(a, major), Change::Major, "{major}");
    }
    let symbols = |all: &str| {
        format!(
            r#", "fields": [{{"name": "e", "type": {{"type": "enum", "name": "E", "symbols": [{all}], "default": "A"}}}}]"#
        )
    };
    assert_eq!(between(&symbols("\"A\""), &symbols("\"A\", \"B\"")), Change::Minor);
}

#[test]
fn modes_choose_versions_and_directions() {
    let versions = [r#""int""#, r#""string""#, r#""long""#].map(schema);
    let new = schema(r#""double""#);
    let compared = |mode: Mode| {
        let all = check_evolution(&new, &versions, mode, &CheckOptions::default());
        let told: Vec<_> = all
            .reports()
            .iter()
            .map(|it| {
                format!(
                    "{}{}{}",
                    it.version,
                    &it.direction.as_str()[..1],
                    if it.report.is_compatible() { "" } else { "!" }
                )
            })
            .collect();
        assert_eq!(all.is_compatible(), !told.iter().any(|it| it.ends_with('!')));
        assert_eq!(all.mode(), mode);
        told.join(" ")
    };
    assert_eq!(compared(Mode::None), "");
    assert_eq!(compared(Mode::Backward), "2b");
    assert_eq!(compared(Mode::BackwardTransitive), "2b 1b! 0b");
    assert_eq!(compared(Mode::Forward), "2f!");
    assert_eq!(compared(Mode::ForwardTransitive), "2f! 1f! 0f!");
    assert_eq!(compared(Mode::Full), "2b 2f!");
    assert_eq!(compared(Mode::FullTransitive), "2b 2f! 1b! 1f! 0b 0f!");
    for mode in Mode::ALL {
        assert!(check_evolution(&new, &[], mode, &CheckOptions::default()).is_compatible());
        assert_eq!(mode.to_string().parse::<Mode>().unwrap(), mode);
        assert_eq!(mode.to_string().to_lowercase().parse::<Mode>().unwrap(), mode);
    }
    let error = "BACKWARDS".parse::<Mode>().unwrap_err();
    assert!(matches!(&error, Error::Mode { found } if found == "BACKWARDS"));
    assert_eq!(
        error.to_string(),
        "\"BACKWARDS\" is not a compatibility mode: NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL and FULL_TRANSITIVE are"
    );
}
