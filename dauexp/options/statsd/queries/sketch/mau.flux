// The sketches of all users by day; they are united over 28 days and counted outside the
// database.
// outside: users_of_28_days
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "sketch")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group()
  |> map(fn: (r) => ({day: r._time, sketch: r._value}))
