// Distinct users of a day over those of 28 days.
import "experimental"

active = from(bucket: bucket)
  |> range(start: first_day, stop: experimental.addDuration(d: 1d, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "user")
  |> group()
  |> window(every: 1d)
  |> distinct()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)

users = (days, tables=<-) => tables
  |> window(every: 1d, period: days, createEmpty: true)
  |> distinct()
  |> count()
  |> filter(fn: (r) => r._stop >= experimental.addDuration(d: 28d, to: first_day))
  |> map(fn: (r) => ({first: r._start, day: experimental.subDuration(d: 1d, from: r._stop), users: float(v: r._value)}))

monthly = active
  |> users(days: 28d)
  |> filter(fn: (r) => r.first <= experimental.subDuration(d: 27d, from: last_day))

join(tables: {daily: active |> users(days: 1d), monthly: monthly}, on: ["day"])
  |> map(fn: (r) => ({
    day: r.day,
    value: if r.users_monthly > 0.0 then r.users_daily / r.users_monthly else 0.0,
  }))
