-- Stickiness: daily over monthly active users, 0 where there are none.
WITH active AS (
  SELECT DISTINCT
    DATE(submission_timestamp) AS active_day,
    metrics.string.syncstorage_hashed_fxa_uid AS uid
  FROM
    syncstorage_stable.events
),
counted AS (
  SELECT
    window_day,
    COUNT(DISTINCT IF(active_day = window_day, uid, NULL)) AS daily,
    COUNT(DISTINCT uid) AS monthly
  FROM
    active
  CROSS JOIN
    UNNEST(
      GENERATE_DATE_ARRAY(active_day, DATE_ADD(active_day, INTERVAL 27 DAY))
    ) AS window_day
  GROUP BY
    window_day
)
SELECT
  day,
  COALESCE(daily / monthly, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
LEFT JOIN
  counted
ON
  window_day = day
