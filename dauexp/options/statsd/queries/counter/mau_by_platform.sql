-- Requests of 28 days, by platform, over the requests of a monthly user there, which must be
-- known beforehand. No answer (null) for a segment that had requests but no user in the earlier
-- period.
-- needs: requests_per_user_28d_firefoxdesktop
-- needs: requests_per_user_28d_fenix
-- needs: requests_per_user_28d_firefoxios
-- needs: requests_per_user_28d_other
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS made_on,  -- a flush at midnight ends a day
    platform AS segment,
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY made_on, segment
),
counted AS (
  SELECT day, segment, SUM(requests) AS requests
  FROM requests
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(made_on, DATE_ADD(made_on, INTERVAL 27 DAY))) AS day
  GROUP BY day, segment
),
known AS (
  SELECT 'firefoxdesktop' AS segment, @requests_per_user_28d_firefoxdesktop AS per_user
  UNION ALL SELECT 'fenix', @requests_per_user_28d_fenix
  UNION ALL SELECT 'firefoxios', @requests_per_user_28d_firefoxios
  UNION ALL SELECT 'other', @requests_per_user_28d_other
)
SELECT day, segment, IF(requests IS NULL, 0, requests / NULLIF(per_user, 0)) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
CROSS JOIN known
LEFT JOIN counted USING (day, segment)
ORDER BY day, segment
