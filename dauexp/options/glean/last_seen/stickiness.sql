-- Stickiness: daily over monthly active users, 0 where there are none.
SELECT
  'all' AS segment,
  COALESCE(COUNT(IF(days_seen_bits & 1 > 0, uid, NULL)) / NULLIF(COUNT(*), 0), 0) AS value
FROM
  last_seen
