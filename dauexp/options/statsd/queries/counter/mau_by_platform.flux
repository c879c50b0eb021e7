// Requests of 28 days, by platform, over the requests of a monthly user there, which must be
// known beforehand. No answer for a segment that had requests but no user in the earlier
// period.
// needs: requests_per_user_28d_firefoxdesktop
// needs: requests_per_user_28d_fenix
// needs: requests_per_user_28d_firefoxios
// needs: requests_per_user_28d_other
import "experimental"

per_user = (segment) =>
  if segment == "firefoxdesktop" then requests_per_user_28d_firefoxdesktop
  else if segment == "fenix" then requests_per_user_28d_fenix
  else if segment == "firefoxios" then requests_per_user_28d_firefoxios
  else requests_per_user_28d_other

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group(columns: ["platform"])
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
  |> map(fn: (r) => ({
    day: experimental.subDuration(d: 1d, from: r._stop),
    segment: r.platform,
    value: if r._value == 0 then 0.0 else float(v: r._value) / per_user(segment: r.platform),
  }))
