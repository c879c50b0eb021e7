// Distinct users of 28 days, by platform.
import "experimental"

from(bucket: bucket)
  |> range(start: first_day, stop: experimental.addDuration(d: 1d, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "user")
  |> group(columns: ["platform"])
  |> window(every: 1d)
  |> distinct()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)
  |> window(every: 1d, period: 28d, createEmpty: true)
  |> distinct()
  |> count()
  |> filter(fn: (r) =>
    r._stop >= experimental.addDuration(d: 28d, to: first_day)
      and r._start <= experimental.subDuration(d: 27d, from: last_day)
  )
  |> map(fn: (r) => ({day: experimental.subDuration(d: 1d, from: r._stop), segment: r.platform, value: float(v: r._value)}))
