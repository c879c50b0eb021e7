// Daily over monthly users, each estimated from requests as in dau.flux and mau.flux.
// needs: requests_per_user_1d
// needs: requests_per_user_28d
import "experimental"

made = from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group()
  |> window(every: 1d)
  |> sum()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)

requests = (days, tables=<-) => tables
  |> window(every: 1d, period: days, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> filter(fn: (r) => r._stop >= experimental.addDuration(d: 28d, to: first_day))
  |> map(fn: (r) => ({first: r._start, day: experimental.subDuration(d: 1d, from: r._stop), requests: float(v: r._value)}))

monthly = made
  |> requests(days: 28d)
  |> filter(fn: (r) => r.first <= experimental.subDuration(d: 27d, from: last_day))

join(tables: {daily: made |> requests(days: 1d), monthly: monthly}, on: ["day"])
  |> map(fn: (r) => ({
    day: r.day,
    value: r.requests_daily / requests_per_user_1d
      / (r.requests_monthly / requests_per_user_28d),
  }))
