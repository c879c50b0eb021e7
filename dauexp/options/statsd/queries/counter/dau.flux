// Requests of a day over the requests of a daily user, which must be known beforehand.
// needs: requests_per_user_1d
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group()
  |> window(every: 1d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> map(fn: (r) => ({day: r._start, value: float(v: r._value) / requests_per_user_1d}))
