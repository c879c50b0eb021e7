// Distinct users of a day, by device family.
import "experimental"

from(bucket: bucket)
  |> range(start: first_day, stop: experimental.addDuration(d: 1d, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "user")
  |> group(columns: ["device_family"])
  |> window(every: 1d, createEmpty: true)
  |> distinct()
  |> count()
  |> map(fn: (r) => ({day: r._start, segment: r.device_family, value: float(v: r._value)}))
