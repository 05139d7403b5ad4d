//! Compatibility and modes, as they are set.

use super::{Change, State, delete};
use crate::error::{Error, Result};
use crate::model::{Config, ConfigUpdate, Context, Mode, Subject};

/// What setting a config changes, and what it becomes.
pub(super) fn update_config(
    state: &State,
    scope: &Subject,
    update: &ConfigUpdate,
) -> Result<(Config, Vec<Change>)> {
    check_writable(state, scope)?;
    let config = update.apply(&state.config(scope).cloned().unwrap_or_default());
    let changes = vec![Change::Config { scope: scope.clone(), config: Some(config.clone()) }];
    Ok((config, changes))
}

/// What resetting a config changes, and what it was.
pub(super) fn delete_config(state: &State, scope: &Subject) -> Result<(Config, Vec<Change>)> {
    let old = config(state, scope).ok_or_else(|| Error::no_subject(scope))?;
    check_writable(state, scope)?;
    let changes = match state.config(scope) {
        Some(_) => vec![Change::Config { scope: scope.clone(), config: None }],
        None => Vec::new(),
    };
    Ok((old, changes))
}

/// What is set for a scope itself; for the outermost ones, the default if nothing is.
pub(super) fn config(state: &State, scope: &Subject) -> Option<Config> {
    let filled = |it: &Config| {
        let level = state.config_in_scope(scope).level();
        Config { compatibility_level: Some(level), ..it.clone() }
    };
    let default = || is_outermost(scope).then(Config::default).map(|it| filled(&it));
    state.config(scope).map(filled).or_else(default)
}

/// What is set for a scope itself; for the outermost ones, the default if nothing is.
pub(super) fn mode(state: &State, scope: &Subject) -> Option<Mode> {
    state.mode(scope).or_else(|| is_outermost(scope).then(Mode::default))
}

/// What setting a mode changes.
pub(super) fn set_mode(
    state: &State,
    scope: &Subject,
    mode: Option<Mode>,
    force: bool,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let begins_import = mode == Some(Mode::Import) && state.mode_in_scope(scope) != Mode::Import;
    if begins_import && !force {
        // Imported ids could be those of schemas that are there.
        if state.has_versions(scope, false) {
            return Err(Error::not_permitted("Cannot import since found existing subjects"));
        }
        changes = delete::remains(state, scope)?;
    }
    changes.push(Change::Mode { scope: scope.clone(), mode });
    Ok(changes)
}

/// What resetting a mode changes, and what it was. With `recursive`, those of all subjects of a context are reset as well.
pub(super) fn delete_mode(
    state: &State,
    scope: &Subject,
    recursive: bool,
) -> Result<(Option<Mode>, Vec<Change>)> {
    let old = mode(state, scope);
    if old.is_none() && !recursive {
        return Err(Error::no_subject(scope));
    }
    let reset = |it: &&Subject| {
        *it == scope || (recursive && scope.is_context() && it.context() == scope.context())
    };
    let scopes = state.scopes_with_mode().filter(reset);
    let changes = scopes.map(|it| Change::Mode { scope: it.clone(), mode: None }).collect();
    Ok((old, changes))
}

/// What removing a context that has no subjects changes. The ids that were given in it are not given again.
pub(super) fn delete_context(state: &State, context: &Context) -> Result<Vec<Change>> {
    let scope = Subject::new(context.clone(), "");
    if state.has_versions(&scope, true) {
        return Err(Error::context_not_empty(context));
    }
    if context.is_default() || !state.is_listed(context) {
        return Ok(Vec::new());
    }
    let next_id = state.next_id(context);
    Ok(vec![Change::Context { context: context.clone(), listed: false, next_id }])
}

fn is_outermost(scope: &Subject) -> bool {
    *scope == Subject::top_level() || (scope.is_context() && scope.context().is_global())
}

fn check_writable(state: &State, scope: &Subject) -> Result<()> {
    if state.mode_in_scope(scope).is_read_only() { Err(Error::read_only(scope)) } else { Ok(()) }
}
