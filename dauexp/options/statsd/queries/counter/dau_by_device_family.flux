// Requests of a day, by device family, over the requests of a daily user there, which must be
// known beforehand. No answer for a segment that had requests but no user in the earlier
// period.
// needs: requests_per_user_1d_device_family_desktop
// needs: requests_per_user_1d_device_family_mobile
// needs: requests_per_user_1d_device_family_tablet
// needs: requests_per_user_1d_device_family_other
import "experimental"

per_user = (segment) =>
  if segment == "desktop" then requests_per_user_1d_device_family_desktop
  else if segment == "mobile" then requests_per_user_1d_device_family_mobile
  else if segment == "tablet" then requests_per_user_1d_device_family_tablet
  else requests_per_user_1d_device_family_other

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group(columns: ["device_family"])
  |> window(every: 1d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> map(fn: (r) => ({
    day: r._start,
    segment: r.device_family,
    value: if r._value == 0 then 0.0 else float(v: r._value) / per_user(segment: r.device_family),
  }))
