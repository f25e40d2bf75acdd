//! Statements that PostgreSQL takes apart and plans once for each connection.
//!
//! diesel prepares a statement anew for each call wherever it can't see that its text is always the same: each UPDATE, and
//! all that holds SQL of our own. That is a round trip and a plan more for each. What is wrapped here is known by its text,
//! which is all that a prepared statement needs.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// A statement whose text takes few forms, however often it is made.
///
/// Not for one whose best plan depends on its values, unless it forbids to keep a plan (`migrations/…_plan_kept`): after some calls
/// PostgreSQL may settle on one for all of them.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q> {
    statement: Q,
    /// How many rows at most, and how many before them are left out.
    part: Option<(i64, i64)>,
}

/// Has a statement prepared once for each connection.
pub fn prepared<Q>(statement: Q) -> Prepared<Q> {
    Prepared { statement, part: None }
}

/// As [`prepared`], a query for so many rows at most. The number stands in the text: for one that it is told later PostgreSQL
/// plans as for a tenth of all rows, finds that plan too dear, and plans anew each time.
pub fn prepared_for<Q>(statement: Q, rows: i64) -> Prepared<Q> {
    Prepared { statement, part: Some((rows, 0)) }
}

/// As [`prepared_for`], for the one row that so many others stand before.
pub fn prepared_behind<Q>(statement: Q, others: i64) -> Prepared<Q> {
    Prepared { statement, part: Some((1, others)) }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.walk_ast(out.reborrow())?;
        if let Some((rows, before)) = self.part {
            out.push_sql(&format!(" LIMIT {rows} OFFSET {before}"));
        }
        Ok(())
    }

    // Hidden in diesel's documentation, since but connections call it; what it says is all that is different here.
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    // So the text is what it is known by.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}
