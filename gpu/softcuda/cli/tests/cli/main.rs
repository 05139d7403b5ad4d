//! The program, started as people start it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail in any way it likes")]

mod disasm;
mod invalid;
mod launches;
mod profiles;

use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A module with two kernels: one that doubles each element, one that reads past its block's shared memory's first half unsynchronised.
const TWO: &str = "\
.version 8.0
.target sm_80
.address_size 64

.visible .entry twice(.param .u64 data, .param .u32 n)
{
\t.reg .pred %p<2>;
\t.reg .b32 %r<6>;
\t.reg .b64 %rd<4>;
\t.reg .f32 %f<3>;

\tld.param.u64 %rd1, [data];
\tld.param.u32 %r1, [n];
\tmov.u32 %r2, %ctaid.x;
\tmov.u32 %r3, %ntid.x;
\tmov.u32 %r4, %tid.x;
\tmad.lo.s32 %r5, %r2, %r3, %r4;
\tsetp.ge.u32 %p1, %r5, %r1;
\t@%p1 bra DONE;
\tmul.wide.u32 %rd2, %r5, 4;
\tadd.s64 %rd3, %rd1, %rd2;
\tld.global.f32 %f1, [%rd3];
\tadd.f32 %f2, %f1, %f1;
\tst.global.f32 [%rd3], %f2;
DONE:
\tret;
}

.visible .entry shift(.param .u64 data)
{
\t.reg .b32 %r<5>;
\t.reg .b64 %rd<4>;
\t.shared .b32 s[64];

\tld.param.u64 %rd1, [data];
\tmov.u32 %r1, %tid.x;
\tshl.b32 %r2, %r1, 2;
\tmov.u32 %r3, s;
\tadd.u32 %r2, %r2, %r3;
\tst.shared.u32 [%r2], %r1;
\txor.b32 %r2, %r2, 128;
\tld.shared.u32 %r4, [%r2];
\tmul.wide.u32 %rd2, %r1, 4;
\tadd.s64 %rd3, %rd1, %rd2;
\tst.global.u32 [%rd3], %r4;
\tret;
}
";

/// What the program said.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    /// That it ended so, without having panicked.
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|it| panic!("{it}: {self:#?}"))
    }

    #[track_caller]
    fn says(self, part: &str) -> Self {
        assert!(self.out.contains(part), "no {part:?} in {self:#?}");
        self
    }

    #[track_caller]
    fn complains(self, part: &str) -> Self {
        assert!(self.err.contains(part), "no {part:?} in {self:#?}");
        self
    }
}

/// A directory in which the program is started, with [`TWO`] as `two.ptx`.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("two.ptx", TWO);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Starts it with a line of arguments, which have no blanks in them.
    fn run(&self, line: &str) -> Outcome {
        self.run_with(line, "")
    }

    fn run_with(&self, line: &str, input: &str) -> Outcome {
        let mut child = Command::new(env!("CARGO_BIN_EXE_softcuda"))
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may end without having read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// A file of the repository's kernels.
fn kernel(name: &str) -> String {
    format!("{}/../../kernels/{name}", env!("CARGO_MANIFEST_DIR"))
}
