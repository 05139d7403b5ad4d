//! Subjects, and the contexts that they are in.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// A space of subjects and ids of its own. The default one is `.`; others are a name behind a dot: `.staging`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Context(Arc<str>);

impl Context {
    /// The name of the default context.
    const DEFAULT: &'static str = ".";
    /// The name of the one whose settings are the defaults of all.
    const GLOBAL: &'static str = ".__GLOBAL";

    /// The context that subjects are in which name none.
    pub fn default_context() -> Self {
        Self(Self::DEFAULT.into())
    }

    /// The context whose settings hold where nothing else is set. It has no subjects.
    pub fn global() -> Self {
        Self(Self::GLOBAL.into())
    }

    /// The context of a name, as [`Context::as_str`] gave it.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// A context as a path names one: `.staging`, or as a subject would: `:.staging:`.
    pub fn parse(text: &str) -> Self {
        let bare = text.strip_prefix(':').unwrap_or(text);
        let bare = bare.strip_suffix(':').unwrap_or(bare);
        if bare.starts_with('.') { Self::new(bare) } else { Self::new(&format!(".{bare}")) }
    }

    /// The name, with its dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the default one.
    pub fn is_default(&self) -> bool {
        &*self.0 == Self::DEFAULT
    }

    /// Whether it is the one of global settings.
    pub fn is_global(&self) -> bool {
        &*self.0 == Self::GLOBAL
    }

    /// What stands in front of its subjects' names: `:.staging:`, and nothing in the default context.
    pub fn qualifier(&self) -> String {
        if self.is_default() { String::new() } else { format!(":{}:", self.0) }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What versions of a schema are registered under: a name in a context, written `name`, or `:.context:name` outside of the default
/// context. Without a name it stands for the context itself, which settings may be of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    context: Context,
    name: Arc<str>,
}

impl Subject {
    /// The longest subject, context included, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// A name in a context.
    pub fn new(context: Context, name: impl Into<Arc<str>>) -> Self {
        Self { context, name: name.into() }
    }

    /// What a text names. `:.context` without a second colon is the context itself.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(':').filter(|it| it.starts_with('.')) {
            Some(rest) => {
                let (context, name) = rest.split_once(':').unwrap_or((rest, ""));
                Self::new(Context::new(context), name)
            }
            None => Self::new(Context::default_context(), text),
        }
    }

    /// The same as another subject sees it: names without a context are in that one's.
    pub fn parse_beside(text: &str, other: &Self) -> Self {
        let parsed = Self::parse(text);
        if parsed.context.is_default() && !text.starts_with(":.:") {
            Self { context: other.context.clone(), ..parsed }
        } else {
            parsed
        }
    }

    /// The top level, whose settings hold in the default context.
    pub fn top_level() -> Self {
        Self::new(Context::default_context(), "")
    }

    /// The context it is in.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The name in the context.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it is a context, not a subject in it.
    pub fn is_context(&self) -> bool {
        self.name.is_empty()
    }

    /// Fails if nothing can be registered under it: if it has no name, is too long, has control characters, or is one that means something
    /// else.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSubject`].
    pub fn check(&self) -> Result<()> {
        if self.is_context() || self.context.is_global() {
            Err(self.invalid())
        } else {
            self.check_scope()
        }
    }

    /// Fails if it can have no settings. A context can.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSubject`].
    pub fn check_scope(&self) -> Result<()> {
        let text = self.context.as_str();
        let reserved =
            matches!(&*self.name, "__GLOBAL" | "__EMPTY") || self.name.starts_with(":*:");
        let long = text.len() + self.name.len() > Self::MAX_BYTES;
        let control = |it: &str| it.chars().any(char::is_control);
        if reserved || long || control(text) || control(&self.name) {
            Err(self.invalid())
        } else {
            Ok(())
        }
    }

    fn invalid(&self) -> Error {
        // Not all of one that is too long.
        let text: String = self.to_string().chars().take(200).collect();
        Error::InvalidSubject { subject: text }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.context.is_default() {
            write!(f, ":{}:", self.context)?;
        }
        f.write_str(&self.name)
    }
}

/// Which subjects are asked for: those of a context whose names begin with something, or with `:*:` in front those of all contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPrefix {
    context: Option<Context>,
    name: Arc<str>,
}

impl SubjectPrefix {
    /// All subjects there are.
    pub fn all() -> Self {
        Self { context: None, name: "".into() }
    }

    /// What a text asks for.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(":*:") {
            Some(name) => Self { context: None, name: name.into() },
            None => {
                let subject = Subject::parse(text);
                Self { context: Some(subject.context), name: subject.name }
            }
        }
    }

    /// The context that is asked for, if it is one.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// What names begin with.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_and_names() {
        for (text, context, name, shown) in [
            ("tweets-value", ".", "tweets-value", "tweets-value"),
            (":.staging:tweets", ".staging", "tweets", ":.staging:tweets"),
            (":.:tweets", ".", "tweets", "tweets"),
            (":.staging", ".staging", "", ":.staging:"),
            (":.staging:", ".staging", "", ":.staging:"),
            ("a:b", ".", "a:b", "a:b"),
            (":a:b", ".", ":a:b", ":a:b"),
            (":.staging:a:b", ".staging", "a:b", ":.staging:a:b"),
        ] {
            let subject = Subject::parse(text);
            assert_eq!((subject.context().as_str(), subject.name()), (context, name), "{text}");
            assert_eq!(subject.to_string(), shown);
            assert_eq!(Subject::parse(shown), subject);
        }
    }

    #[test]
    fn what_is_no_subject() {
        for text in ["", ":.ctx:", "a\nb", "a\u{0}", "__GLOBAL", "__EMPTY", ":.__GLOBAL:x", ":*:x"]
        {
            assert!(Subject::parse(text).check().is_err(), "{text:?}");
        }
        assert!(Subject::parse(&"x".repeat(Subject::MAX_BYTES)).check().is_err());
        for text in ["", ":.ctx:", ":.__GLOBAL:"] {
            assert!(Subject::parse(text).check_scope().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn beside_another() {
        let parent = Subject::parse(":.staging:a");
        assert_eq!(Subject::parse_beside("b", &parent), Subject::parse(":.staging:b"));
        assert_eq!(Subject::parse_beside(":.other:b", &parent), Subject::parse(":.other:b"));
        assert_eq!(Subject::parse_beside(":.:b", &parent), Subject::parse("b"));
    }
}
