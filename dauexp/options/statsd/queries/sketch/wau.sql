-- The sketches of all users by day; they are united over 7 days and counted outside the
-- database.
-- outside: users_of_7_days
WITH sketches AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    sketch
  FROM influxdb.users
)
SELECT day, sketch
FROM sketches
WHERE day BETWEEN @first_day AND @last_day
