//! Runs an instruction for many operands at once.

use softcuda::{Arg, Device, LaunchError, LoadError, Module, Statistics};
use std::io::Write as _;

/// A kernel with this body; its one parameter is the address in `%data`, its thread's number is in `%i`.
pub fn kernel(body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p) {{\n\
         .reg .pred %p<8>;\n.reg .b16 %h<16>;\n.reg .b32 %r<32>;\n.reg .b64 %d<32>;\n.reg .f32 %f<16>;\n.reg .f64 %g<16>;\n\
         .reg .b32 %i;\n.reg .b64 %data;\nld.param.u64 %data, [p];\nmov.u32 %i, %tid.x;\n{body}\nret;\n}}\n"
    )
}

pub fn load(text: &str) -> Result<Module, LoadError> {
    Module::load(text)
}

/// Names a file; then the opcodes of all that is run are added to it, a line each (see `conformance`).
pub const RECORD: &str = "SOFTCUDA_TEST_RECORD";

/// Notes what a text that is about to run is made of.
pub fn record(text: &str) {
    let Some(file) = std::env::var_os(RECORD) else { return };
    let opcodes = text.split([';', '\n', '{', '}']).filter_map(|statement| {
        // After a label and a guard.
        let rest = statement.rsplit_once(": ").map_or(statement, |(_, rest)| rest);
        rest.split_whitespace().find(|word| !word.starts_with('@'))
    });
    let opcodes = opcodes.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    let lines: String = opcodes.map(|opcode| format!("{opcode}\n")).collect();
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

/// Runs a kernel of one block over words of 64 bits.
pub fn run_text(
    text: &str,
    threads: u32,
    data: &[u64],
) -> Result<(Vec<u64>, Statistics), LaunchError> {
    let module = load(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    record(text);
    let device = Device::new(1 << 24);
    let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let address = device.memory().alloc(bytes.len() as u64).unwrap();
    device.memory().write(address, &bytes).unwrap();
    let statistics =
        module.kernel("k").unwrap().launch(&device, 1, threads, 0, &[Arg::from(address)])?;
    let mut out = vec![0; bytes.len()];
    device.memory().read(address, &mut out).unwrap();
    let words = out.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
    Ok((words, statistics))
}

/// Runs a body over words of 64 bits.
pub fn run(body: &str, threads: u32, data: &[u64]) -> Vec<u64> {
    run_text(&kernel(body), threads, data).unwrap_or_else(|e| panic!("{e}\n{body}")).0
}

/// The type of a register for a type of an instruction: letter and loads' type.
fn register(ty: &str) -> (&'static str, &'static str) {
    match ty {
        "u8" | "s8" | "b8" | "u16" | "s16" | "b16" | "f16" | "bf16" => ("h", "b16"),
        "u64" | "s64" | "b64" | "f64" => ("d", "b64"),
        _ => ("r", "b32"),
    }
}

/// `op` with a result and operands of these types, for each list of operands. The rest is put after the operands.
pub fn apply(
    op: &str,
    result: &str,
    operands: &[&str],
    rest: &str,
    cases: &[Vec<u64>],
) -> Vec<u64> {
    let mut out = Vec::new();
    let width = operands.len() + 1;
    for cases in cases.chunks(96) {
        let mut body = format!("mul.wide.u32 %d0, %i, {};\nadd.s64 %d0, %data, %d0;\n", width * 8);
        let mut names = Vec::new();
        for (k, ty) in operands.iter().enumerate() {
            let (letter, load) = register(ty);
            body += &format!("ld.global.{load} %{letter}{}, [%d0+{}];\n", k + 1, 8 * (k + 1));
            names.push(format!("%{letter}{}", k + 1));
        }
        let (letter, store) = register(result);
        body += &format!("{op} %{letter}9, {}{rest};\n", names.join(", "));
        body += &format!("st.global.{store} [%d0], %{letter}9;");
        let mut data = Vec::new();
        for case in cases {
            assert_eq!(case.len(), operands.len());
            data.push(0);
            data.extend(case);
        }
        let words = run(&body, cases.len() as u32, &data);
        out.extend(words.chunks(width).map(|chunk| chunk[0]));
    }
    out
}

/// Compares an instruction with its definition, for all pairs and triples of the values.
pub fn check(
    op: &str,
    result: &str,
    operands: &[&str],
    values: &[&[u64]],
    expected: impl Fn(&[u64]) -> u64,
) {
    let mut cases: Vec<Vec<u64>> = vec![Vec::new()];
    for list in values {
        cases = cases
            .into_iter()
            .flat_map(|case| list.iter().map(move |&value| [case.clone(), vec![value]].concat()))
            .collect();
    }
    let found = apply(op, result, operands, "", &cases);
    for (case, found) in cases.iter().zip(found) {
        let wanted = expected(case);
        assert_eq!(found, wanted, "{op} {case:x?}: {found:x}, expected {wanted:x}");
    }
}

/// Integers at the edges.
pub const EDGES32: &[u64] = &[
    0,
    1,
    2,
    31,
    32,
    33,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1234_5678,
];
pub const EDGES16: &[u64] = &[0, 1, 2, 7, 15, 16, 17, 255, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x1234];
pub const EDGES64: &[u64] = &[
    0,
    1,
    2,
    63,
    64,
    65,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
    0x1234_5678_9abc_def0,
];

/// Floats at the edges: zeros, subnormals, ones, large, infinite, NaN.
pub fn floats() -> Vec<u64> {
    let list = [
        0.0_f32,
        -0.0,
        1.0,
        -1.0,
        1.5,
        0.1,
        -0.3,
        3.0,
        16_777_217.0,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        f32::from_bits(1),
        f32::from_bits(0x8000_0001),
        f32::from_bits(0x007f_ffff),
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1.0 + f32::EPSILON,
        1e20,
        -1e-20,
        std::f32::consts::PI,
    ];
    list.iter().map(|x| u64::from(x.to_bits())).chain([0x7fc0_0000, 0xffc0_0001]).collect()
}

pub fn f(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

pub fn g(bits: u64) -> f64 {
    f64::from_bits(bits)
}
