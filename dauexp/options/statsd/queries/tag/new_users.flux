// Users by the day on which they were first seen, each a series.
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group()
  |> window(every: 1d)
  |> distinct(column: "user")
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)
  |> group(columns: ["_value"])
  |> sort(columns: ["_time"])
  |> limit(n: 1)
  |> group()
  |> window(every: 1d, createEmpty: true)
  |> count()
  |> map(fn: (r) => ({day: r._start, value: float(v: r._value)}))
