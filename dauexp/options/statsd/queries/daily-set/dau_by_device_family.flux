// The sizes of the sets of each device family's users of a day, one for each host, added up.
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value" and r.dimension == "device_family")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group(columns: ["segment"])
  |> window(every: 1d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> map(fn: (r) => ({day: r._start, segment: r.segment, value: float(v: r._value)}))
