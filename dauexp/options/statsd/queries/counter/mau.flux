// Requests of 28 days over the requests of a monthly user, which must be known beforehand.
// needs: requests_per_user_28d
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group()
  |> window(every: 1d)
  |> sum()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)
  |> window(every: 1d, period: 28d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> filter(fn: (r) =>
    r._stop >= experimental.addDuration(d: 28d, to: first_day)
      and r._start <= experimental.subDuration(d: 27d, from: last_day)
  )
  |> map(fn: (r) => ({day: experimental.subDuration(d: 1d, from: r._stop), value: float(v: r._value) / requests_per_user_28d}))
