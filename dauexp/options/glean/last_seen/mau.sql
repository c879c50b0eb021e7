-- Monthly active users: all who are in the table.
SELECT
  'all' AS segment,
  COUNT(*) AS value
FROM
  last_seen
