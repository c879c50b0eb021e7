-- Weekly active users: those with any of the 7 lowest bits.
SELECT
  'all' AS segment,
  COUNT(IF(days_seen_bits & 127 > 0, uid, NULL)) AS value
FROM
  last_seen
