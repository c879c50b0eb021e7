// Users by the number of the last 28 days on which they were seen.
import "experimental"

from(bucket: bucket)
  |> range(start: first_day, stop: experimental.addDuration(d: 1d, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "user")
  |> group()
  |> window(every: 1d)
  |> distinct()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)
  |> window(every: 1d, period: 28d)
  |> filter(fn: (r) =>
    r._stop >= experimental.addDuration(d: 28d, to: first_day)
      and r._start <= experimental.subDuration(d: 27d, from: last_day)
  )
  |> duplicate(column: "_value", as: "id")
  |> group(columns: ["_start", "_stop", "id"])
  |> count()
  |> group(columns: ["_start", "_stop", "_value"])
  |> count(column: "id")
  |> map(fn: (r) => ({
    day: experimental.subDuration(d: 1d, from: r._stop),
    segment: if r._value < 10 then "0" + string(v: r._value) else string(v: r._value),
    value: float(v: r.id),
  }))
