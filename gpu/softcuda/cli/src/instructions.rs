//! The instructions of PTX, and which are supported.
//!
//! The list is that of the PTX ISA manual, version 9.0, chapter "Instruction Set", section by section. What is supported is what
//! [`softcuda::lower::supported`] says.

use std::collections::BTreeMap;

/// An instruction.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Instruction {
    /// The section of the manual.
    pub section: &'static str,
    /// Its name.
    pub opcode: &'static str,
    /// The forms that are supported; none where the instruction is an error when a module is loaded.
    pub forms: Vec<String>,
}

/// Sections of the manual, with their instructions.
const SECTIONS: [(&str, &str); 22] = [
    (
        "Integer arithmetic",
        "add sub mul mad mul24 mad24 sad div rem abs neg min max popc clz bfind fns brev bfe bfi bmsk szext dp4a dp2a",
    ),
    ("Extended-precision integer arithmetic", "add.cc addc sub.cc subc mad.cc madc"),
    ("Floating point", "testp copysign fma rcp sqrt rsqrt sin cos lg2 ex2 tanh"),
    ("Comparison and selection", "set setp selp slct"),
    ("Logic and shift", "and or xor not cnot lop3 shf shl shr"),
    (
        "Data movement and conversion",
        "mov shfl prmt ld ldu st multimem st.async st.bulk red.async prefetch prefetchu applypriority discard createpolicy isspacep cvta cvt mapa getctarank",
    ),
    (
        "Asynchronous copies",
        "cp cp.async cp.bulk cp.reduce tensormap.replace tensormap.cp_fenceproxy",
    ),
    ("Textures", "tex tld4 txq istypep"),
    ("Surfaces", "suld sust sured suq"),
    ("Control flow", "bra brx call ret exit"),
    (
        "Barriers, fences, synchronisation",
        "bar barrier membar fence mbarrier cp.async.mbarrier clusterlaunchcontrol",
    ),
    ("Atomics", "atom red"),
    ("Warps", "vote match activemask redux elect griddepcontrol"),
    ("Warp matrices", "wmma mma mma.sp ldmatrix stmatrix movmatrix"),
    ("Warp-group matrices", "wgmma"),
    ("Tensor cores of the fifth generation", "tcgen05"),
    ("Stack", "stacksave stackrestore alloca"),
    ("Video, scalar", "vadd vsub vabsdiff vmin vmax vshl vshr vmad vset"),
    ("Video, vectors of two", "vadd2 vsub2 vavrg2 vabsdiff2 vmin2 vmax2 vset2"),
    ("Video, vectors of four", "vadd4 vsub4 vavrg4 vabsdiff4 vmin4 vmax4 vset4"),
    ("Miscellaneous", "brkpt nanosleep pmevent trap setmaxnreg"),
    ("Undocumented", ""),
];

/// The instruction that a form is of: the longest name in the list that it begins with.
fn opcode_of(form: &str) -> Option<&'static str> {
    let names = SECTIONS.iter().flat_map(|(_, names)| names.split(' '));
    let begins = |name: &&str| {
        form.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            && !name.is_empty()
    };
    // `add.cc.u32`, but also `mad.lo.cc.u32`.
    if let Some(rest) = form.strip_prefix("mad.")
        && rest.split('.').any(|word| word == "cc")
    {
        return Some("mad.cc");
    }
    names.filter(begins).max_by_key(|name| name.len())
}

/// All instructions, in the order of the manual.
pub fn all() -> Vec<Instruction> {
    let mut forms: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut other = Vec::new();
    for form in softcuda::lower::supported() {
        match opcode_of(&form) {
            Some(opcode) => forms.entry(opcode).or_default().push(form),
            None => other.push(form),
        }
    }
    // `cp.async` is listed with its own name.
    let mut all = Vec::new();
    for (section, names) in SECTIONS {
        for opcode in names.split(' ').filter(|name| !name.is_empty() && *name != "cp") {
            let forms = forms.remove(opcode).unwrap_or_default();
            all.push(Instruction { section, opcode, forms });
        }
    }
    if !other.is_empty() {
        all.push(Instruction { section: "Undocumented", opcode: "", forms: other });
    }
    all
}

/// Forms that differ in one word are put together: `add{.f32,.f64}`, by their types.
fn grouped(forms: &[String]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for form in forms {
        // Descriptions of families have blanks or braces and stand for themselves.
        let plain = form.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | ':'));
        let split = form.rsplit_once('.').filter(|_| plain);
        let (head, tail) = split.map_or((form.as_str(), None), |(head, tail)| (head, Some(tail)));
        match groups.iter_mut().find(|(it, tails)| it == head && !tails.is_empty()) {
            Some((_, tails)) => tails.extend(tail.map(str::to_owned)),
            None => groups.push((head.to_owned(), tail.iter().map(|&it| it.to_owned()).collect())),
        }
    }
    groups
        .into_iter()
        .map(|(head, tails)| match &tails[..] {
            [] => head,
            [tail] => format!("{head}.{tail}"),
            many => format!("{head}.{{{}}}", many.join(",")),
        })
        .collect()
}

/// The page of the documentation.
pub fn markdown() -> String {
    let all = all();
    let supported = all.iter().filter(|it| !it.forms.is_empty()).count();
    let mut page = format!(
        "# softcuda: instructions\n\n\
         <!-- Generated by `softcuda support --markdown`; a test compares. -->\n\n\
         The instructions of the PTX ISA, version 9.0, and the forms of them that `softcuda` runs: {supported} of {}. Any other form, and any other \
         instruction, is an error when a module is loaded, with its line: nothing is skipped in silence. `{{,.x}}` may be left out, `{{a,b}}` is one of them.\n",
        all.len()
    );
    let mut section = "";
    for it in &all {
        if it.section != section {
            section = it.section;
            page += &format!("\n## {section}\n\n| instruction | forms |\n|---|---|\n");
        }
        let forms = if it.forms.is_empty() {
            "error".to_owned()
        } else {
            let forms = grouped(&it.forms);
            let forms: Vec<String> =
                forms.iter().map(|form| format!("`{}`", form.replace('|', "\\|"))).collect();
            forms.join("<br>")
        };
        page += &format!("| `{}` | {forms} |\n", it.opcode);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing that is supported is missing from the manual's list, and nothing is listed twice.
    #[test]
    fn every_form_has_its_instruction() {
        let all = all();
        let other: Vec<_> = all.iter().filter(|it| it.section == "Undocumented").collect();
        assert!(other.is_empty(), "{other:?}");
        let listed: usize = all.iter().map(|it| it.forms.len()).sum();
        assert_eq!(listed, softcuda::lower::supported().len());
    }

    #[test]
    fn the_page_is_the_committed_one() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../docs/src/crates/softcuda-instructions.md"
        );
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == markdown(),
            "docs/src/crates/softcuda-instructions.md is not what `softcuda support --markdown` prints: write it anew"
        );
    }

    #[test]
    fn forms_are_put_together() {
        let forms = ["a.x.f32", "a.x.f64", "a.y.f32", "b{,.c}.d of e, f"].map(str::to_owned);
        assert_eq!(grouped(&forms), ["a.x.{f32,f64}", "a.y.f32", "b{,.c}.d of e, f"]);
    }
}
