// Requests of 7 days, by device family, over the requests of a weekly user there, which must be
// known beforehand. No answer for a segment that had requests but no user in the earlier
// period.
// needs: requests_per_user_7d_device_family_desktop
// needs: requests_per_user_7d_device_family_mobile
// needs: requests_per_user_7d_device_family_tablet
// needs: requests_per_user_7d_device_family_other
import "experimental"

per_user = (segment) =>
  if segment == "desktop" then requests_per_user_7d_device_family_desktop
  else if segment == "mobile" then requests_per_user_7d_device_family_mobile
  else if segment == "tablet" then requests_per_user_7d_device_family_tablet
  else requests_per_user_7d_device_family_other

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group(columns: ["device_family"])
  |> window(every: 1d)
  |> sum()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)
  |> window(every: 1d, period: 7d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> filter(fn: (r) =>
    r._stop >= experimental.addDuration(d: 7d, to: first_day)
      and r._start <= experimental.subDuration(d: 6d, from: last_day)
  )
  |> map(fn: (r) => ({
    day: experimental.subDuration(d: 1d, from: r._stop),
    segment: r.device_family,
    value: if r._value == 0 then 0.0 else float(v: r._value) / per_user(segment: r.device_family),
  }))
