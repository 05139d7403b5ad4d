//! `/v1/query`, and the parameters of lists.

use axum::extract::State;
use ledger::model::Side;
use ledger::money::Amount;
use ledger::query::{Filter, Query};
use serde::Deserialize;

use super::body::Json;
use super::numbers::{Id, Long, Units};
use super::object::Object;
use super::reply::{self, Reply};
use super::show;
use super::{App, Deadline};
use crate::Problem;

/// The most entries of a page over HTTP.
const MOST: usize = 1_000;
/// The most filters of a query.
const MAX_FILTERS: usize = 64;

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
        let from = self.from.map_or(0, |it| it.0);
        let through = self.through.map_or(u64::MAX, |it| it.0);
        if from > through {
            return Err(Problem::BadRequest("from is later than through".to_owned()));
        }
        let limit = self.limit.unwrap_or(100);
        if limit == 0 || limit > MOST {
            return Err(Problem::BadRequest(format!(
                "a limit of {limit}: from 1 to {MOST} are possible"
            )));
        }
        Ok(Query {
            account,
            any_of: Vec::new(),
            timestamps: from..=through,
            newest_first: self.newest_first,
            limit,
            after: self.after.map(|it| it.0),
        })
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
        if self.side.is_some() && self.account_id.is_none() {
            return Err(Problem::BadRequest("a filter with a side of no account_id".to_owned()));
        }
        let side = self.side.map(|it| match it {
            AskedSide::Debit => Side::Debit,
            AskedSide::Credit => Side::Credit,
        });
        let amount = (self.amount_min.is_some() || self.amount_max.is_some()).then(|| {
            let least = self.amount_min.map_or(Amount::ZERO, |it| it.0);
            least..=self.amount_max.map_or(Amount::MAX, |it| it.0)
        });
        Ok(Filter {
            account: self.account_id.map(|it| (it.0, side)),
            user_data_128: self.user_data_128.map(|it| it.0),
            user_data_64: self.user_data_64.map(|it| it.0),
            user_data_32: self.user_data_32,
            code: self.code,
            ledger: self.ledger,
            amount,
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
    if any_of.len() > MAX_FILTERS {
        return Err(Problem::TooLarge(format!(
            "{} filters, at most {MAX_FILTERS} are possible",
            any_of.len()
        )));
    }
    let span = Span { from, through, newest_first, limit, after };
    let mut query = span.query(account_id.map(|it| it.0))?;
    for Object(filter) in any_of {
        query.any_of.push(filter.filter()?);
    }
    let page = app.desk.read(deadline.0, move |node| Ok(node.query(&query)?)).await?;
    reply::ok(&show::page(&page))
}
