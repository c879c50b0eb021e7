-- Requests of a day, by device family, over the requests of a daily user there, which must be
-- known beforehand. No answer (null) for a segment that had requests but no user in the earlier
-- period.
-- needs: requests_per_user_1d_device_family_desktop
-- needs: requests_per_user_1d_device_family_mobile
-- needs: requests_per_user_1d_device_family_tablet
-- needs: requests_per_user_1d_device_family_other
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    device_family AS segment,
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY day, segment
),
known AS (
  SELECT 'desktop' AS segment, @requests_per_user_1d_device_family_desktop AS per_user
  UNION ALL SELECT 'mobile', @requests_per_user_1d_device_family_mobile
  UNION ALL SELECT 'tablet', @requests_per_user_1d_device_family_tablet
  UNION ALL SELECT 'other', @requests_per_user_1d_device_family_other
)
SELECT day, segment, IF(requests IS NULL, 0, requests / NULLIF(per_user, 0)) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN known
LEFT JOIN requests USING (day, segment)
ORDER BY day, segment
