//! `/v1/query`, and the parameters of lists.

use axum::extract::State;
use ledger::model::Side;
use ledger::query::{Filter, Query};
use serde::Deserialize;

use super::body::Json;
use super::object::Object;
use super::reply::{self, Reply};
use super::show;
use super::{App, Deadline};
use crate::numbers::{Id, Long, Units};
use crate::{Problem, reads};

/// A span of time and a page of it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    from: Option<Long>,
    through: Option<Long>,
    #[serde(default)]
    newest_first: bool,
    limit: Option<usize>,
    after: Option<Long>,
}

impl Span {
    /// A query of this span.
    pub fn query(&self, account: Option<u128>) -> Result<Query, Problem> {
        self.read().query(account, Vec::new())
    }

    fn read(&self) -> reads::Span {
        reads::Span {
            from: self.from.map(|it| it.0),
            through: self.through.map(|it| it.0),
            newest_first: self.newest_first,
            limit: self.limit,
            after: self.after.map(|it| it.0),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    account_id: Option<Id>,
    #[serde(default)]
    any_of: Vec<Object<AskedFilter>>,
    from: Option<Long>,
    through: Option<Long>,
    #[serde(default)]
    newest_first: bool,
    limit: Option<usize>,
    after: Option<Long>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFilter {
    account_id: Option<Id>,
    side: Option<AskedSide>,
    user_data_128: Option<Id>,
    user_data_64: Option<Long>,
    user_data_32: Option<u32>,
    code: Option<u16>,
    ledger: Option<u32>,
    amount_min: Option<Units>,
    amount_max: Option<Units>,
    metadata: Option<Object<AskedMetadatum>>,
    pending: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskedSide {
    Debit,
    Credit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedMetadatum {
    key: String,
    value: super::transactions::AskedValue,
}

impl AskedFilter {
    fn filter(self) -> Result<Filter, Problem> {
        let side = self.side.map(|it| match it {
            AskedSide::Debit => Side::Debit,
            AskedSide::Credit => Side::Credit,
        });
        Ok(Filter {
            account: reads::touches(self.account_id.map(|it| it.0), side)?,
            user_data_128: self.user_data_128.map(|it| it.0),
            user_data_64: self.user_data_64.map(|it| it.0),
            user_data_32: self.user_data_32,
            code: self.code,
            ledger: self.ledger,
            amount: reads::amounts(self.amount_min.map(|it| it.0), self.amount_max.map(|it| it.0)),
            metadata: self.metadata.map(|Object(it)| (it.key, it.value.into())),
            pending: self.pending,
        })
    }
}

/// `POST /v1/query`
pub(super) async fn query(
    State(app): State<App>,
    deadline: Deadline,
    Json(asked): Json<Asked>,
) -> Reply {
    let Asked { account_id, any_of, from, through, newest_first, limit, after } = asked;
    let span = Span { from, through, newest_first, limit, after };
    let filters = any_of.into_iter().map(|Object(it)| it.filter()).collect::<Result<_, _>>()?;
    let query = span.read().query(account_id.map(|it| it.0), filters)?;
    let page = app.desk.read(deadline.0, move |node| Ok(node.query(&query)?)).await?;
    reply::ok(&show::page(&page))
}
