-- Requests of a day, by platform, over the requests of a daily user there, which must be known
-- beforehand. No answer (null) for a segment that had requests but no user in the earlier
-- period.
-- needs: requests_per_user_1d_firefoxdesktop
-- needs: requests_per_user_1d_fenix
-- needs: requests_per_user_1d_firefoxios
-- needs: requests_per_user_1d_other
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    platform AS segment,
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY day, segment
),
known AS (
  SELECT 'firefoxdesktop' AS segment, @requests_per_user_1d_firefoxdesktop AS per_user
  UNION ALL SELECT 'fenix', @requests_per_user_1d_fenix
  UNION ALL SELECT 'firefoxios', @requests_per_user_1d_firefoxios
  UNION ALL SELECT 'other', @requests_per_user_1d_other
)
SELECT day, segment, IF(requests IS NULL, 0, requests / NULLIF(per_user, 0)) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN known
LEFT JOIN requests USING (day, segment)
ORDER BY day, segment
