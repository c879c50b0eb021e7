-- The sketches of all users by day; they are united over a day and 28 days, counted and divided
-- outside the database.
-- outside: stickiness
WITH sketches AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    sketch
  FROM influxdb.users
)
SELECT day, sketch
FROM sketches
WHERE day BETWEEN @first_day AND @last_day
