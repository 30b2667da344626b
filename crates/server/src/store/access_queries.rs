//! How accesses are found from either end, own and through groups, without walking a table.

/// `places`: a service (`?2`) and the groups that hold it. `CROSS JOIN`, or SQLite, which knows no
/// statistics here, begins with every group of the organisation.
pub(super) const PLACES: &str = "places(id, through) AS (SELECT ?2, NULL UNION ALL
     SELECT g.id, g.name FROM group_members m CROSS JOIN groups g
        ON g.organisation_id = m.organisation_id AND g.id = m.group_id
     WHERE m.organisation_id = ?1 AND m.member_id = ?2 AND g.kind = 'service' AND g.deleted IS NULL)";

/// `whose`: a user (`?3`) and the groups that hold them.
const WHOSE: &str = "whose(id, through) AS (SELECT ?3, NULL UNION ALL
     SELECT g.id, g.name FROM group_members m CROSS JOIN groups g
        ON g.organisation_id = m.organisation_id AND g.id = m.group_id
     WHERE m.organisation_id = ?1 AND m.member_id = ?3 AND g.kind = 'user' AND g.deleted IS NULL)";

/// Users (`?1` organisation, `?2` service, `?3` name) whom an access names, themselves or by a group.
pub(super) fn candidates_query() -> String {
    format!(
        "WITH {PLACES}
         SELECT u.id, u.enabled, a.account_domain, a.account_name
         FROM places CROSS JOIN accesses a CROSS JOIN users u
         WHERE a.organisation_id = ?1 AND a.service_id = places.id AND a.account_name = ?3 AND a.deleted IS NULL
            AND u.organisation_id = ?1 AND u.id = a.user_id AND u.deleted IS NULL
         UNION ALL
         SELECT u.id, u.enabled, a.account_domain, a.account_name
         FROM places CROSS JOIN accesses a CROSS JOIN groups g CROSS JOIN group_members m CROSS JOIN users u
         WHERE a.organisation_id = ?1 AND a.service_id = places.id AND a.account_name = ?3 AND a.deleted IS NULL
            AND g.organisation_id = ?1 AND g.id = a.user_id AND g.kind = 'user' AND g.deleted IS NULL
            AND m.organisation_id = ?1 AND m.group_id = g.id
            AND u.organisation_id = ?1 AND u.id = m.member_id AND u.deleted IS NULL"
    )
}

/// Accesses of a user to accounts of a name (`?4`) on a service, whosever group they come through. The
/// plus keeps the index by user: many users may have an access to one account. An access whose policy
/// was deleted gives nothing: it must not become one without a policy.
pub(super) fn accesses_query() -> String {
    format!(
        "WITH {PLACES}, {WHOSE}
         SELECT a.id, a.account_domain, a.account_name, a.policy_id IS NOT NULL, p.rules, p.name, a.until,
            whose.through, places.through
         FROM places CROSS JOIN whose CROSS JOIN accesses a
         LEFT JOIN policies p ON p.organisation_id = a.organisation_id AND p.id = a.policy_id
         WHERE a.organisation_id = ?1 AND a.user_id = whose.id AND a.service_id = places.id
            AND +a.account_name = ?4 AND a.deleted IS NULL AND p.deleted IS NULL"
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{accesses_query, candidates_query};
    use crate::store::migration::MIGRATIONS;
    use rusqlite::Connection;

    /// What a logon costs must not grow with the number of groups, users or accesses: every table is
    /// searched by an index, none is walked.
    #[test]
    fn no_logon_walks_a_table() {
        let database = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|sql| database.execute_batch(sql).unwrap());
        for query in [accesses_query(), candidates_query()] {
            let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let mut rows = statement.raw_query();
            let mut plan: Vec<String> = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get(3).unwrap());
            }
            let walks = |line: &&String| {
                line.starts_with("SCAN")
                    && !["SCAN CONSTANT ROW", "SCAN places", "SCAN whose"].contains(&line.as_str())
            };
            assert_eq!(plan.iter().find(walks), None, "{plan:#?}");
            assert!(plan.iter().any(|line| line.contains("group_members_by_member")), "{plan:#?}");
        }
    }
}
